"""Faces in a picture: Google's Face Landmarker (BlazeFace, FaceMesh V2, Blendshape V2) run by onnxruntime."""

from .landmarker import Landmarker
from .layout import LEFT_IRIS, OUTER_EYES, RIGHT_IRIS
from .records import Appearance, Detection, Landmarks

__all__ = ["LEFT_IRIS", "OUTER_EYES", "RIGHT_IRIS", "Appearance", "Detection", "Landmarker", "Landmarks"]
