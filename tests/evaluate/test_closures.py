"""Closures are counted where lips must meet, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from dxtalker.data.phones import Phone
from dxtalker.evaluate.blocks import mean_of
from dxtalker.evaluate.closures import (
    beside,
    closed_at,
    confirmed,
    lip_to_teeth_at,
    lip_to_teeth_mm,
    recalled,
    widest_at,
)
from dxtalker.evaluate.regions import regions
from dxtalker.face.head_file import load_head
from dxtalker.records import ARKIT_INDEX

PHONES = (
    Phone("SIL", 0, 1),
    Phone("P", 1.0, 1.08),
    Phone("AA", 1.2, 1.4),
    Phone("M", 2.0, 2.1),
    Phone("F", 2.4, 2.5),
)


def test_a_closure_beside_the_phone_counts_within_40_ms() -> None:
    opening = np.full(75, 5.0)
    opening[24] = 0.5  # 0.96 s, 40 ms before /p/
    opening[55] = 0.5  # 2.2 s, 100 ms after /m/
    found = closed_at(PHONES, opening)
    assert np.flatnonzero(np.isfinite(found)).tolist() == [26, 51] and mean_of([found]) == 0.5


def test_open_vowels_are_measured_where_they_are_widest() -> None:
    opening = np.zeros(75)
    opening[33], opening[60] = 9.0, 20.0
    assert mean_of([widest_at(PHONES, opening)]) == 9.0
    assert np.isnan(mean_of([widest_at((), opening)]))


def test_phones_outside_the_clip_are_not_asked() -> None:
    assert np.isnan(closed_at((Phone("B", 9.0, 9.1),), np.zeros(75))).all()


def test_recall_and_precision_of_the_truths_closures() -> None:
    met = np.zeros(20, np.float32)
    met[[5, 12]], silent = 1, np.arange(20) >= 18
    met[19] = 1  # at rest: nobody asks
    guess = np.full(20, 3.0)
    guess[[6, 15]] = 0.2
    assert mean_of([recalled(guess, met, silent)]) == 0.5
    assert mean_of([confirmed(guess, met, silent)]) == 0.5
    closed = np.zeros(20)  # a mouth that never opens keeps every closure, and hardly one is true
    assert mean_of([recalled(closed, met, silent)]) == 1
    assert mean_of([confirmed(closed, met, silent)]) == pytest.approx(6 / 18)
    unknown = np.full(20, np.nan)
    assert (
        np.isnan(recalled(guess, unknown, silent)).all() and np.isnan(confirmed(guess, unknown, silent)).all()
    )


def test_beside_reaches_one_frame() -> None:
    assert np.flatnonzero(beside(np.arange(9) == 4)).tolist() == [3, 4, 5]


def test_a_lip_that_rolls_in_under_the_teeth_comes_near_them() -> None:
    head = load_head()
    where, curves = regions(head), np.zeros((75, 52), np.float32)
    assert lip_to_teeth_mm(curves[:1], where)[0] == pytest.approx(
        6.82, abs=0.05
    )  # lips closed, before the teeth
    curves[61, [ARKIT_INDEX["mouthRollLower"], ARKIT_INDEX["jawOpen"]]] = 1.0, 0.1
    found = lip_to_teeth_at(PHONES, curves, where)
    assert np.isfinite(found).sum() == 1 and np.nanmin(found) < 2
