"""What is heard: a waveform, whole or in chunks, becomes SpeechFeatures at 25 fps.

The encoder looks at windows of 9.92 s on a grid fixed in absolute time, 8 s apart; of each window only
the middle is kept. A window is the same samples however they arrived, so the features of a moment are
the same bytes whether the audio came whole or in chunks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import BadInput
from ..records import FEATURE_FPS, SAMPLE_RATE, SpeechFeatures, Waveform
from .encoder import TOKENS_PER_FRAME, Encoder, to_frames
from .prosody import SAMPLES_PER_FRAME, loudness, pitch
from .register import Register

STEP = 200  # frames kept of each window, 8 s
CONTEXT = 24  # frames heard on either side and not kept, 0.96 s


class Listener:
    """Feed samples, get features. Holds at most one window of sound."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self.encoder = encoder or Encoder()
        self._heard = np.zeros(0, np.float32)  # samples from the start of the current window
        self._window = 0  # index of the window being filled
        self._register = Register()
        self._closed = False

    def feed(self, samples: np.ndarray) -> list[SpeechFeatures]:
        """Take ``samples`` (N,) float32 at 16 kHz; return the features that are final now, 8 s each."""
        if self._closed:
            raise BadInput("sound was fed to a listener after close(); make a new Listener for new speech")
        self._heard = np.concatenate([self._heard, samples.astype(np.float32, copy=False)])
        ready = []
        while len(self._heard) >= (self._before + STEP + CONTEXT) * SAMPLES_PER_FRAME:
            ready.append(
                self._listen(self._heard[: (self._before + STEP + CONTEXT) * SAMPLES_PER_FRAME], STEP)
            )
            self._heard = self._heard[(self._before + STEP - CONTEXT) * SAMPLES_PER_FRAME :]
            self._window += 1
        return ready

    def close(self) -> list[SpeechFeatures]:
        """No more sound will come: return the features of what is left."""
        self._closed = True
        frames = -(-len(self._heard) // SAMPLES_PER_FRAME)
        ready = []
        if frames - self._before > STEP:  # the end lies in this window's look-ahead
            ready.append(self._listen(self._heard, STEP))
            self._heard = self._heard[(self._before + STEP - CONTEXT) * SAMPLES_PER_FRAME :]
            self._window += 1
            frames = -(-len(self._heard) // SAMPLES_PER_FRAME)
        if frames > self._before:
            ready.append(self._listen(self._heard, frames - self._before))
        return ready

    @property
    def _before(self) -> int:
        """Frames of left context in the current window: none at the very start."""
        return CONTEXT if self._window else 0

    def _listen(self, samples: np.ndarray, keep: int) -> SpeechFeatures:
        frames = -(-len(samples) // SAMPLES_PER_FRAME)
        padded = np.pad(samples, (0, frames * SAMPLES_PER_FRAME - len(samples)))
        content = to_frames(self.encoder.tokens(padded)[: frames * TOKENS_PER_FRAME])
        hertz, voicing = pitch(padded, frames)
        kept = slice(self._before, self._before + keep)
        level = loudness(padded, frames)[kept]
        levels, register = self._register.follow(level, hertz[kept], voicing[kept])
        return SpeechFeatures(
            content=content[kept],
            loudness=level,
            pitch=hertz[kept],
            voicing=voicing[kept],
            start=self._window * STEP / float(FEATURE_FPS),
            level=levels,
            register=register,
        )


def require_speech(wave: Waveform) -> None:
    """Raise BadInput when the waveform is empty or not at 16 kHz."""
    if wave.rate != SAMPLE_RATE:
        raise BadInput(
            f"speech features need {SAMPLE_RATE} Hz; got {wave.rate} Hz: use load_audio or resample"
        )
    if len(wave.samples) == 0:
        raise BadInput("the waveform holds no samples; expected speech")


def listen(
    wave: Waveform, encoder: Encoder | None = None, progress: Callable[[float], None] | None = None
) -> SpeechFeatures:
    """Features of a whole waveform: ceil(duration * 25) frames. ``progress`` gets 0..1.

    Raises BadInput when the waveform is empty or not at 16 kHz.
    """
    require_speech(wave)
    listener, parts = Listener(encoder), []
    step = STEP * SAMPLES_PER_FRAME
    for at in range(0, len(wave.samples), step):
        parts += listener.feed(wave.samples[at : at + step])
        if progress:
            progress(min(1.0, (at + step) / len(wave.samples)))
    return join([*parts, *listener.close()])


def follow_register(
    loudness: np.ndarray, pitch: np.ndarray, voicing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Level (T,) dBFS and pitch (T,) Hz of the voice so far, as a Listener tells them of the same frames."""
    register = Register()
    windows = [slice(at, at + STEP) for at in range(0, max(1, len(loudness)), STEP)]
    parts = [register.follow(loudness[w], pitch[w], voicing[w]) for w in windows]
    return np.concatenate([level for level, _ in parts]), np.concatenate([pitch for _, pitch in parts])


def join(parts: list[SpeechFeatures]) -> SpeechFeatures:
    """Consecutive features as one."""
    return SpeechFeatures(
        content=np.concatenate([p.content for p in parts]),
        loudness=np.concatenate([p.loudness for p in parts]),
        pitch=np.concatenate([p.pitch for p in parts]),
        voicing=np.concatenate([p.voicing for p in parts]),
        start=parts[0].start,
        level=_joined([p.level for p in parts]),
        register=_joined([p.register for p in parts]),
    )


def _joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None
