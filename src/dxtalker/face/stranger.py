"""A person who does not exist: a face, skin, hair and eyes drawn by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .head import Head
from .identity import load_identity_space
from .people import ORIGINS, Person, random_person, random_weights
from .texture import tint

# sRGB, chosen by eye; skin by origin between the two ends; hair and irises with how often each is drawn.
SKIN = {
    "african": ((74, 46, 34), (141, 96, 72)),
    "asian": ((176, 128, 98), (225, 184, 154)),
    "caucasian": ((196, 146, 122), (236, 196, 176)),
}
HAIR = ((18, 15, 14), (48, 32, 24), (84, 56, 38), (140, 100, 62), (110, 54, 30))
HAIR_SHARES = {
    "african": (0.9, 0.1, 0, 0, 0),
    "asian": (0.75, 0.25, 0, 0, 0),
    "caucasian": (0.1, 0.4, 0.27, 0.18, 0.05),
}
IRISES = ((52, 33, 22), (92, 66, 38), (98, 104, 68), (104, 126, 148))
IRIS_SHARES = {
    "african": (0.95, 0.05, 0, 0),
    "asian": (0.9, 0.1, 0, 0),
    "caucasian": (0.3, 0.25, 0.15, 0.3),
}
GREY = (168, 165, 160)
GREYING = (38.0, 78.0)  # years from which and until which hair turns grey


def stranger(seed: int = 0, age: float | None = None, male: float | None = None) -> Head:
    """A plausible stranger: the same one for the same ``seed``, ``age`` (years) and ``male`` (0..1).

    Raises BadInput for an age outside 6 to 90.
    """
    rng = np.random.default_rng(seed)
    person = random_person(rng, age, male)
    space = load_identity_space()
    head = space.head(random_weights(rng, space.names, person), f"stranger {seed}")
    return replace(head, albedo=tint(head, *_colours(rng, person)))


def _colours(rng: np.random.Generator, person: Person) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """sRGB (3,) of skin, hair and irises."""
    origin = ORIGINS[int(rng.choice(len(ORIGINS), p=person.origins))]
    between = np.array([rng.beta(2, 2) for _ in ORIGINS])
    ends = np.array([SKIN[name] for name in ORIGINS], float)  # (3, 2, 3)
    skin = person.origins @ (ends[:, 0] + between[:, None] * (ends[:, 1] - ends[:, 0]))
    hair = np.array(HAIR[int(rng.choice(len(HAIR), p=HAIR_SHARES[origin]))], float)
    grey = np.clip((person.age + rng.normal(0, 8) - GREYING[0]) / (GREYING[1] - GREYING[0]), 0, 1)
    hair += grey * (np.array(GREY) - hair)
    iris = np.array(IRISES[int(rng.choice(len(IRISES), p=IRIS_SHARES[origin]))], float)
    return skin, hair * rng.uniform(0.9, 1.1), iris * rng.uniform(0.9, 1.1)
