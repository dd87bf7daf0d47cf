"""Video in: a file's pictures, upright, at a constant rate on the sound's clock, decoded by an ffmpeg child."""

from .instants import instants
from .limits import LONGEST_SIDE, MAX_SECONDS
from .open import VideoFrames, open_video

__all__ = ["LONGEST_SIDE", "MAX_SECONDS", "VideoFrames", "instants", "open_video"]
