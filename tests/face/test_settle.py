"""Strangers: their lips touch, close and do not cross, their lids meet, their teeth stay inside."""

from dataclasses import replace

import numpy as np
import pytest

from dxtalker.face.contact import Contact
from dxtalker.face.head import Head, Part
from dxtalker.face.identity import IdentitySpace, load_identity_space
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.settle import CLEAR, LID_OVERLAP, LOOK_DOWN, eye_radius, settle
from dxtalker.face.visemes import OCULUS, composed
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES

MM = 1000
PEOPLE = 24
CLOSED = 1.0  # mm: lips that are no farther apart count as closed, as everywhere in this project
REST_LIMIT, SHAPE_LIMIT, VISEME_LIMIT = 0.3, 0.7, 0.5  # mm that one lip's surface may stand in the other


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
    triangles = number[base.triangles]
    for i in range(PEOPLE):
        age = (8.0, 80.0)[i // 4 % 2] if i % 4 == 0 else None
        head = space.head(random_weights(rng, space.names, random_person(rng, age)))
        lips, left, right = (margin.picked(number) for margin in margins)
        found.append(
            replace(
                head,
                vertices=head.vertices[keep],
                triangles=triangles[(triangles >= 0).all(1)],
                deltas=head.deltas[:, keep],
                extras={name: delta[keep] for name, delta in head.extras.items()},
                lips=lips,
                lids=(left, right),
                lip_pairs=number[head.lip_pairs],
                parts=tuple(_kept(part, triangles) for part in head.parts),
            )
        )
    return found


def _kept(part: Part, triangles: np.ndarray) -> Part:
    """``part`` among the ``triangles`` (F, 3) that are left: those without a -1."""
    left = np.r_[0, np.cumsum((triangles >= 0).all(1))]
    first, end = int(left[part.first]), int(left[part.first + part.count])
    return replace(part, first=first, count=end - first)


def part_vertices(head: Head, name: str) -> np.ndarray:
    part = next(part for part in head.parts if part.name == name)
    return np.unique(head.triangles[part.first : part.first + part.count])


@pytest.fixture(scope="module")
def contact(people: list[Head]) -> Contact:
    assert people[0].lips is not None
    return Contact.of(people[0].triangles, people[0].lips)


def depth(contact: Contact, places: np.ndarray) -> float:
    """Millimetres by which the lips cross at most in poses ``places`` (S, V, 3)."""
    return float(contact.depth(places[:, contact.vertices]).max()) * MM


def test_settling_mends_what_was_wrong(space: IdentitySpace) -> None:
    raw = space.raw_head(
        random_weights(np.random.default_rng(3), space.names, random_person(np.random.default_rng(3)))
    )
    mended = settle(raw)
    assert raw.lips is not None and mended.lips is not None
    contact = Contact.of(raw.triangles, raw.lips)
    before, after = (contact.depth(head.vertices[None, contact.vertices])[0] * MM for head in (raw, mended))
    assert np.abs(before).max() > 0.5
    assert after.max() < REST_LIMIT
    assert np.median(np.abs(after)) < 0.15


def test_a_settled_head_stays_as_it_is(space: IdentitySpace) -> None:
    again = settle(space.base)
    assert np.abs(again.vertices - space.base.vertices).max() * MM < 0.1
    assert np.abs(again.deltas - space.base.deltas).max() * MM < 0.6


def test_a_head_without_margins_comes_back(space: IdentitySpace) -> None:
    plain = replace(space.base, lips=None, lids=None)
    assert settle(plain) is plain


def test_lips_touch_along_the_line(people: list[Head], contact: Contact) -> None:
    for head in people:
        deep = contact.depth(head.vertices[None, contact.vertices])[0] * MM
        assert deep.max() < REST_LIMIT
        assert np.median(deep[4:-4]) > -0.3


def test_closing_undoes_any_open_jaw(people: list[Head], contact: Contact) -> None:
    for head in people:
        both = head.deltas[ARKIT_INDEX["jawOpen"]] + head.deltas[ARKIT_INDEX["mouthClose"]]
        for weight in (0.2, 0.6, 1.0):
            deep = contact.depth((head.vertices + weight * both)[None, contact.vertices])[0] * MM
            assert deep.max() < VISEME_LIMIT
            assert np.median(deep[4:-4]) > -CLOSED


def test_no_shape_pushes_the_lips_through_each_other(people: list[Head], contact: Contact) -> None:
    names = [n for n in ARKIT_NAMES if n.startswith(("mouth", "jaw", "cheek")) and n != "mouthClose"]
    index = [ARKIT_INDEX[name] for name in names]
    deep = np.array(
        [contact.depth((h.vertices + h.deltas[index])[:, contact.vertices]).max(1) * MM for h in people]
    )  # (people, shapes)
    assert (deep > SHAPE_LIMIT).mean() < 0.01
    assert deep.max() < 1.2, names[int(deep.max(0).argmax())]


def test_no_viseme_does_either_and_pp_closes(people: list[Head], contact: Contact) -> None:
    for head in people:
        poses = np.stack([head.vertices + composed(head, name) for name in OCULUS])
        deep = contact.depth(poses[:, contact.vertices]) * MM
        assert deep.max() < VISEME_LIMIT
        for name in ("sil", "PP"):
            assert np.median(deep[OCULUS.index(name), 4:-4]) > -CLOSED


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


def test_upper_teeth_stay_behind_the_lips(people: list[Head]) -> None:
    teeth = part_vertices(people[0], "teeth")
    for head in people:
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
