"""From the generator's raw motion to the motion that is drawn.

Order: limits, rest in silence, mouth gain, brows, head, gaze (on the final head), blinks (at gaze shifts),
limits. Every part looks at most ``LOOK_AHEAD`` ahead and ``MEMORY`` back, and draws random numbers by absolute
time, so a window finished with that much around it equals the same stretch of the whole.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_NAMES, BLINK, BROWS, GAZE, Motion, SpeechFeatures, join_motion
from . import blink, gaze, limits, nod, rest

LOOK_AHEAD = 1.0  # seconds of the future that a frame depends on, at most
MEMORY = 8.0  # seconds of the past that a frame depends on, at most
BLOCK = 120.0  # seconds finished at a time: memory is that of the curves, not of every step's copy
PARTS = ("rest", "blink", "gaze", "head", "brows", "limits")


@dataclass(frozen=True)
class Finish:
    """Gains of what is drawn, and which parts finishing adds. Gains are 0 to 2 (rest: 0 to 1)."""

    lips: float = 1.0  # articulation, around rest; closures stay closed
    rest: float = 1.0  # how far the mouth returns to rest in silence
    blink: float = 1.0  # how often blinks are added; 0: the lids never close
    gaze: float = 1.0  # size of gaze shifts; 0: eyes straight ahead
    head: float = 1.0  # head motion, the network's and the added one; 0: a still head
    brows: float = 1.0  # brow motion, the network's and the added one; 0: still brows
    off: frozenset[str] = frozenset()  # parts that add nothing and leave the network's motion as it is

    def __post_init__(self) -> None:
        for name in GAINS:
            value, most = getattr(self, name), 1.0 if name == "rest" else 2.0
            if not isinstance(value, int | float) or not 0 <= value <= most:
                raise BadInput(f"gain {name}={value!r} is not usable; expected a number from 0 to {most:g}")
        unknown = sorted(set(self.off) - set(PARTS))
        if unknown:
            raise BadInput(f"cannot switch off {', '.join(unknown)}; parts are {', '.join(PARTS)}")

    @classmethod
    def raw(cls) -> Finish:
        """Everything off: ``finish`` returns its motion unchanged."""
        return cls(off=frozenset(PARTS))

    def __str__(self) -> str:
        return ",".join(f"{g}={'off' if g in self.off else format(getattr(self, g), 'g')}" for g in GAINS)


GAINS = tuple(f.name for f in fields(Finish) if f.name != "off")


def parse_gains(text: str) -> Finish:
    """A Finish from ``"lips=1.1,head=0.5,blink=off"``; what is not named keeps its default.

    ``off`` leaves a part to the network alone. Raises BadInput that names the key and what is accepted.
    """
    result = Finish()
    for item in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = (piece.strip() for piece in item.partition("="))
        if value == "off" and name in PARTS:
            result = replace(result, off=result.off | {name})
            continue
        if name not in GAINS:
            raise BadInput(f"unknown gain {name!r}; expected {', '.join(GAINS)}, as in lips=1.1,head=0.5")
        try:
            result = replace(result, **{name: float(value)})
        except ValueError:
            raise BadInput(f"gain {name}={value!r} is not a number; expected for example {name}=1") from None
    return result


def finish(
    motion: Motion,
    features: SpeechFeatures,
    lip_gap: np.ndarray,
    settings: Finish | None = None,
    seed: int = 0,
) -> Motion:
    """Finished motion of the same length, rate and start.

    ``features`` belong to the same frames; ``lip_gap`` (52,) is the head's inner-lip opening in mm at weight 1 of
    each channel. Same seed, same bytes. Raises BadInput when the three do not belong together.
    """
    chosen = settings or Finish()
    if chosen == Finish.raw() or len(motion) == 0:
        return motion
    gap = _checked(motion, features, lip_gap)
    fps, total = float(motion.fps), len(motion)
    before, after, block = (round(seconds * fps) for seconds in (MEMORY, LOOK_AHEAD, BLOCK))
    offset = round(motion.start * fps) % block  # blocks lie on a grid fixed in absolute time
    bounds = [0, *range(block - offset, total, block), total]
    parts = []
    for start, stop in itertools.pairwise(bounds):
        low, high = max(0, start - before), min(total, stop + after)
        done = _finish_stretch(motion.cut(low, high), features.cut(low, high), gap, chosen, seed)
        parts.append(done.cut(start - low, stop - low))
    return join_motion(parts)


def _finish_stretch(
    motion: Motion, features: SpeechFeatures, gap: np.ndarray, chosen: Finish, seed: int
) -> Motion:
    """All parts, over a stretch that is short enough for many copies of its curves."""
    on = {part: part not in chosen.off for part in PARTS}
    fps, length = float(motion.fps), len(motion)
    first = round(motion.start * fps)
    active = rest.speech_activity(features)

    curves = limits.limit_curves(motion.curves, gap) if on["limits"] else motion.curves
    if on["rest"]:
        curves = rest.rest_mouth(curves, active, gap, fps, chosen.rest)
    curves = limits.scale_mouth(curves, gap, chosen.lips)
    curves = _scaled(curves, BROWS, chosen.brows)
    if on["brows"]:
        raised = curves + nod.brow_raises(features, active, first, seed, chosen.brows)
        curves = np.minimum(raised, np.maximum(curves, 1))

    rotation, translation = motion.rotation * chosen.head, motion.translation * chosen.head
    if on["head"]:
        turn, shift = nod.head_motion(features, active, first, seed, chosen.head)
        rotation, translation = rotation + turn, translation + shift
    if on["limits"]:
        rotation = limits.limit_rotation(rotation)

    target = np.zeros((length, 2))
    if on["gaze"]:
        target = gaze.gaze_target(active, first, fps, seed)
        curves = gaze.add_gaze(curves, target, rotation, chosen.gaze)
    curves = _scaled(curves, GAZE, 1.0 if on["gaze"] and chosen.gaze else chosen.gaze)
    curves = _scaled(curves, BLINK, min(chosen.blink, 1.0))
    if on["blink"]:
        curves = blink.add_blinks(curves, active, gaze.large_shifts(target), first, fps, seed, chosen.blink)
    if on["limits"]:
        curves = limits.limit_curves(curves, gap)
    return replace(
        motion,
        curves=curves.astype(np.float32),
        rotation=rotation.astype(np.float32),
        translation=translation.astype(np.float32),
        info=motion.info | {"finish": str(chosen), "finish seed": str(seed)},
    )


def _scaled(curves: np.ndarray, columns: np.ndarray, gain: float) -> np.ndarray:
    """Curves with ``columns`` times ``gain``, inside 0..1 if they were."""
    if gain == 1:
        return curves
    out = curves.copy()
    out[:, columns] = np.minimum(out[:, columns] * gain, np.maximum(1, out[:, columns]))
    return out


def _checked(motion: Motion, features: SpeechFeatures, lip_gap: np.ndarray) -> np.ndarray:
    """``lip_gap`` as float64; raises BadInput unless motion, features and gap fit together."""
    if len(features) != len(motion) or features.fps != motion.fps:
        raise BadInput(
            f"features have {len(features)} frames at {features.fps} fps, motion has {len(motion)} at "
            f"{motion.fps}; expected the features that the motion was made from"
        )
    if not all(np.isfinite(x).all() for x in (features.loudness, features.pitch, features.voicing)):
        raise BadInput("features hold NaN or infinite values; expected loudness in dBFS of at least -100")
    gap = np.asarray(lip_gap, np.float64)
    if gap.shape != (len(ARKIT_NAMES),) or not np.isfinite(gap).all():
        raise BadInput(f"lip_gap has shape {gap.shape}; expected ({len(ARKIT_NAMES)},) finite mm at weight 1")
    return gap
