"""Pieces of a soundtrack join to the whole, with margins, however the blocks come and wherever pieces end."""

from __future__ import annotations

from itertools import cycle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dxtalker.curate.soundtrack import Hearing, Soundtrack


def found(sound: np.ndarray, size: int, margin: int, block: int, less: list[int]) -> list[Hearing]:
    """The pieces, each but the last used up to ``less`` samples before its end."""
    track = Soundtrack((sound[i : i + block] for i in range(0, len(sound), block)), size, margin)
    pieces, start = [], 0
    for back in cycle(less):
        pieces.append(track.piece(start))
        if pieces[-1].last:
            return pieces
        start += max(size - back, 1)
    return pieces


@given(
    st.integers(0, 400),
    st.integers(1, 90),
    st.integers(0, 60),
    st.integers(1, 50),
    st.lists(st.integers(0, 45), min_size=1, max_size=3),
)
def test_pieces_join_to_the_whole(count: int, size: int, margin: int, block: int, less: list[int]) -> None:
    sound = np.arange(count, dtype=np.float32)
    pieces = found(sound, size, margin, block, less)
    stops = [piece.start for piece in pieces[1:]] + [count]
    parts = [piece.between(piece.start, stop) for piece, stop in zip(pieces, stops, strict=True)]
    assert np.array_equal(np.concatenate(parts), sound)
    for piece in pieces:
        around = piece.between(piece.start - margin, piece.stop + margin)
        assert np.array_equal(around, sound[max(piece.start - margin, 0) : piece.stop + margin])
        assert len(piece.samples) <= size + size // 4 + 2 * margin
    assert all(piece.stop - piece.start == size for piece in pieces[:-1])
    assert pieces[-1].stop == count
    assert len(pieces[-1].wave.samples) <= size + size // 4
