"""Labels of voices without a face: their mouth is heard, its size told by a teacher, its contacts by phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..data.phones import Phone
from ..data.prepare import VOICES, Example
from ..records import MOUTH
from .batches import Scales
from .hearing import Hearing, hear
from .teacher import CLOSED_MM, Teacher, as_large, bite_lip, close_lips, fit_teacher, most_opening

Phones = Mapping[str, Sequence[Phone]]  # by clip name


def label_voices(
    examples: Sequence[Example], hearing: Hearing, scales: Scales, phones: Phones, lip_gap: np.ndarray
) -> list[Example]:
    """``examples`` with the voices among them labelled; the others as they are.

    The teacher is fitted to the filmed clips whose phones are told; without any, voices keep the size they are heard
    in. ``lip_gap`` (52,) mm of opening at weight 1 of each shape.
    """
    filmed = [e for e in examples if e.corpus != VOICES and e.covered[MOUTH].all() and phones.get(e.name)]
    teacher = fit_teacher(filmed, phones, lip_gap) if filmed else None
    return [
        label_voice(e, hearing, scales, lip_gap, phones.get(e.name, ()), teacher) if e.corpus == VOICES else e
        for e in examples
    ]


def bitten(example: Example, phones: Sequence[Phone]) -> Example:
    """A filmed clip with the lower lip on the upper teeth in /f v/: landmarks do not show it."""
    if not example.covered[..., MOUTH].any() or not phones:
        return example
    motion = example.motion.copy()
    motion[:, MOUTH] = bite_lip(motion[:, MOUTH], phones)
    return replace(example, motion=motion)


def label_voice(
    example: Example,
    hearing: Hearing,
    scales: Scales,
    lip_gap: np.ndarray,
    phones: Sequence[Phone] = (),
    teacher: Teacher | None = None,
) -> Example:
    """The mouth that is heard in a voice without a face, as that voice's label.

    Its lips meet where its phones say so or, without phones, where they are heard to, and touch the teeth in /f v/.
    """
    mouth, closed = hear(hearing, example, scales)
    if phones and teacher:
        mouth = as_large(teacher, mouth, phones)
    mouth = bite_lip(mouth, phones)
    opening = mouth @ lip_gap[MOUTH]
    most = most_opening(phones, len(mouth)) if phones else opening + closed * (CLOSED_MM - opening)
    motion, covered = example.motion.copy(), np.zeros(example.motion.shape[1], np.float32)
    motion[:, MOUTH] = close_lips(mouth, most, lip_gap[MOUTH])
    covered[MOUTH] = 1
    return replace(example, motion=motion, covered=covered)
