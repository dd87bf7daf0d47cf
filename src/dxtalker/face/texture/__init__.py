"""A person's texture: photos laid on the head, evenly lit, and completed where they do not reach."""

from .paint import paint
from .shots import Painted, Shot
from .tint import tint

__all__ = ["Painted", "Shot", "paint", "tint"]
