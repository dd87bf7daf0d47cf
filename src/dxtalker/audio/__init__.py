"""Sound in: any audio file, or the audio track of a video -> 16 kHz mono float32 (``docs/audio.md``)."""

from .load import load_audio, stream_audio
from .resample import ResampleStream, resample
from .wav import write_wav

__all__ = ["ResampleStream", "load_audio", "resample", "stream_audio", "write_wav"]
