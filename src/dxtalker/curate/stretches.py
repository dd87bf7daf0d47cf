"""The stretches of a video that show one face without a break, cut to length where the mouth rests; all else with why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..face.landmarks import OUTER_EYES
from ..face.seen import STEP, Seen
from ..face.steady import runs
from .look import FPS, Looked
from .persons import proportions, turning_points
from .settings import Settings
from .shots import shots
from .verdict import Verdict

BLINK_OF_TRACK = 5  # frames without a face, or turned away, that are bridged
STILL_LEVELS = 0.25  # mean difference below which a face is the same picture: compression alone moves it more
STILL_FRAMES = 10  # of them in a row are a picture that stands still
SLOWEST = 20.0  # pictures a second: with fewer, fast closures of the lips fall between pictures
LOOSE = 0.8  # of the least size: single frames may be that much smaller, the median may not
LEAP = 0.5  # distances between the eyes from one frame to the next: another face was taken for this one
REST_REACH = 4  # frames to either side over which the mouth's rest is judged
INNER_LIPS = (13, 14)  # landmarks of the upper and the lower lip


@dataclass(frozen=True)
class Stretch:
    """Frames ``first`` up to, not including, ``stop`` of what was looked at; used where ``verdict.reason`` is empty."""

    first: int
    stop: int
    start: float  # seconds of the file's sound at which frame ``first`` is heard
    verdict: Verdict
    likeness: np.ndarray = field(
        default_factory=lambda: np.zeros(0, np.float32)
    )  # (K,) of persons.proportions

    @property
    def duration(self) -> float:
        """Seconds."""
        return (self.stop - self.first) / float(FPS)


def stretches(looked: Looked, settings: Settings, loudness: np.ndarray | None = None) -> list[Stretch]:
    """Every frame of ``looked`` in exactly one stretch, in order: what can be used, and why the rest cannot.

    ``loudness`` (T,) dB, where the sound is known: long stretches are then cut where it is quiet, else where the
    mouth rests.
    """
    found: list[Stretch] = []
    at = 0
    for shot in shots(looked):
        if shot.start > at:  # a dissolve
            found.append(_dropped(looked, at, shot.start, "picture.short", "one shot fades into another"))
        found += _in_shot(looked, shot, settings, loudness)
        at = shot.stop
    if at < len(looked):
        found.append(_dropped(looked, at, len(looked), "picture.short", "one shot fades into another"))
    return found


def _in_shot(looked: Looked, shot: range, settings: Settings, loudness: np.ndarray | None) -> list[Stretch]:
    why = _faults(looked, shot, settings)
    found: list[Stretch] = []
    for first, stop, reason in _same(why, _breaks(looked, shot)):
        first, stop = first + shot.start, stop + shot.start
        if reason:
            found.append(_dropped(looked, first, stop, reason))
        elif stop - first < settings.shortest * FPS:
            remark = f"{(stop - first) / float(FPS):.1f} s; expected at least {settings.shortest:g} s"
            found.append(_dropped(looked, first, stop, "picture.short", remark))
        else:
            rest = restlessness(looked, first, stop, loudness)
            for a, b in lengths(rest, settings):
                found.append(_judged(looked, first + a, first + b, settings))
    return found


def _faults(looked: Looked, shot: range, settings: Settings) -> list[str]:
    """For each frame of a shot the reason against it, "" for none; short interruptions are bridged."""
    part = looked.seen.cut(shot.start, shot.stop)
    eyes, yaw = front_eye_distance(part), np.degrees(np.abs(part.spread(part.pose[:, 0])))
    still = looked.change[shot.start : shot.stop] < STILL_LEVELS
    still &= ~(
        looked.level[shot.start : shot.stop] < settings.level[0]
    )  # in the dark nothing is seen to move
    still[:1] = False
    if _slow(looked, shot):  # the pictures stand still between each other
        still[:] = False
    checks = (  # the first that applies is the reason
        ("picture.frozen", _long(still, STILL_FRAMES)),
        ("picture.no_face", _long(~part.present, BLINK_OF_TRACK + 1)),
        ("picture.small", _long(eyes < LOOSE * settings.eye_distance, BLINK_OF_TRACK + 1)),
        (
            "picture.turned",
            _long(yaw > settings.yaw, int(0.4 * FPS)) if settings.yaw else np.zeros(len(shot), bool),
        ),
    )
    why = np.full(len(shot), "", dtype=object)
    for reason, where in reversed(checks):
        why[where] = reason
    return list(why)


def _slow(looked: Looked, shot: range) -> bool:
    """Whether most pictures of a shot are too far apart: one long gap is something else."""
    here = _instants(looked, shot.start, shot.stop)
    return len(here) > 1 and float(np.median(np.diff(here))) > 1.02 / SLOWEST


def _instants(looked: Looked, first: int, stop: int) -> np.ndarray:
    """(n,) seconds of the video's own pictures in frames ``first`` to ``stop``; none where they were picked."""
    begin, end = (looked.start + (frame - 0.5) / float(FPS) for frame in (first, stop))
    return looked.instants[slice(*np.searchsorted(looked.instants, (begin, end)))]


