"""What other packages say of a sound, mouth shapes and visemes, turned into ARKit curves at our frames.

Two recipes lead from visemes to curves: TalkingHead's own, published for avatars without visemes, and ours
(``dxtalker.face.visemes``), whose jaws open half as far. Both are scored, so that no package pays for a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dxtalker.errors import BadInput
from dxtalker.face.visemes import OCULUS
from dxtalker.face.visemes import recipe as ours
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

FPS = 25
FADES = {
    "cut": 0.0,
    "cross-faded": 0.08,
}  # seconds in which one mouth shape turns into the next, half on either side
# Rhubarb's chart in Oculus visemes. B is its clenched teeth of most consonants, C the open mouth of "men" and "bat", H a
# long L; users' code for web avatars has the same but for C and H, which waver between E and I, nn and TH.
RHUBARB = {"A": "PP", "B": "kk", "C": "E", "D": "aa", "E": "O", "F": "U", "G": "FF", "H": "nn", "X": "sil"}
# Weights at a viseme's full weight: met4citizen/TalkingHead (MIT), blender/build-visemes-from-arkit.py, 2024.
# A name without side stands for both.
TALKINGHEAD: dict[str, dict[str, float]] = {
    "aa": {"jawOpen": 0.6},
    "E": {"jawOpen": 0.3, "mouthPress": 0.8, "mouthDimple": 1.0},
    "I": {"jawOpen": 0.2, "mouthPress": 0.6, "mouthDimple": 0.6},
    "O": {"jawOpen": 0.2, "mouthPucker": 1.0, "jawForward": 0.6},
    "U": {"mouthFunnel": 1.0},
    "PP": {"mouthRollLower": 0.8, "mouthRollUpper": 0.8, "mouthUpperUp": 0.3},
    "FF": {"mouthPucker": 1.0, "mouthShrugUpper": 1.0, "mouthLowerDown": 0.2, "mouthDimple": 1.0, "mouthRollLower": 1.0},
    "DD": {"jawOpen": 0.2, "mouthPress": 0.8, "mouthFunnel": 0.5},
    "SS": {"jawOpen": 0.1, "mouthPress": 0.8, "mouthLowerDown": 0.5},
    "TH": {"jawOpen": 0.2, "mouthRollUpper": 0.6, "tongueOut": 0.4},
    "CH": {"jawOpen": 0.2, "mouthPucker": 0.5},
    "RR": {"jawOpen": 0.2, "mouthPucker": 0.5},
    "kk": {"jawOpen": 0.15, "mouthLowerDown": 0.4, "mouthDimple": 0.3, "mouthFunnel": 0.3, "mouthPucker": 0.3},
    "nn": {"jawOpen": 0.15, "mouthLowerDown": 0.4, "mouthDimple": 0.3, "mouthFunnel": 0.3, "mouthPucker": 0.3, "tongueOut": 0.2},
    "sil": {},
}  # fmt: skip


def recipes() -> dict[str, np.ndarray]:
    """By name, (15, 52) float32: curves of each of ``OCULUS`` at weight 1."""
    tables = {"TalkingHead's shapes": TALKINGHEAD, "our shapes": {name: ours(name) for name in OCULUS}}
    return {title: np.stack([_row(table[name]) for name in OCULUS]) for title, table in tables.items()}


def _row(weights: Mapping[str, float]) -> np.ndarray:
    """(52,) float32; shapes that are not ARKit's, such as the tongue's, are left out: they open no lips."""
    row = np.zeros(len(ARKIT_NAMES), np.float32)
    for shape, weight in weights.items():
        for name in (shape, f"{shape}Left", f"{shape}Right"):
            if name in ARKIT_INDEX:
                row[ARKIT_INDEX[name]] = weight
    return row


def from_cues(cues: Sequence[tuple[float, float, str]], frames: int, fade: float) -> np.ndarray:
    """(frames, 15) float32 weights of ``OCULUS`` from Rhubarb's cues (start, end, shape), seconds.

    Of cues that overlap the later one counts; between them lies rest. A frame shows the mean of the shapes within
    ``fade`` seconds around it, which turns one into the next in a straight line and makes nothing late; 0 cuts, as
    drawn pictures do. Raises BadInput on a shape that Rhubarb does not have.
    """
    per_second = 1000
    count = int(np.ceil((frames / FPS + fade) * per_second)) + 1
    active = np.full(count, OCULUS.index("sil"))
    for start, end, shape in sorted(cues, key=lambda cue: cue[0]):
        if shape not in RHUBARB:
            raise BadInput(f"{shape!r} is no mouth shape of Rhubarb's; expected one of {', '.join(RHUBARB)}")
        active[round(start * per_second) : round(end * per_second)] = OCULUS.index(RHUBARB[shape])
    half = max(1, round(fade * per_second / 2))
    whole = np.eye(len(OCULUS), dtype=np.float32)[np.pad(active, half, mode="edge")]
    summed = np.concatenate([np.zeros((1, len(OCULUS))), np.cumsum(whole, axis=0)])
    at = np.round(np.arange(frames) * per_second / FPS).astype(int)
    return ((summed[at + 2 * half] - summed[at]) / (2 * half)).astype(np.float32)


def from_frames(names: Sequence[str], weights: np.ndarray, fps: float, frames: int) -> np.ndarray:
    """(frames, 15) float32 weights of ``OCULUS`` from ``weights`` (n, len(names)) at ``fps``.

    Raises BadInput when a name is no viseme or the weights do not fit the names.
    """
    short = [name.removeprefix("viseme_") for name in names]
    unknown = sorted(set(short) - set(OCULUS))
    if unknown or weights.ndim != 2 or weights.shape[1] != len(names) or not len(weights):
        raise BadInput(
            f"expected (n, {len(names)}) weights of Oculus visemes; found {weights.shape}, unknown {unknown}"
        )
    at = np.arange(frames) / FPS
    found = np.zeros((frames, len(OCULUS)), np.float32)
    for column, name in zip(weights.T, short, strict=True):
        found[:, OCULUS.index(name)] = np.interp(at, np.arange(len(column)) / fps, column)
    return found


def loudness_jaw(samples: np.ndarray, rate: int, frames: int) -> np.ndarray:
    """(frames, 52) float32: the commonest approach, a jaw that follows loudness.

    Root mean square of 50 ms of ``samples`` (n,) around each frame over its 95th percentile, times 0.35, no more.
    """
    half = rate // 40
    power = np.concatenate([[0.0], np.cumsum(np.pad(samples, (half, 2 * half)).astype(np.float64) ** 2)])
    at = np.minimum(np.round(np.arange(frames) * rate / FPS).astype(int), len(power) - 1 - 2 * half)
    level = np.sqrt(np.maximum(power[at + 2 * half] - power[at], 0) / (2 * half))
    curves = np.zeros((frames, len(ARKIT_NAMES)), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = 0.35 * np.clip(level / max(np.percentile(level, 95), 1e-9), 0, 1)
    return curves
