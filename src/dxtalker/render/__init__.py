"""Geometry to pixels to video: camera, light, two renderers that agree, and the mp4 and PNG writers."""
