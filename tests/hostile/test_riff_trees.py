"""Any tree of RIFF chunks, with sizes that lie or not: the WAV reader ends, with sound or a named error."""

from __future__ import annotations

import io
import struct
import tempfile
import time
from pathlib import Path

import make
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.audio import load_audio
from dxtalker.audio.wav import parse_wav, read_frames
from dxtalker.errors import DxtalkerError

NAMES = st.sampled_from([b"fmt ", b"data", b"LIST", b"INFO", b"adtl", b"ds64", b"fact", b"JUNK", b"\0\0\0\0"])
SIZES = st.none() | st.sampled_from([0, 1, 7, 16, 18, 40, *make.LYING_SIZES]) | st.integers(0, 2**32 - 1)
SMALL = st.sampled_from([0, 1, 2, 3, 6, 8, 16, 24, 32, 64, 255, 0xFFFE, 0xFFFF])
FORMS = st.builds(
    lambda tag, channels, rate, align, bits, rest: struct.pack("<HHIIHH", tag, channels, rate, 0, align, bits) + rest,
    SMALL, SMALL, st.sampled_from([0, 1, 8000, 16_000, 44_100, 2**32 - 1]), SMALL, SMALL, st.binary(max_size=26),
)  # fmt: skip
BODIES = st.binary(max_size=300) | FORMS
LEAVES = st.builds(make.chunk, NAMES, BODIES, SIZES) | st.builds(make.chunk, st.just(b"fmt "), FORMS)
TREES = st.recursive(
    LEAVES, lambda inner: st.builds(make.chunk, NAMES, st.lists(inner, max_size=4).map(b"".join), SIZES), max_leaves=12
)  # fmt: skip
FILES = st.builds(
    lambda start, size, chunks, end: make.chunk(start, b"WAVE" + b"".join(chunks), size) + end,
    st.sampled_from([b"RIFF", b"RF64", b"BW64"]), SIZES, st.lists(TREES, max_size=6), st.binary(max_size=40),
)  # fmt: skip
# Well-formed up to the samples, so that these are reached.
SOUNDS = st.builds(
    lambda tag, bits, channels, samples, size: make.riff(
        make.form(tag, channels, bits=bits), make.chunk(b"data", samples, size)
    ),
    st.sampled_from([1, 3]), st.sampled_from([8, 16, 24, 32, 64]), st.integers(1, 65), st.binary(max_size=3000), SIZES,
)  # fmt: skip


@given(FILES | SOUNDS)
@settings(max_examples=800, deadline=None)
def test_the_reader_ends_and_never_reads_what_is_not_there(content: bytes) -> None:
    begin = time.monotonic()
    try:
        stream = io.BytesIO(content)
        wav = parse_wav(stream, len(content))
        if wav.kind != "coded":
            blocks = list(read_frames(stream, wav))
            assert sum(block.size for block in blocks) * wav.width <= len(content)
            assert all(block.dtype == np.float32 and block.shape[1] == wav.channels for block in blocks)
    except DxtalkerError as error:
        assert len(str(error)) > 20
    assert time.monotonic() - begin < 1.0


@given(SOUNDS)
@settings(max_examples=150, deadline=None)
def test_the_door_gives_finite_sound_or_a_named_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.wav"
        path.write_bytes(content)
        try:
            samples = load_audio(path).samples
            assert len(samples) and np.isfinite(samples).all() and np.abs(samples).max() <= 1
        except DxtalkerError as error:
            assert str(error).startswith("'x.wav': ")
