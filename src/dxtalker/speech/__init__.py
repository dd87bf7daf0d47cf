"""What is heard in speech: content, loudness, pitch and voicing, at 25 frames a second."""

from .encoder import Encoder
from .listen import Listener, join, listen, require_speech

__all__ = ["Encoder", "Listener", "join", "listen", "require_speech"]
