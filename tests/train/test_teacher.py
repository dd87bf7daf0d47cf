"""The coarticulation teacher: fitted to made-up talk, it opens and closes where the phones say so."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.data.phones import Phone
from dxtalker.data.prepare import Example
from dxtalker.errors import NotReady
from dxtalker.evaluate.closures import lip_to_teeth_at
from dxtalker.evaluate.regions import regions
from dxtalker.face.head_file import load_head
from dxtalker.motion.sampler import CHANNELS
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, MOUTH
from dxtalker.train.teacher import (
    FEATURES,
    Teacher,
    articulation,
    as_large,
    bite_lip,
    close_lips,
    fit_teacher,
    most_opening,
)

HEAD = load_head()
GAP = HEAD.lip_gap
SAID = ("AA", "B", "IY", "S", "UW", "M", "AE", "T", "F", "OW")
FRAMES = 100


def talk(seed: int) -> tuple[Phone, ...]:
    """Forty phones in 4 s."""
    rng = np.random.default_rng(seed)
    return tuple(Phone(SAID[rng.integers(len(SAID))], 0.1 * k, 0.1 * k + 0.1) for k in range(40))


def filmed(phones: tuple[Phone, ...], name: str, tracked: bool = True) -> Example:
    """A jaw that opens with low vowels, and lips that round."""
    asked, columns = articulation(phones, FRAMES), list(FEATURES)
    motion = np.zeros((FRAMES, CHANNELS), np.float32)
    motion[:, ARKIT_INDEX["jawOpen"]] = 0.05 + 0.3 * asked[:, columns.index("low")]
    motion[:, ARKIT_INDEX["mouthPucker"]] = 0.6 * asked[:, columns.index("round")]
    covered = np.full(CHANNELS, float(tracked), np.float32)
    unknown = np.full(FRAMES, np.nan, np.float32)
    return Example(name, "made", np.zeros((FRAMES, 512), np.float16), np.zeros((FRAMES, 4), np.float32),
                   motion, covered, unknown)  # fmt: skip


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    phones = {f"clip{seed}": talk(seed) for seed in range(6)}
    return fit_teacher([filmed(said, name) for name, said in phones.items()], phones, GAP)


def opening(mouth: np.ndarray) -> np.ndarray:
    return mouth @ GAP[MOUTH]


def test_it_speaks_what_it_was_not_shown(teacher: Teacher) -> None:
    said = talk(99)
    mouth, truth = teacher(said, FRAMES), filmed(said, "new").motion[:, MOUTH]
    jaw = list(MOUTH).index(ARKIT_INDEX["jawOpen"])
    pucker = list(MOUTH).index(ARKIT_INDEX["mouthPucker"])
    assert np.corrcoef(mouth[:, pucker], truth[:, pucker])[0, 1] > 0.95
    free = ~np.isfinite(most_opening(said, FRAMES))
    assert np.abs(mouth[free, jaw] - truth[free, jaw]).max(initial=0) < 0.1


def test_lips_meet_in_every_closure(teacher: Teacher) -> None:
    said = talk(5)
    gaps, times = opening(teacher(said, FRAMES)), np.arange(FRAMES) / 25
    closures = [p for p in said if p.name in {"B", "M"}]
    assert closures
    for phone in closures:
        assert gaps[(times >= phone.start - 0.04) & (times <= phone.end + 0.04)].min() < 1


def test_a_phone_between_two_frames_closes_one() -> None:
    assert np.isfinite(most_opening((Phone("P", 0.405, 0.41),), 25)).any()
    assert most_opening((Phone("P", 0.405, 0.41),), 25).min() < 1
    assert not np.isfinite(most_opening((Phone("AA", 0.4, 0.6),), 25)).any()


def test_closing_lips_leaves_what_does_not_part_them() -> None:
    mouth = np.random.default_rng(0).random((50, len(MOUTH))).astype(np.float32)
    closed = close_lips(mouth, np.full(50, 0.5), GAP[MOUTH])
    assert (opening(closed) <= np.maximum(opening(mouth), 0.5) + 1e-3).all()
    assert opening(closed).max() <= 0.5 + 1e-3
    assert np.array_equal(closed[:, GAP[MOUTH] <= 0], mouth[:, GAP[MOUTH] <= 0])
    assert np.array_equal(close_lips(mouth, np.full(50, np.inf), GAP[MOUTH]), mouth)


def test_the_lower_lip_comes_to_the_teeth_in_f_and_nowhere_else() -> None:
    said = (
        Phone("AA", 0, 1),
        Phone("F", 1, 1.1),
        Phone("AA", 1.1, 2),
        Phone("V", 2.005, 2.01),
        Phone("AA", 2.01, 4),
    )
    where = regions(HEAD)
    still = np.zeros((FRAMES, len(ARKIT_NAMES)), np.float32)
    still[:, ARKIT_INDEX["jawOpen"]] = 0.2
    moved = still.copy()
    moved[:, MOUTH] = bite_lip(still[:, MOUTH], said)
    assert (lip_to_teeth_at(said, still, where)[np.isfinite(lip_to_teeth_at(said, still, where))] > 5).all()
    touch = lip_to_teeth_at(said, moved, where)
    assert np.isfinite(touch).sum() == 2 and np.nanmax(touch) < 3
    assert np.array_equal(moved[:22], still[:22]) and np.array_equal(moved[60:], still[60:])
    assert np.array_equal(bite_lip(still[:, MOUTH], ()), still[:, MOUTH])


def test_a_voice_keeps_its_shape_and_gets_the_teachers_size(teacher: Teacher) -> None:
    said = talk(3)
    heard = 0.6 * filmed(said, "voice").motion[:, MOUTH]
    mouth = as_large(teacher, heard, said)
    before, after, told = (opening(m) for m in (heard, mouth, teacher(said, FRAMES)))
    assert after.std() == pytest.approx(told.std(), rel=0.25) and after.std() > 1.2 * before.std()
    assert np.corrcoef(before, after)[0, 1] > 0.95


def test_a_voice_that_never_moves_stays_finite(teacher: Teacher) -> None:
    assert np.isfinite(as_large(teacher, np.zeros((FRAMES, len(MOUTH)), np.float32), talk(3))).all()


def test_silence_is_no_phone() -> None:
    asked = articulation((Phone("SIL", 0, 2), Phone("XX", 2, 3)), 50)
    assert np.allclose(asked[:, -1], 1) and not asked[:, :-1].any()
    assert articulation((), 0).shape == (0, len(FEATURES))


def test_without_phones_of_a_filmed_clip_there_is_no_teacher() -> None:
    clip = filmed(talk(0), "clip")
    with pytest.raises(NotReady, match="no filmed clip has phone times"):
        fit_teacher([clip], {"another": talk(0)}, GAP)
    with pytest.raises(NotReady):
        fit_teacher([filmed(talk(0), "clip", tracked=False)], {"clip": talk(0)}, GAP)
