"""Features in, raw motion out, window by window with the past carried on; whole or as it arrives.

Windows lie on a grid fixed in absolute time and noise belongs to absolute frames, so however the same
features arrive, the same motion comes out, and no more of them is held than one window needs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_NAMES, FEATURE_FPS, Motion, SpeechFeatures, join_motion
from ..speech import join
from .condition import prosody
from .conditions import Conditions, ask, join_conditions
from .sampler import CHANNELS, Generator, Heard, Sampling, noise, solve

NEW, PAST, AHEAD = 50, 25, 25  # frames a window adds, remembers and looks ahead: 2 s, 1 s, 1 s
BLOCK = 500  # frames given at a time by ``generate``, for its progress


class Performer:
    """Feed consecutive features, get motion; the last ``AHEAD + 1`` frames wait for what follows them."""

    def __init__(self, generator: Generator | None = None, sampling: Sampling | None = None) -> None:
        self.model, self.how = generator or Generator(), sampling or Sampling()
        self._heard: list[SpeechFeatures] = []  # at most one item between calls
        self._asked: list[Conditions] = []  # of the same frames
        self._from = 0  # frame, counted from the first one fed, at which ``_heard`` begins
        self._at = 0  # next frame to make
        self._past = np.zeros((0, CHANNELS), np.float32)  # normalised motion of the frames before it
        self._start = 0.0  # seconds, instant of the first frame fed
        self._closed = False

    def feed(self, features: SpeechFeatures, conditions: Conditions | None = None) -> Motion:
        """Motion that is final now, perhaps of no frames. ``conditions`` are of the frames of ``features``.

        Raises BadInput after ``close``, when the two differ in length, or when the model does not know a condition.
        """
        if self._closed:
            raise BadInput("features were fed after close(); make a new Performer for new speech")
        asked = conditions or ask(len(features))
        if len(asked) != len(features):
            raise BadInput(
                f"conditions have {len(asked)} frames; expected the {len(features)} of the features"
            )
        if asked.asked:
            self.model.require(asked)
        if not self._heard:
            self._start = features.start
        self._heard = [join([*self._heard, features])]
        self._asked = [join_conditions([*self._asked, asked])]
        return self._advance()

    def close(self) -> Motion:
        """No more features will come: the motion of what is left."""
        self._closed = True
        return self._advance()

    def _advance(self) -> Motion:
        first, done = self._at, [np.zeros((0, CHANNELS), np.float32)]
        total = self._from + len(self._heard[0]) if self._heard else 0
        while self._at < total and (self._closed or total - self._at > NEW + AHEAD):
            done.append(self._window(self._heard[0], total))
        motion = np.concatenate(done) * self.model.std + self.model.mean
        return Motion(
            curves=np.clip(motion[:, : len(ARKIT_NAMES)], 0, 1),
            rotation=motion[:, len(ARKIT_NAMES) :],
            translation=np.zeros((len(motion), 3), np.float32),
            start=self._start + first / float(FEATURE_FPS),
            info={"model": self.model.name, "seed": str(self.how.seed), "steps": str(self.how.steps)},
        )

    def _window(self, features: SpeechFeatures, total: int) -> np.ndarray:
        """(up to NEW, 55) normalised motion from frame ``_at`` on; forgets what no later window needs."""
        at, past = self._at, self._past
        begin, stop, end = at - len(past), min(total, at + NEW), min(total, at + NEW + AHEAD)
        # The change of loudness looks one frame to either side.
        low, high = max(begin - 1, self._from), min(end + 1, total)
        seen = features.cut(low - self._from, high - self._from)
        inner = slice(begin - low, end - low)
        heard = Heard(seen.content[inner], prosody(seen)[inner])
        asked = self._asked[0].cut(begin - self._from, end - self._from)
        origin = round(self._start * float(FEATURE_FPS))
        start = noise(origin + begin, end - begin, self.how) * self.model.spread

        def estimate(x: np.ndarray, t: float) -> np.ndarray:
            # As in training, the known past stays on its straight path from the noise.
            on_path = (1 - t) * start[: len(past)] + t * past
            moving = np.concatenate([on_path, x[len(past) :]])
            return self.model.estimate(moving, t, heard, past, asked, self.how.guidance)

        new = solve(estimate, start, self.how)[len(past) : stop - begin]
        self._at, self._past = stop, np.concatenate([past, new])[-PAST:]
        keep = max(self._from, stop - PAST - 1)
        self._heard = [features.cut(keep - self._from, len(features))]
        self._asked = [self._asked[0].cut(keep - self._from, len(features))]
        self._from = keep
        return new


def generate(
    features: SpeechFeatures,
    generator: Generator | None = None,
    sampling: Sampling | None = None,
    progress: Callable[[float], None] | None = None,
    conditions: Conditions | None = None,
) -> Motion:
    """Raw motion for ``features``: one frame each, at 25 fps. ``progress`` gets 0..1.

    ``conditions`` are of the same frames. Raises BadInput as ``Performer.feed`` does.
    """
    asked = conditions or ask(len(features))
    if len(asked) != len(features):
        raise BadInput(f"conditions have {len(asked)} frames; expected the {len(features)} of the features")
    performer, parts = Performer(generator, sampling), []
    for at in range(0, len(features), BLOCK):
        stop = min(at + BLOCK, len(features))
        parts.append(performer.feed(features.cut(at, stop), asked.cut(at, stop)))
        if progress:
            progress(min(1.0, (at + BLOCK) / len(features)))
    return join_motion([*parts, performer.close()])
