"""Pictures as they are looked at, without looking: planted faces that stand, move, turn and change."""

from __future__ import annotations

import numpy as np

from dxtalker.curate.look import COLUMNS, EVERY, ROWS, Looked
from dxtalker.face.seen import STEP, Seen

SIZE = (640, 480)


def person(rng: np.random.Generator, spread: float = 6.0) -> np.ndarray:
    """(478, 3) pixels: random points about a face 60 between the eyes, all its own."""
    points = np.random.default_rng(1).normal(0, 40, (478, 3)) + rng.normal(0, spread, (478, 3))
    points[33], points[263] = (-30, 0, 0), (30, 0, 0)
    points[13], points[14] = (0, 40, 0), (0, 41, 0)
    return points


def made(
    points: np.ndarray,
    rng: np.random.Generator,
    place: tuple[float, float] = (320, 240),
    scene: np.ndarray | None = None,
    gap: np.ndarray | None = None,
    yaw: np.ndarray | None = None,
    present: np.ndarray | None = None,
    still: slice = slice(0, 0),
    others: int = 0,
    frames: int = 75,
) -> Looked:
    """``frames`` of one person (478, 3) who sways a little before a scene (ROWS, COLUMNS) of grey levels."""
    at = np.arange(frames) / 25
    sway = np.stack([3 * np.sin(2 * at), 2 * np.sin(3 * at), 0 * at], axis=1)
    marks = points + np.array([*place, 0]) + sway[:, None] + rng.normal(0, 0.15, (frames, 1, 3))
    marks[:, 14, 1] += 0 if gap is None else gap
    scene = rng.integers(20, 230, (ROWS, COLUMNS)) if scene is None else scene
    thumbnails = np.clip(scene + rng.normal(0, 1.5, (frames, ROWS, COLUMNS)), 0, 255).astype(np.uint8)
    there = np.ones(frames, bool) if present is None else present
    change = np.full(frames, 1.5, np.float32)
    change[still] = 0.02
    pose = np.zeros((frames, 2), np.float32)
    pose[:, 0] = 0 if yaw is None else yaw
    looks = np.where(np.arange(frames) % EVERY == 0, others, -1)
    seen = Seen(
        SIZE, there, np.rint(marks / STEP).astype(np.int16)[there], np.zeros((there.sum(), 52), np.float32), pose[there]
    )  # fmt: skip
    return Looked(
        0.0, seen, thumbnails, change, np.where(there, 120, np.nan).astype(np.float32), looks.astype(np.int8),
        np.where(looks >= 0, 0.06, np.nan).astype(np.float32),
    )  # fmt: skip


def joined(*parts: Looked) -> Looked:
    """One video of several shots."""
    seen = [part.seen for part in parts]
    whole = Seen(
        SIZE,
        *(
            np.concatenate([getattr(s, name) for s in seen])
            for name in ("present", "points", "scores", "pose")
        ),
    )
    names = ("thumbnails", "change", "level", "others", "sharpness")
    return Looked(0.0, whole, *(np.concatenate([getattr(p, name) for p in parts]) for name in names))