def _rate(looked: Looked, first: int, stop: int) -> float:
    """Pictures a second by their instants, to a tenth."""
    here = _instants(looked, first, stop)
    if len(here) > 1:
        return round(float((len(here) - 1) / (here[-1] - here[0])), 1)
    return round(len(here) * float(FPS) / (stop - first), 1)


def _breaks(looked: Looked, shot: range) -> list[int]:
    """Frames of a shot, counted from its begin, at which another face is followed than before."""
    part = looked.seen.cut(shot.start, shot.stop)
    eyes = part.eye_distance
    middle = part.spread(part.points[:, list(OUTER_EYES), :2].mean(axis=1) * STEP)  # (n, 2)
    frames = np.flatnonzero(part.present)
    step = np.linalg.norm(np.diff(middle[frames], axis=0), axis=1) / np.maximum(eyes[frames][1:], 1)
    leaps = step > LEAP * np.maximum(np.diff(frames), 1)
    return sorted({int(i) for i in frames[1:][leaps]} | set(turning_points(part)))


def _same(why: Sequence[str], breaks: Sequence[int]) -> list[tuple[int, int, str]]:
    """(first, stop, reason) of runs of one reason, split at ``breaks``."""
    found: list[tuple[int, int, str]] = []
    for i, reason in enumerate(why):
        if found and found[-1][2] == reason and not (i in breaks and not reason):
            found[-1] = (found[-1][0], i + 1, reason)
        else:
            found.append((i, i + 1, reason))
    return found


def _long(where: np.ndarray, least: int) -> np.ndarray:
    """``where`` (T,) bool without runs shorter than ``least`` frames."""
    kept = np.zeros(len(where), bool)
    for run in runs(np.asarray(where, bool)):
        if run.stop - run.start >= least:
            kept[run] = True
    return kept


def front_eye_distance(seen: Seen) -> np.ndarray:
    """(T,) pixels between the outer eye corners as if seen from the front; NaN where there is no face."""
    return seen.eye_distance / np.maximum(np.cos(seen.spread(seen.pose[:, 0])), 0.3)


def restlessness(looked: Looked, first: int, stop: int, loudness: np.ndarray | None = None) -> np.ndarray:
    """(n + 1,) how bad it is to cut before each frame from ``first`` to ``stop``: an open or moving mouth, and speech."""
    part = looked.seen.cut(first, stop)
    upper, lower = (part.points[:, i, :2] * STEP for i in INNER_LIPS)
    gap = part.spread(np.linalg.norm(lower - upper, axis=1)) / np.maximum(part.eye_distance, 1)
    gap = np.where(part.present, gap, np.nanmax(gap, initial=0.0))
    cost = gap + 2 * np.abs(np.gradient(gap)) if len(gap) > 1 else gap
    if loudness is not None:
        heard = loudness[first:stop]
        cost = (
            cost + (heard - np.median(heard)) / 10
        )  # 10 dB weigh as much as a mouth as open as the eyes are apart
    kernel = np.ones(2 * REST_REACH + 1) / (2 * REST_REACH + 1)
    smooth = np.convolve(np.pad(cost, REST_REACH, mode="edge"), kernel, mode="valid")
    return np.concatenate([smooth[:1], (smooth[1:] + smooth[:-1]) / 2, smooth[-1:]])


