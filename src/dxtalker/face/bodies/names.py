"""Names of morph targets -> how the 52 ARKit shapes are made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from ...records import ARKIT_INDEX, ARKIT_NAMES, GAZE, MOUTH

ENOUGH = 16  # ARKit names, jawOpen among them, that make a face an ARKit face
LIKE_ENOUGH = 0.2  # share of a shape's motion that a mixture must explain to stand for it
_BY_LENGTH = sorted(ARKIT_NAMES, key=len, reverse=True)
_LOWER = {name.lower(): name for name in ARKIT_NAMES}

# Mouth shapes made of ARKit's, on the open head: Oculus' fifteen visemes and VRM's five vowels. They say what
# a viseme of that name looks like, so that a face with visemes alone can be asked for ARKit's shapes.
VISEMES: dict[str, dict[str, float]] = {
    "sil": {},
    "pp": {"jawOpen": 0.12, "mouthClose": 0.12, "mouthPress": 0.35, "mouthRollLower": 0.25, "mouthRollUpper": 0.15},
    "ff": {"jawOpen": 0.10, "mouthRollLower": 0.75, "mouthUpperUp": 0.35, "mouthShrugLower": 0.2},
    "th": {"jawOpen": 0.22, "tongueOut": 0.65, "mouthUpperUp": 0.2, "mouthLowerDown": 0.35},
    "dd": {"jawOpen": 0.16, "mouthUpperUp": 0.3, "mouthLowerDown": 0.5, "mouthStretch": 0.2},
    "kk": {"jawOpen": 0.25, "mouthLowerDown": 0.35, "mouthUpperUp": 0.2},
    "ch": {"jawOpen": 0.12, "mouthFunnel": 0.75, "mouthShrugUpper": 0.2},
    "ss": {"jawOpen": 0.05, "mouthStretch": 0.5, "mouthUpperUp": 0.3, "mouthLowerDown": 0.6},
    "nn": {"jawOpen": 0.2, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "rr": {"jawOpen": 0.15, "mouthFunnel": 0.4, "mouthPucker": 0.35},
    "aa": {"jawOpen": 0.6, "mouthLowerDown": 0.2},
    "e": {"jawOpen": 0.32, "mouthStretch": 0.4, "mouthSmile": 0.15, "mouthLowerDown": 0.3},
    "i": {"jawOpen": 0.18, "mouthSmile": 0.3, "mouthStretch": 0.3, "mouthLowerDown": 0.4},
    "o": {"jawOpen": 0.4, "mouthFunnel": 0.7},
    "u": {"jawOpen": 0.15, "mouthPucker": 0.85, "mouthFunnel": 0.25},
}  # fmt: skip
_VOWELS = {
    "aa": "aa",
    "ih": "i",
    "ou": "u",
    "ee": "e",
    "oh": "o",
    "a": "aa",
    "i": "i",
    "u": "u",
    "e": "e",
    "o": "o",
}
# Other controls of VRM and Oculus avatars: what they do in ARKit's terms.
_OTHERS: dict[str, dict[str, float]] = {
    "blink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "eyesclosed": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "blinkleft": {"eyeBlinkLeft": 1},
    "blinkl": {"eyeBlinkLeft": 1},
    "blinkright": {"eyeBlinkRight": 1},
    "blinkr": {"eyeBlinkRight": 1},
    "lookup": {"eyeLookUpLeft": 1, "eyeLookUpRight": 1},
    "lookdown": {"eyeLookDownLeft": 1, "eyeLookDownRight": 1},
    "lookleft": {"eyeLookOutLeft": 1, "eyeLookInRight": 1},
    "lookright": {"eyeLookInLeft": 1, "eyeLookOutRight": 1},
}


@cache
def arkit_name(name: str) -> str | None:
    """The ARKit shape that ``name`` means, whatever its case, affixes and way of saying left; None: none."""
    pieces = [piece for piece in re.split(r"[.:|/]", name) if piece and not piece.isdigit()]  # jawOpen.001
    last = pieces[-1] if pieces else name
    for text in (last, name):
        words = re.sub(r"[^A-Za-z0-9]+", " ", text).strip()
        sided = re.sub(r"(?:\s|(?<=[a-z]))(L|R|l|r)$", lambda m: _side(m[1], m[0]), words)
        for candidate in (words, sided):
            found = _match(candidate)
            if found:
                return found
    return None


def _side(letter: str, whole: str) -> str:
    if letter in "lr" and not whole.startswith(" "):
        return whole  # the last letter of a word
    return "Left" if letter in "Ll" else "Right"


def _match(words: str) -> str | None:
    """``words`` without signs: exact, behind a prefix that ends there, or before a side or a number."""
    plain = words.replace(" ", "").lower()
    if plain in _LOWER:
        return _LOWER[plain]
    for name in _BY_LENGTH:
        low = name.lower()
        rest = plain[len(low) :]
        if plain.startswith(low) and (rest in ("left", "right") or rest.isdigit()):
            return name
        if plain.endswith(low) and _starts_word(words, len(low)):
            return name
    return None


def _starts_word(words: str, length: int) -> bool:
    """Whether the last ``length`` letters of ``words`` begin a word of their own."""
    letters = [i for i, c in enumerate(words) if c != " "]
    at = letters[len(letters) - length]
    return at > 0 and (words[at - 1] == " " or words[at].isupper() or words[at - 1].isdigit())


def other_control(name: str) -> dict[str, float] | None:
    """What a viseme, vowel, blink or look of that name is in ARKit weights; None: none of these."""
    plain = re.sub(r"[^a-z0-9]+", " ", re.split(r"[.:|]", name.lower())[-1]).strip()
    words = plain.split()
    if not words:
        return None
    if "viseme" in words and words[-1] in VISEMES:
        return _both_sides(VISEMES[words[-1]])
    joined = "".join(words)
    for key in (joined, words[-1], "".join(words[-2:])):
        if key in _OTHERS:
            return _OTHERS[key]
    vowel = words[-1] if len(words) == 1 or words[-2] in ("mth", "mouth", "vrc", "v", "fcl") else ""
    return _both_sides(VISEMES[_VOWELS[vowel]]) if vowel in _VOWELS else None


def _both_sides(recipe: dict[str, float]) -> dict[str, float]:
    return {
        full: weight
        for name, weight in recipe.items()
        for full in ([name] if name in ARKIT_INDEX else [name + "Left", name + "Right"])
    }


def arkit_mixing(names: Sequence[str]) -> tuple[np.ndarray, bool] | None:
    """How the ARKit shapes are made of morph targets ``names``: (52, N) weights, and whether by ARKit's names.

    With ARKit names each shape is the sum of the targets that bear its name. Else each of the 52 is that
    non-negative mixture of the visemes, vowels and blinks which looks most like it on the open head, by
    least squares over the face's vertices; mouthClose is jawOpen's mixture taken back, as in ARKit it
    closes what jawOpen opened. None: neither is there.
    """
    direct = [arkit_name(name) for name in names]
    found = {name for name in direct if name}
    if len(found) >= ENOUGH and "jawOpen" in found:
        mixing = np.zeros((len(ARKIT_NAMES), len(names)))
        for column, name in enumerate(direct):
            if name:
                mixing[ARKIT_INDEX[name], column] = 1
        return mixing, True
    recipes = [
        other_control(name) or ({arkit: 1.0} if arkit else None)
        for name, arkit in zip(names, direct, strict=True)
    ]
    if not any(recipe and recipe.get("jawOpen", 0) > 0.3 for recipe in recipes):
        return None
    return _by_likeness(recipes), False


def _by_likeness(recipes: Sequence[dict[str, float] | None]) -> np.ndarray:
    """(52, N) non-negative weights of targets whose ARKit weights are ``recipes``, on the open head."""
    from ..head_file import load_head
    from .bounded import bounded_least_squares

    head = load_head()
    shapes = head.deltas[:, ::3].reshape(len(ARKIT_NAMES), -1).astype(np.float64) * 1000  # mm
    targets = np.zeros((len(recipes), len(ARKIT_NAMES)))
    for row, recipe in enumerate(recipes):
        for name, weight in (recipe or {}).items():
            targets[row, ARKIT_INDEX[name]] = weight
    used = np.flatnonzero(targets.any(1))
    gram = shapes @ shapes.T  # (52, 52): all that least squares needs of the vertices
    basis = targets[used]
    normal = basis @ gram @ basis.T
    normal += np.eye(len(used)) * 1e-3 * np.trace(normal) / len(used)
    mixing = np.zeros((len(ARKIT_NAMES), len(recipes)))
    mixing[:, used] = bounded_least_squares(normal, gram @ basis.T, 0.0, np.inf)
    right, found = gram @ basis.T, mixing[:, used]
    explained = (2 * (found * right).sum(1) - ((found @ normal) * found).sum(1)) / np.diag(gram)
    mixing[explained < LIKE_ENOUGH] = 0
    mixing[mixing < 0.02] = 0
    both = [i for i, r in enumerate(recipes) if r and {"eyeBlinkLeft", "eyeBlinkRight"} <= set(r)]
    for channel in (*GAZE, ARKIT_INDEX["eyeSquintLeft"], ARKIT_INDEX["eyeSquintRight"]):
        mixing[channel, both] = 0  # a look or a squint must not blink the other eye
    upper = [i for i, r in enumerate(recipes) if r and not any(ARKIT_INDEX[n] in MOUTH for n in r)]
    mixing[MOUTH[:, None], upper] = 0
    mixing[ARKIT_INDEX["mouthClose"]] = -mixing[ARKIT_INDEX["jawOpen"]]
    return mixing
