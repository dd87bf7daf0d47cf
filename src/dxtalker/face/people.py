"""People drawn at random: age, sex, origin, build and the many small differences -> identity weights."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..errors import BadInput

# MakeHuman's four ages, in years: weights change linearly between neighbours.
AGES = {"baby": 1.0, "child": 11.0, "young": 25.0, "old": 90.0}
YOUNGEST, OLDEST = 6.0, 90.0  # years that ``random_person`` draws for
ORIGINS: tuple[str, ...] = ("african", "asian", "caucasian")
# Standard deviation of a local target's weight; the longest beginning counts. A target at 1 is a caricature:
# these let it move the face by one to three millimetres, as people differ (Farkas 1994, Anthropometry of the
# head and face), and less where several targets do much the same.
SPREADS = {
    "head/": 0.12, "head/head-scale": 0.13, "head/head-angle": 0.07, "head/head-age": 0.2, "head/head-back": 0.07,
    "head/head-trans": 0.03,
    "forehead/": 0.12, "forehead/forehead-nubian": 0.025, "forehead/forehead-scale": 0.07,
    "eyebrows/": 0.09, "eyebrows/eyebrows-angle": 0.06, "eyebrows/eyebrows-trans-down": 0.13,
    "eyes/": 0.16, "eyes/l-eye-epicanthus": 0.2, "eyes/l-eye-eyefold": 0.2,
    "nose/": 0.12, "nose/nose-volume": 0.08, "nose/nose-point": 0.09, "nose/nose-trans": 0.09,
    "nose/nose-trans-in": 0.03, "nose/nose-compression": 0.08, "nose/nose-scale-depth": 0.09,
    "mouth/": 0.12, "mouth/mouth-trans": 0.09, "mouth/mouth-trans-in": 0.03, "mouth/mouth-angles": 0.08,
    "mouth/mouth-scale-horiz": 0.16, "mouth/mouth-upperlip-volume": 0.18, "mouth/mouth-lowerlip-volume": 0.18,
    "ears/": 0.13, "ears/l-ear-shape": 0.04, "ears/l-ear-trans": 0.07,
    "chin/": 0.11, "chin/chin-cleft": 0.18, "chin/chin-prominent": 0.09, "chin/chin-triangle": 0.06,
    "cheek/": 0.12,
    "neck/": 0.07, "neck/neck-double": 0.05, "neck/measure-neck-height": 0.03, "neck/neck-scale-vert": 0.03,
    "neck/neck-trans": 0.03,
}  # fmt: skip
LEANING = {
    "mouth/mouth-angles-down": 0.04
}  # means towards the positive side: a face at rest is no gloomy one
ONE_SIDED = 0.12  # the left and the right half of a face differ by this share of what they have in common
ALIKE = 0.6  # children differ by this share of what adults differ by
OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """The few words that describe a face; the rest is chance."""

    age: float  # years
    male: float  # 0 female .. 1 male
    origins: np.ndarray  # (3,) shares of ORIGINS, sum 1
    muscle: float  # 0..1, average 0.5
    weight: float  # 0..1, average 0.5


def random_person(rng: np.random.Generator, age: float | None = None, male: float | None = None) -> Person:
    """An adult of 18 to 80, unless ``age`` says otherwise. Raises BadInput for an age outside 6 to 90."""
    if age is not None and not YOUNGEST <= age <= OLDEST:
        raise BadInput(f"age {age:g} is out of range; expected {YOUNGEST:g} to {OLDEST:g} years")
    drawn = rng.uniform(18, 80), rng.random(), rng.dirichlet([0.5] * 3), rng.normal(0.5, 0.15, 2)
    muscle, weight = np.clip(drawn[3], 0, 1)
    sex = float(drawn[1] > 0.5) * 0.8 + 0.1 + 0.1 * float(rng.normal())
    return Person(
        drawn[0] if age is None else age,
        float(np.clip(sex, 0, 1)) if male is None else male,
        drawn[2],
        float(muscle),
        float(weight),
    )


def macro_weights(person: Person, names: tuple[str, ...]) -> np.ndarray:
    """(D,) weights of the macro targets: every name is a product of shares, as in MakeHuman."""
    ages = _share(person.age, list(AGES.values()), list(AGES))
    sexes = {"female": 1 - person.male, "male": person.male}
    builds = {
        "muscle": _share(person.muscle, [0, 0.5, 1], ["minmuscle", "averagemuscle", "maxmuscle"]),
        "weight": _share(person.weight, [0, 0.5, 1], ["minweight", "averageweight", "maxweight"]),
    }
    origins: dict[str, float] = dict(zip(ORIGINS, person.origins.tolist(), strict=True))
    weights = np.zeros(len(names))
    for i, name in enumerate(names):
        if not name.startswith("macrodetails/"):
            continue
        first, sex, age, *build = name.removeprefix("macrodetails/").split("-")
        value = sexes[sex] * ages[age]
        if first == "universal":
            value *= builds["muscle"][build[0]] * builds["weight"][build[1]]
        else:
            value *= origins[first]
        weights[i] = value
    return weights


def random_weights(rng: np.random.Generator, names: tuple[str, ...], person: Person) -> np.ndarray:
    """(D,) weights of someone like ``person``: the macros, and local targets by chance, both sides much alike."""
    weights = macro_weights(person, names)
    index = {name: i for i, name in enumerate(names)}
    grown = float(np.interp(person.age, [AGES["child"], 18], [ALIKE, 1]))
    for low, high, spread in _locals(names):
        common = LEANING.get(low, 0.0) + rng.normal(0, spread * grown)
        for side in ("l-", "r-") if "/l-" in (low or high) else ("",):
            value = common + (rng.normal(0, spread * ONE_SIDED) if side else 0)
            name = (high if value > 0 else low).replace("/l-", f"/{side}")
            if name:
                weights[index[name]] = abs(value)
    return weights


def fit_prior(samples: np.ndarray, gram: np.ndarray, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and basis (kept, D) of the Gaussian of weight vectors ``samples`` (N, D).

    The codes are ordered by how far they move the surface; ``gram`` (D, D) holds the inner products of the
    directions as displacement fields.
    """
    mean = samples.mean(0)
    values, vectors = np.linalg.eigh(np.cov(samples.T))
    root = vectors * np.sqrt(np.maximum(values, 0))  # (D, D), root @ root.T is the covariance
    _, axes = np.linalg.eigh(root.T @ gram @ root)
    return mean, (root @ axes[:, ::-1][:, :kept]).T


def _share(value: float, at: list[float], names: list[str]) -> dict[str, float]:
    """Linear shares of the two neighbours of ``value``."""
    return {name: float(np.interp(value, at, np.eye(len(at))[i])) for i, name in enumerate(names)}


def _locals(names: tuple[str, ...]) -> list[tuple[str, str, float]]:
    """Pairs (name when negative, name when positive, spread); '' where there is no opposite; left ones only."""
    pairs, done = [], set()
    known = set(names)
    for name in names:
        if name.startswith("macrodetails/") or "/r-" in name or name in done:
            continue
        low, high = "", name
        for negative, positive in OPPOSITES:
            stem = re.sub(rf"-{negative}$", "", name)
            if stem != name and f"{stem}-{positive}" in known:
                low, high = name, f"{stem}-{positive}"
        done |= {low, high}
        pairs.append(
            (low, high, SPREADS[max((start for start in SPREADS if name.startswith(start)), key=len)])
        )
    return pairs
