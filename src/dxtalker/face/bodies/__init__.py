"""Other people's faces as Heads: FLAME, ICT-FaceKit, glTF and VRM, behind the one record that all else uses."""

from .load import load_face

__all__ = ["load_face"]