def lengths(rest: np.ndarray, settings: Settings) -> list[tuple[int, int]]:
    """(first, stop) that cut n frames into as few parts of allowed length as can be, where ``rest`` (n + 1,) is least."""
    count = len(rest) - 1
    shortest, longest = int(np.ceil(settings.shortest * FPS)), int(settings.longest * FPS)
    parts = -(-count // longest)
    found, begin = [], 0
    for left in range(parts - 1, 0, -1):  # parts that come after this cut
        low = max(begin + max(shortest, longest // 2), count - left * longest)
        high = min(begin + longest, count - left * shortest)
        low = min(max(low, begin + shortest), high)
        cut = low + int(np.argmin(rest[low : high + 1]))
        found.append((begin, cut))
        begin = cut
    return [*found, (begin, count)]


def scores(looked: Looked, first: int, stop: int) -> dict[str, float]:
    """The "picture." scores of frames ``first`` to ``stop``; those of a face are left out where none is seen."""
    part = looked.seen.cut(first, stop)
    found = {
        "picture.seen": float(part.present.mean()),
        "picture.frozen": float((looked.change[first + 1 : stop] < STILL_LEVELS).mean())
        if stop - first > 1
        else 0.0,
    }
    if len(looked.instants):
        found["picture.rate"] = _rate(looked, first, stop)
    if not part.present.any():
        return found
    found["picture.eye_distance"] = float(np.nanmedian(front_eye_distance(part)))
    found["picture.yaw"] = float(np.percentile(np.degrees(np.abs(part.pose[:, 0])), 90))
    found["picture.level"] = float(np.nanmedian(looked.level[first:stop]))
    looks = looked.others[first:stop]
    if (looks >= 0).any():
        found["picture.others"] = float((looks[looks >= 0] > 0).mean())
    sharpness = looked.sharpness[first:stop]
    if np.isfinite(sharpness).any():
        found["picture.sharpness"] = float(np.nanmedian(sharpness))
    return found


def _judged(looked: Looked, first: int, stop: int, settings: Settings) -> Stretch:
    """A stretch of allowed length with what speaks against it, if anything does."""
    got = scores(looked, first, stop)
    part = looked.seen.cut(first, stop)
    reason, remark = judge(got, settings)
    return Stretch(
        first, stop, looked.start + first / float(FPS), Verdict(got, reason, remark), proportions(part)
    )


def judge(got: dict[str, float], settings: Settings) -> tuple[str, str]:
    """The first reason against scores, with its figures; two empty strings for none."""
    low, high = settings.level
    level = got.get("picture.level", (low + high) / 2)
    checks = (
        ("picture.slow", got.get("picture.rate", SLOWEST), "least", SLOWEST, "{:.3g} pictures a second"),
        ("picture.hidden", got["picture.seen"], "least", settings.seen, "{:.0%} of the frames show the face"),
        ("picture.small", got.get("picture.eye_distance", 0.0), "least", settings.eye_distance, "{:.0f} pixels between the eyes"),
        ("picture.turned", got.get("picture.yaw", 90.0), "most", settings.yaw, "turned by {:.0f} degrees"),
        ("picture.several", got.get("picture.others", 0.0), "most", settings.others, "another face in {:.0%} of the looks"),
        ("picture.dark", level, "least", low, "brightness {:.0f} of 255"),
        ("picture.dark", level, "most", high, "brightness {:.0f} of 255"),
        # Long ones were left out: what repeats here is a video of fewer pictures than it claims.
        ("picture.slow", got["picture.frozen"], "most", settings.frozen, "{:.0%} of the frames repeat the one before"),
        ("picture.blurred", got.get("picture.sharpness", 1.0), "least", settings.sharpness, "sharpness {:.3f}"),
    )  # fmt: skip
    for reason, value, bound, limit, said in checks:
        if limit and (value < limit if bound == "least" else value > limit):
            return reason, f"{said.format(value)}; expected at {bound} {limit:g}"
    return "", ""


def _dropped(looked: Looked, first: int, stop: int, reason: str, remark: str = "") -> Stretch:
    verdict = Verdict(scores(looked, first, stop), reason, remark)
    return Stretch(first, stop, looked.start + first / float(FPS), verdict)
