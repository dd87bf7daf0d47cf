"""Ordinary videos become synchronised, filtered 3D clips, by local processes or on Ray."""
