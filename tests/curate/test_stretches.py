"""Every frame lands in one stretch; faults are named; long stretches are cut where the mouth rests."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looked import joined, made, person

from dxtalker.curate.settings import Settings
from dxtalker.curate.stretches import lengths, stretches

SETTINGS = Settings()


def told(looked, settings: Settings = SETTINGS) -> list[tuple[int, int, str]]:
    found = stretches(looked, settings)
    assert [s.first for s in found] + [len(looked)] == [0] + [s.stop for s in found]
    assert all(s.start == pytest.approx(looked.start + s.first / 25) for s in found)
    return [(s.first, s.stop, s.verdict.reason) for s in found]


def test_a_calm_face_is_one_stretch_with_scores() -> None:
    rng = np.random.default_rng(1)
    looked = replace(made(person(rng), rng), start=12.0)
    (only,) = stretches(looked, SETTINGS)
    assert (only.first, only.stop, only.start, only.verdict.reason) == (0, 75, 12.0, "")
    scores = only.verdict.scores
    assert scores["picture.eye_distance"] == pytest.approx(60, abs=1) and scores["picture.seen"] == 1
    assert scores["picture.level"] == 120 and scores["picture.others"] == 0 and len(only.likeness)


def test_each_fault_has_its_reason() -> None:
    rng = np.random.default_rng(2)
    one, gone = person(rng), np.ones(75, bool)
    gone[20:40] = False
    turned = np.where(np.arange(150) < 70, 1.1, 0.1)
    flicker = np.arange(75) % 10 > 0  # the face is lost in every tenth frame
    cases = {
        "no_face": (made(one, rng, present=np.zeros(75, bool)), [(0, 75, "picture.no_face")]),
        "small": (made(one * 0.5, rng), [(0, 75, "picture.small")]),
        "just small": (made(one * 0.75, rng), [(0, 75, "picture.small")]),
        "several": (made(one, rng, others=1), [(0, 75, "picture.several")]),
        "turned": (made(one, rng, yaw=turned, frames=150), [(0, 70, "picture.turned"), (70, 150, "")]),
        "hidden": (made(one, rng, present=flicker), [(0, 75, "picture.hidden")]),
        "frozen": (
            made(one, rng, still=slice(70, 100), frames=170),
            [(0, 70, ""), (70, 100, "picture.frozen"), (100, 170, "")],
        ),
        "stutter": (made(one, rng, still=slice(0, 75, 2)), [(0, 75, "picture.slow")]),
        "left": (
            made(one, rng, present=gone),
            [(0, 20, "picture.short"), (20, 40, "picture.no_face"), (40, 75, "picture.short")],
        ),
    }
    for name, (looked, expected) in cases.items():
        assert told(looked) == expected, name
    dark, bright, soft = (made(one, rng) for _ in range(3))
    dark.level[:], bright.level[:], soft.sharpness[::10] = 20, 250, 0.002
    assert [told(looked)[0][2] for looked in (dark, bright, soft)] == ["picture.dark"] * 2 + [
        "picture.blurred"
    ]


def test_another_face_begins_another_stretch() -> None:
    rng = np.random.default_rng(3)
    one, other, scene = person(rng), person(rng), np.full((36, 48), 90)
    same_place = joined(made(one, rng, scene=scene), made(other, rng, scene=scene))
    first, second = told(same_place)
    assert abs(first[1] - 75) <= 2 and first[2] == second[2] == ""
    elsewhere = joined(made(one, rng, scene=scene), made(one, rng, (420, 240), scene=scene))
    assert told(elsewhere) == [(0, 75, ""), (75, 150, "")]


def test_a_limit_of_nothing_is_not_asked_for() -> None:
    rng = np.random.default_rng(4)
    asked = replace(SETTINGS, others=0.0, yaw=0.0, eye_distance=0.0)
    assert told(made(person(rng) * 0.5, rng, yaw=np.full(75, 1.2), others=1), asked) == [(0, 75, "")]


def test_long_stretches_are_cut_where_the_mouth_rests_or_where_it_is_quiet() -> None:
    rng = np.random.default_rng(5)
    frames = np.arange(700)
    talking = 10 * np.abs(np.sin(frames / 3))
    talking[320:340] = 0
    looked = made(person(rng), rng, gap=talking, frames=700)
    (first, second) = told(looked)
    assert 320 <= first[1] <= 340 and second[2] == ""
    loudness = np.where(np.abs(frames - 460) < 10, -60.0, -20.0)
    assert abs(stretches(looked, SETTINGS, loudness)[0].stop - 460) < 12


@given(st.integers(50, 4000), st.floats(0.4, 10), st.floats(1.0, 3.0), st.integers(0, 9))
def test_lengths_are_allowed_ones(count: int, shortest: float, times: float, seed: int) -> None:
    settings = replace(SETTINGS, shortest=shortest, longest=2 * shortest * times)
    if count < shortest * 25:
        return
    parts = lengths(np.random.default_rng(seed).random(count + 1), settings)
    assert [a for a, _ in parts] + [count] == [0] + [b for _, b in parts]
    assert all(shortest * 25 <= b - a <= settings.longest * 25 for a, b in parts)
