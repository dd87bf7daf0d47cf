"""Short clips heard between other clips, as speech is heard in use: in windows of ten seconds.

What an encoder makes of three seconds alone differs from what it makes of the same three seconds of a longer recording.
A network that learns from short clips alone does worse on long speech (docs/model-card.md), so it learns from both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..audio import load_audio
from ..files import atomic_path
from ..records import Waveform
from ..speech import Encoder
from ..speech.encoder import TOKENS_PER_FRAME, WIDTH, to_frames
from ..speech.listen import CONTEXT, STEP
from ..speech.prosody import SAMPLES_PER_FRAME

if TYPE_CHECKING:
    from .prepare import Example

LONGEST = STEP + 2 * CONTEXT  # frames of a window


@dataclass
class Company:
    """Fills in ``among`` of short examples, a window of them at a time; kept in files between runs."""

    examples: list[Example]  # the loader's own list, in whose places filled examples are put
    encoder: Encoder
    _waiting: list[tuple[int, Path, np.ndarray]] = field(
        default_factory=list
    )  # place, file, samples (640 n,)

    def add(self, place: int, kept: Path, sound: Path | Waveform) -> None:
        """The example at ``place``; what is heard of it among others is kept in the file ``kept``."""
        if len(self.examples[place].content) >= STEP:
            return
        if kept.is_file():
            content = np.load(kept, allow_pickle=False)
            if content.shape[1] == WIDTH:
                self._fill(place, content)
                return
        samples = (sound if isinstance(sound, Waveform) else load_audio(sound)).samples
        samples = np.pad(samples, (0, -len(samples) % SAMPLES_PER_FRAME))
        waiting = sum(len(s) for _, _, s in self._waiting)
        if waiting + len(samples) > LONGEST * SAMPLES_PER_FRAME:
            self.close()
        self._waiting.append((place, kept, samples))

    def close(self) -> None:
        """Hear those that wait, together."""
        if not self._waiting:
            return
        tokens = self.encoder.tokens(np.concatenate([samples for _, _, samples in self._waiting]))
        at = 0
        for place, kept, samples in self._waiting:
            frames = len(samples) // SAMPLES_PER_FRAME
            content = to_frames(tokens[at : at + TOKENS_PER_FRAME * frames]).astype(np.float16)
            at += TOKENS_PER_FRAME * frames
            with atomic_path(kept) as temporary, temporary.open("wb") as file:
                np.save(file, content)
            self._fill(place, content)
        self._waiting = []

    def _fill(self, place: int, content: np.ndarray) -> None:
        example = self.examples[place]
        self.examples[place] = replace(example, among=content[: len(example.content)])
