from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.errors import BadInput
from dxtalker.pipeline import Speaker
from dxtalker.records import SpeechFeatures, Waveform
from dxtalker.speech import Encoder, Listener, join, listen
from dxtalker.speech.listen import CONTEXT, STEP
from dxtalker.speech.prosody import SAMPLES_PER_FRAME

FIELDS = ("content", "loudness", "pitch", "voicing", "level", "register")


class EveryTokenHearsAll:
    """Stands in for the encoder: quick, and any change of a window changes all its tokens."""

    def tokens(self, samples: np.ndarray) -> np.ndarray:
        ramp = np.arange(len(samples), dtype=np.float64)
        whole = np.array([samples.sum(), (samples * np.sin(ramp)).sum(), len(samples)])
        local = samples.reshape(-1, 320).mean(axis=1)
        return np.concatenate([np.tile(whole, (len(local), 1)), local[:, None]], axis=1).astype(np.float32)


STAND_IN = cast(Encoder, EveryTokenHearsAll())
NOISE = np.random.default_rng(5).normal(0, 0.1, 26 * 16_000).astype(np.float32)


def in_chunks(samples: np.ndarray, sizes: list[int], encoder: Encoder) -> SpeechFeatures:
    """Features of ``samples`` fed in chunks of ``sizes``, over and over."""
    listener, parts, at, turn = Listener(encoder), [], 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        parts += listener.feed(samples[at : at + size])
        at, turn = at + size, turn + 1
    return join([*parts, *listener.close()])


def assert_same_bytes(a: SpeechFeatures, b: SpeechFeatures) -> None:
    assert a.start == b.start
    for name in FIELDS:
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes(), name


def test_chunks_of_real_speech_equal_the_whole(speaker: Speaker, long_wave: Waveform) -> None:
    whole = listen(long_wave, speaker.encoder)
    assert_same_bytes(whole, in_chunks(long_wave.samples, [1, 7_777, 160], speaker.encoder))


@settings(max_examples=12, deadline=None)
@given(
    st.integers(1, len(NOISE)), st.lists(st.integers(1, 60_000), min_size=1, max_size=5).filter(lambda s: sum(s) > 500)
)  # fmt: skip
def test_any_chunks_equal_the_whole(length: int, sizes: list[int]) -> None:
    samples = NOISE[:length]
    assert_same_bytes(listen(Waveform(samples), STAND_IN), in_chunks(samples, sizes, STAND_IN))


WINDOW = (STEP + CONTEXT) * SAMPLES_PER_FRAME


@pytest.mark.parametrize(
    "samples", [1, 639, 640, 641, STEP * 640, WINDOW - 1, WINDOW, WINDOW + 1, 2 * STEP * 640 + 1]
)
def test_a_frame_for_every_40_ms_begun(samples: int) -> None:
    features = listen(Waveform(NOISE[:samples]), STAND_IN)
    assert len(features) == -(-samples // 640)
    assert {len(getattr(features, name)) for name in FIELDS} == {len(features)}


def test_features_come_as_soon_as_their_window_is_full() -> None:
    listener = Listener(STAND_IN)
    assert listener.feed(NOISE[: WINDOW - 1]) == []
    (ready,) = listener.feed(NOISE[WINDOW - 1 : WINDOW])
    assert len(ready) == STEP
    assert ready.start == 0
    (ready,) = listener.feed(NOISE[WINDOW : WINDOW + STEP * 640])
    assert ready.start == 8.0


def test_memory_does_not_grow_with_the_sound() -> None:
    listener = Listener(STAND_IN)
    for _ in range(3):
        listener.feed(NOISE)
        assert len(listener._heard) < WINDOW + 2 * CONTEXT * 640


def test_nothing_may_be_fed_after_close() -> None:
    listener = Listener(STAND_IN)
    listener.feed(NOISE[:100])
    listener.close()
    with pytest.raises(BadInput, match="after close"):
        listener.feed(NOISE[:100])


def test_no_sound_and_other_rates_are_refused() -> None:
    with pytest.raises(BadInput, match="no samples"):
        listen(Waveform(NOISE[:0]), STAND_IN)
    with pytest.raises(BadInput, match="16000 Hz"):
        listen(Waveform(NOISE[:100], 44_100), STAND_IN)


def test_progress_ends_at_one() -> None:
    seen: list[float] = []
    listen(Waveform(NOISE[:200_000]), STAND_IN, seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
