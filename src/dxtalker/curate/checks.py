"""Is a tracked clip to be believed: does the fitted face follow the landmarks, without jumps, as one person who speaks?"""

from __future__ import annotations

import numpy as np

from ..data.clip import Clip
from ..face.expression import EYE_MM, EYES, STEADY
from ..face.fit import Fitter
from ..face.head import Head
from ..face.seen import Seen
from ..face.speaker import choose
from ..records import BLINK, BROWS, GAZE, MOUTH
from .follow import SAMPLES, FollowedClip
from .settings import Settings
from .verdict import Verdict

# Second differences at 25 frames a second beyond which no face went in the 60,000 frames named in docs/curation.md
# (their largest in brackets): of weights, of the head's angles, and of the steady landmarks' places.
CURVE_LIMITS = ((MOUTH, 1.2), (BROWS, 0.45), (BLINK, 1.4), (GAZE, 0.6))  # (1.03, 0.31, 1.07, 0.09)
TURN_LIMIT = 3.5  # degrees (2.3)
PLACE_LIMIT = 9.0  # mm at 90 between the outer eye corners, RMS (6.9)
HEARD_DB = 25.0  # below the clip's loud frames that a frame may be and still count as speech
OPENING = 2.0  # mm: the least that a talker's lips open in a tenth of what they say
HALF = 3  # frames of each half that say who it is


def judge_track(made: FollowedClip, head: Head, identity: float, limits: Settings) -> Verdict:
    """What speaks against a clip's track; ``identity`` is ``identity_gap``'s, NaN where it was not asked for.

    Millimetres of lips are those of ``head``. A face that stands still while speech is heard is not the speaker's.
    """
    clip = made.clip
    opening = head.opening(clip.motion.curves)[clip.present & heard(clip.sound.samples, len(clip.motion))]
    scores = {
        "track.error": rms(made.error),
        "track.jumps": float(jumps(clip).mean()),
        "track.identity": identity,
        "track.opening": float(np.percentile(opening, 90)) if len(opening) else float("nan"),
    }
    scores = {name: value for name, value in scores.items() if np.isfinite(value)}
    # A single frame is none: one blink of the landmarks would cost a clip of 6 s.
    jumping = limits.jumps and max(limits.jumps, 1.5 / max(len(clip.motion), 1))
    for name, most, reason, words in (
        ("track.error", limits.track_error, "track.loose", "pixels off the landmarks"),
        ("track.jumps", jumping, "track.jumps", "of the frames jump"),
        ("track.identity", limits.identity, "track.identity", "mm between the halves' faces"),
    ):
        if most and scores.get(name, 0.0) > most:
            return Verdict(scores, reason, f"{scores[name]:.3g} {words}; expected at most {most:.3g}")
    moved = float(np.ptp(np.percentile(opening, [10, 90]))) if len(opening) else OPENING
    # A face may also stand still with its mouth open.
    if min(moved, scores.get("track.opening", OPENING)) < OPENING:
        remark = f"the lips move by {moved:.1f} mm while speech is heard; expected {OPENING:g} or more"
        return Verdict(scores, "track.still", remark)
    return Verdict(scores)


def rms(error: np.ndarray) -> float:
    """Of the frames whose error (T,) is known; NaN where none is."""
    known = error[np.isfinite(error)]
    return float(np.sqrt((known.astype(np.float64) ** 2).mean())) if len(known) else float("nan")


def jumps(clip: Clip) -> np.ndarray:
    """(T,) bool, frames in which face or head is quicker than faces are: by the motion, and by the landmarks seen.

    The landmarks tell more of the head: its motion may have been smoothed by the tracker.
    """
    frames, motion = len(clip.motion), clip.motion
    jumped = np.zeros(max(frames - 2, 0), bool)
    for where, limit in CURVE_LIMITS:
        jumped |= (np.abs(np.diff(motion.curves[:, where], 2, axis=0)) > limit).any(1)
    jumped |= (np.abs(np.degrees(np.diff(motion.rotation, 2, axis=0))) > TURN_LIMIT).any(1)
    marks = clip.landmarks.astype(np.float32)
    eyes = np.linalg.norm(marks[:, EYES[0]] - marks[:, EYES[1]], axis=1)
    places = marks[:, STEADY, :2] * (
        EYE_MM / max(float(np.median(eyes)), 1e-6)
    )  # the square glides: no jump is its
    shift = np.sqrt((np.diff(places, 2, axis=0) ** 2).sum(2).mean(1))
    here = clip.present
    jumped |= (shift > PLACE_LIMIT) & here[2:] & here[1:-1] & here[:-2]
    return np.concatenate([[False], jumped, [False]])[:frames]


def heard(samples: np.ndarray, frames: int) -> np.ndarray:
    """(T,) bool, frames that are loud for this recording: a rough word for speech, where that is judged elsewhere."""
    power = (samples[: frames * SAMPLES].astype(np.float64).reshape(frames, -1) ** 2).mean(1)
    level = 10 * np.log10(power + 1e-10)
    return level > max(float(np.percentile(level, 95)) - HEARD_DB, -60.0)


def identity_gap(part: Seen, fitter: Fitter) -> float:
    """Millimetres RMS, at 90 between the outer eye corners, between who is seen in either half of ``part``.

    A few calm frames of each half are fitted for themselves. NaN where a half shows no face.
    """
    faces = []
    middle = len(part) // 2
    for half in (part.cut(0, middle), part.cut(middle, len(part))):
        if not half.present.any():
            return float("nan")
        frames = choose(half, HALF)[: HALF + 1]
        code = fitter.fit([half.observation(frame) for frame in frames], independent=1.0).code
        points = fitter.mean + np.tensordot(code, fitter.codes, 1)
        points = points - points.mean(0)
        faces.append(points * (EYE_MM / np.linalg.norm(points[EYES[0]] - points[EYES[1]])))
    one, other = faces
    one = one * (one * other).sum() / (one * one).sum()  # a camera tells no size
    return float(np.sqrt(((one - other) ** 2).sum(1).mean()))
