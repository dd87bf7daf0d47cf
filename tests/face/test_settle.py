"""A hundred strangers: their lips touch, close and do not cross, their lids meet, their teeth stay inside."""

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.face.head import Head
from dxtalker.face.identity import IdentitySpace, load_identity_space
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.settle import CLEAR, LID_OVERLAP, LOOK_DOWN, eye_radius, settle
from dxtalker.face.visemes import OCULUS, composed
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

MM = 1000
PEOPLE = 100
SHAPE_LIMIT, VISEME_LIMIT = 0.7, 0.7  # mm that one lip may pass the other


@pytest.fixture(scope="module")
def space() -> IdentitySpace:
    return load_identity_space()


@pytest.fixture(scope="module")
def people(space: IdentitySpace) -> list[Head]:
    """The settled heads, with the vertices around the mouth and the eyes only."""
    base = space.base
    assert base.lips is not None and base.lids is not None
    margins = (base.lips, *base.lids)
    named = [base.lip_pairs.ravel(), np.array(list(base.landmarks.values()))]
    eyes, teeth = part_vertices(base, "eyes"), part_vertices(base, "teeth")
    edges = [array.ravel() for m in margins for array in (m.upper, m.lower, m.near)]
    keep = np.unique(np.concatenate([*edges, *named, eyes, teeth]))
    number = np.full(len(base.vertices), -1)
    number[keep] = np.arange(len(keep))
    rng = np.random.default_rng(20)
    found = []
    for i in range(PEOPLE):
        age = (8.0, 80.0)[i % 2] if i % 5 == 0 else None
        head = space.head(random_weights(rng, space.names, random_person(rng, age)))
        lips, left, right = (margin.picked(number) for margin in margins)
        found.append(
            replace(
                head,
                vertices=head.vertices[keep],
                deltas=head.deltas[:, keep],
                extras={name: delta[keep] for name, delta in head.extras.items()},
                lips=lips,
                lids=(left, right),
                lip_pairs=number[head.lip_pairs],
            )
        )
    return found


def part_vertices(head: Head, name: str) -> np.ndarray:
    part = next(part for part in head.parts if part.name == name)
    return np.unique(head.triangles[part.first : part.first + part.count])


def test_settling_mends_what_was_wrong(space: IdentitySpace) -> None:
    raw = space.raw_head(
        random_weights(np.random.default_rng(3), space.names, random_person(np.random.default_rng(3)))
    )
    mended = settle(raw)
    assert raw.lips is not None and mended.lips is not None
    assert np.abs(raw.lips.gap(raw.vertices)).max() * MM > 0.3
    assert np.abs(mended.lips.gap(mended.vertices)).max() * MM < 0.05


def test_a_settled_head_stays_as_it_is(space: IdentitySpace) -> None:
    again = settle(space.base)
    assert np.abs(again.vertices - space.base.vertices).max() * MM < 0.1
    assert np.abs(again.deltas - space.base.deltas).max() * MM < 0.6


def test_a_head_without_margins_comes_back(space: IdentitySpace) -> None:
    plain = replace(space.base, lips=None, lids=None)
    assert settle(plain) is plain


def test_lips_touch_along_the_line(people: list[Head]) -> None:
    assert max(np.abs(head.lips.gap(head.vertices)).max() for head in people if head.lips) * MM < 0.2


def test_closing_undoes_any_open_jaw(people: list[Head]) -> None:
    for head in people:
        assert head.lips is not None
        both = head.deltas[ARKIT_INDEX["jawOpen"]] + head.deltas[ARKIT_INDEX["mouthClose"]]
        assert np.abs(head.lips.gap(both)).max() * MM < 0.5


@pytest.mark.parametrize(
    "name", [n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw", "cheek")) and n != "mouthClose"]
)
def test_no_shape_pushes_the_lips_through_each_other(people: list[Head], name: str) -> None:
    for head in people:
        assert head.lips is not None
        gap = head.lips.gap(head.vertices + head.deltas[ARKIT_INDEX[name]])
        assert gap.min() * MM > -SHAPE_LIMIT


def test_no_viseme_does_either_and_pp_closes(people: list[Head]) -> None:
    for head in people[:40]:
        assert head.lips is not None
        for name in OCULUS:
            gap = head.lips.gap(head.vertices + composed(head, name)) * MM
            assert gap.min() > -VISEME_LIMIT
            if name in ("sil", "PP"):
                assert np.abs(gap).max() < VISEME_LIMIT


def test_blinks_just_meet(people: list[Head]) -> None:
    for head in people:
        assert head.lids is not None
        for lid, side in zip(head.lids, ("Left", "Right"), strict=True):
            shut = lid.gap(head.vertices + head.deltas[ARKIT_INDEX[f"eyeBlink{side}"]])
            assert -2.5 * LID_OVERLAP < shut.min() <= shut.max() < 0.0002
            rest = lid.gap(head.vertices)
            lower = shut + lid.gap(head.deltas[ARKIT_INDEX[f"eyeLookDown{side}"]])
            assert (lower > -1.5 * LOOK_DOWN * np.maximum(rest, 0.002) - 2.5 * LID_OVERLAP).all()


def test_no_lid_cuts_an_eye(people: list[Head], space: IdentitySpace) -> None:
    radius = eye_radius(space.base, 0)
    for head in people:
        assert head.lids is not None
        for side, lid in enumerate(head.lids):
            shapes = [
                f"eye{n}{('Left', 'Right')[side]}"
                for n in ("Blink", "LookDown", "LookUp", "LookIn", "LookOut")
            ]
            moved = head.deltas[[ARKIT_INDEX[name] for name in shapes]][:, lid.near]
            for weight in (0.0, 0.5, 1.0):
                at = head.vertices[lid.near] + weight * moved - head.eyes[side]
                assert np.linalg.norm(at, axis=2).min() > radius + 0.5 * CLEAR


def test_upper_teeth_stay_behind_the_lips(people: list[Head], space: IdentitySpace) -> None:
    keep = len(people[0].vertices)
    assert keep < 0.5 * len(space.base.vertices)
    full = [
        space.head(
            random_weights(np.random.default_rng(i), space.names, random_person(np.random.default_rng(i)))
        )
        for i in range(8)
    ]
    teeth = part_vertices(space.base, "teeth")
    for head in full:
        for name in ("sil", "PP", "U"):
            shaped = head.vertices + composed(head, name)
            front = shaped[teeth][np.abs(shaped[teeth, 0]) < 0.006]
            assert front[:, 2].max() < shaped[head.lip_pairs[0], 2].min() - 0.001


def test_a_wide_head_smiles_wider(space: IdentitySpace) -> None:
    index = space.names.index("head/head-scale-horiz-incr")
    weights = space.baked.copy()
    weights[index] = 1
    corner = space.base.landmarks["mouth_left"]
    smile = ARKIT_INDEX["mouthSmileLeft"]
    wide = space.head(weights).deltas[smile, corner, 0]
    assert wide > 1.08 * space.base.deltas[smile, corner, 0] > 0
