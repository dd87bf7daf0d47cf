from dataclasses import replace

import numpy as np
import pytest

from dxtalker.errors import BadInput
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.face.visemes import AVATAR, OCULUS, composed, recipe, viseme_deltas
from dxtalker.records import ARKIT_INDEX

MM = 1000


@pytest.fixture(scope="module")
def head() -> Head:
    return load_head()


def part_vertices(head: Head, name: str) -> np.ndarray:
    part = next(part for part in head.parts if part.name == name)
    return np.unique(head.triangles[part.first : part.first + part.count])


def upper_edge(head: Head) -> np.ndarray:
    """Vertices of the upper incisors' cutting edge."""
    teeth = part_vertices(head, "teeth")
    still = np.abs(head.deltas[ARKIT_INDEX["jawOpen"]][teeth]).max(1) < 1e-5
    at = head.vertices[teeth]
    return teeth[still & (np.abs(at[:, 0]) < 0.008) & (at[:, 1] < -0.0655)]


def nearest(a: np.ndarray, b: np.ndarray) -> float:
    """Millimetres between two sets of points."""
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min()) * MM


def test_there_are_fifteen_and_silence_is_rest(head: Head) -> None:
    deltas = viseme_deltas(head)
    assert deltas.shape == (15, len(head.vertices), 3)
    assert OCULUS[0] == "sil"
    assert not deltas[0].any()
    assert (np.abs(deltas[1:]).max(axis=(1, 2)) * MM > 2).all()


def test_a_recipe_names_sides_and_known_shapes(head: Head) -> None:
    assert recipe("viseme_E") == recipe("E")
    assert recipe("E")["mouthSmileLeft"] == recipe("E")["mouthSmileRight"]
    for name in (*OCULUS, *AVATAR):
        assert set(recipe(name)) <= set(ARKIT_INDEX) | set(head.extras)
        assert all(0 < weight <= 1 for weight in recipe(name).values())


def test_a_composed_shape_is_the_sum_of_its_recipe(head: Head) -> None:
    index = [ARKIT_INDEX[shape] for shape in recipe("I")]
    weights = np.array(list(recipe("I").values()), np.float32)
    expected = np.tensordot(weights, head.deltas[index], axes=1)
    np.testing.assert_allclose(composed(head, "I"), expected, atol=1e-6)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadInput, match="composed"):
        recipe("mouthWobble")


def test_a_head_without_the_tongues_shapes_still_speaks(head: Head) -> None:
    plain = composed(replace(head, extras={}), "DD")
    tongue = part_vertices(head, "tongue")
    assert np.abs(plain).max() > 0.001
    assert np.abs(composed(head, "DD")[tongue] - plain[tongue]).max() * MM > 5


def test_lips_close_round_and_open(head: Head) -> None:
    upper, lower = head.lip_pairs[0]
    corners = head.landmarks["mouth_left"], head.landmarks["mouth_right"]
    gap, width = {}, {}
    for name in OCULUS:
        shaped = head.vertices + composed(head, name)
        gap[name] = (shaped[upper, 1] - shaped[lower, 1]) * MM
        width[name] = (shaped[corners[0], 0] - shaped[corners[1], 0]) * MM
    assert abs(gap["PP"] - gap["sil"]) < 0.5
    assert gap["aa"] > 10 > gap["E"] > gap["I"] > 2
    assert width["U"] < width["O"] < width["sil"] - 4
    assert width["I"] > width["sil"]


def test_the_lower_lip_meets_the_upper_teeth_for_f(head: Head) -> None:
    assert head.lips is not None
    lip = head.lips.near[(head.lips.down > 0.5) & (np.abs(head.vertices[head.lips.near, 0]) < 0.012)]
    shaped = head.vertices + composed(head, "FF")
    faces = shaped[head.triangles[np.isin(head.triangles, lip).all(1)]]
    inside = np.random.default_rng(0).dirichlet([1, 1, 1], 40)
    assert nearest((inside @ faces).reshape(-1, 3), shaped[upper_edge(head)]) < 0.5


def test_the_tongue_goes_where_the_sound_is_made(head: Head) -> None:
    tongue, edge = part_vertices(head, "tongue"), upper_edge(head)
    teeth = part_vertices(head, "teeth")
    at = head.vertices[teeth]
    ridge = teeth[(np.abs(at[:, 0]) < 0.004) & (np.abs(at[:, 1] + 0.0555) < 0.003) & (at[:, 2] < 0.0165)]
    lip = head.lip_pairs[0, 1]
    for name in ("DD", "nn"):
        shaped = head.vertices + composed(head, name)
        assert nearest(shaped[tongue], shaped[ridge]) < 3
    shaped = head.vertices + composed(head, "TH")
    assert -1 < (shaped[tongue, 2].max() - shaped[edge, 2].max()) * MM < 3  # between the teeth
    for name in set(OCULUS) - {"TH"}:
        shaped = head.vertices + composed(head, name)
        assert shaped[tongue, 2].max() < shaped[lip, 2] - 0.002
    back = composed(head, "kk")[tongue]
    assert back[np.argmax(back[:, 1])][1] * MM > 2
