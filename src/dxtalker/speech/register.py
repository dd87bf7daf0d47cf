"""A voice's own level and pitch so far: what the gain of a recording and the person speaking set, not what is said.

Loudness and pitch count against them, so that a microphone further away or a higher voice changes nothing. They follow
voiced sound, forget with a time constant of ten seconds of it, and are carried from one window of the listener to the
next; the windows lie on a grid in absolute time, so whole files, chunks and training clips have the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..records import FEATURE_FPS

USUAL_LEVEL = -26.0  # dBFS: taken until a voice was heard (the level that ITU-T P.56 recordings are set to)
USUAL_PITCH = 150.0  # Hz
MEMORY = 10.0  # seconds of voiced sound after which the past counts 1/e
VOICED = 0.5  # voicing from which sound is a voice
FAINT = -70.0  # dBFS below which it is not


@dataclass
class Register:
    """The running level and pitch of one voice."""

    heard: float = 0.0  # seconds of voiced sound, the past forgotten
    level: float = USUAL_LEVEL  # dBFS, mean over voiced frames
    octave: float = float(np.log2(USUAL_PITCH))  # mean of log2 Hz over voiced frames

    def follow(
        self, loudness: np.ndarray, pitch: np.ndarray, voicing: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Level (T,) dBFS and pitch (T,) Hz so far, at each frame of one window of the listener.

        The first window with a voice in it tells its own mean from its first frame on.
        """
        voiced = (voicing >= VOICED) & (loudness > FAINT)
        octaves = np.log2(np.maximum(pitch, 1.0))
        if not self.heard and voiced.any():
            self.level, self.octave = float(loudness[voiced].mean()), float(octaves[voiced].mean())
            self.heard = float(voiced.sum() / FEATURE_FPS)
        levels, pitches = np.empty(len(voiced), np.float32), np.empty(len(voiced), np.float32)
        step = 1 / float(FEATURE_FPS)
        for frame, speaks in enumerate(voiced):
            if speaks:
                self.heard = min(self.heard + step, MEMORY)
                self.level += (float(loudness[frame]) - self.level) * step / self.heard
                self.octave += (float(octaves[frame]) - self.octave) * step / self.heard
            levels[frame], pitches[frame] = self.level, 2.0**self.octave
        return levels, pitches
