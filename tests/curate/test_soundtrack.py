"""Pieces of a soundtrack join to the whole, with margins, however the blocks come."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.curate.soundtrack import pieces


@given(st.integers(0, 400), st.integers(1, 90), st.integers(0, 60), st.integers(1, 50))
def test_pieces_join_to_the_whole(count: int, size: int, margin: int, block: int) -> None:
    sound = np.arange(count, dtype=np.float32)
    blocks = [sound[i : i + block] for i in range(0, count, block)]
    found = list(pieces(blocks, size, margin))
    assert np.array_equal(np.concatenate([piece.wave.samples for piece in found]), sound)
    for number, piece in enumerate(found):
        assert piece.start == number * size
        assert piece.stop - piece.start <= size + max(size // 4, margin)
        around = piece.between(piece.start - margin, piece.stop + margin)
        assert np.array_equal(around, sound[max(piece.start - margin, 0) : piece.stop + margin])
    assert all(piece.stop - piece.start == size for piece in found[:-1])
