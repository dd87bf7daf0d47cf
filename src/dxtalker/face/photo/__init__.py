"""The photo door: a picture file of any usual kind -> upright sRGB pixels, or one clear sentence."""

from .load import Photo, load_photo

__all__ = ["Photo", "load_photo"]
