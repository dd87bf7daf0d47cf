"""Planted cuts, jump cuts and dissolves are found; movement is none."""

import numpy as np
from looked import joined, made, person

from dxtalker.curate.look import COLUMNS, ROWS, Looked
from dxtalker.curate.shots import cuts, dissolves, shots


def test_cuts_between_scenes_and_within_one_are_found() -> None:
    rng = np.random.default_rng(3)
    here, scene = person(rng), rng.integers(20, 230, (ROWS, COLUMNS))
    moved = scene.copy()
    moved[10:26, 14:34] = np.roll(scene[10:26, 14:34], 2, axis=1)  # the same room, the person elsewhere
    video = joined(
        made(here, rng, scene=scene), made(person(rng), rng, frames=60), made(here, rng, scene=scene, frames=50),
        made(here, rng, (345, 250), moved, frames=40),
    )  # fmt: skip
    assert cuts(video) == (75, 135, 185)
    assert shots(video) == (range(75), range(75, 135), range(135, 185), range(185, 225))


def test_a_face_that_moves_and_a_light_that_changes_slowly_are_no_cuts() -> None:
    rng = np.random.default_rng(4)
    video = made(person(rng), rng, frames=200)
    slope = np.linspace(0, 25, 200)[:, None, None]
    lit = Looked(
        **{**video.__dict__, "thumbnails": np.clip(video.thumbnails + slope, 0, 255).astype(np.uint8)}
    )
    for one in (video, lit):
        assert shots(one) == (range(200),)


def test_a_dissolve_and_a_fade_to_black_belong_to_no_shot() -> None:
    rng = np.random.default_rng(5)
    a, b = (rng.integers(20, 230, (ROWS, COLUMNS)).astype(float) for _ in range(2))
    for one, other in ((a, b), (a, 0 * a)):
        for length in (8, 15, 25):
            share = np.clip((np.arange(100) - 40) / length, 0, 1)[:, None, None]
            frames = one + share * (other - one) + rng.normal(0, 1.5, (100, ROWS, COLUMNS))
            ((first, stop),) = dissolves(np.clip(frames, 0, 255).astype(np.uint8))
            assert abs(first - 41) <= 3 and abs(stop - 40 - length) <= 3, (length, first, stop)


def test_a_pan_is_no_dissolve() -> None:
    wide = np.random.default_rng(6).integers(20, 230, (ROWS, COLUMNS * 4))
    smooth = (wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]) // 3
    frames = np.stack([smooth[:, i : i + COLUMNS] for i in range(0, 100, 2)]).astype(np.uint8)
    assert dissolves(frames) == ()


def test_nothing_has_no_shots() -> None:
    rng = np.random.default_rng(7)
    assert shots(made(person(rng), rng, frames=0)) == ()
    assert shots(made(person(rng), rng, frames=1)) == (range(1),)
