"""A clip is heard a second time, recorded otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dxtalker.audio import load_audio
from dxtalker.data.prepare import Example, load_voices
from dxtalker.data.views import KINDS, otherwise, with_view
from dxtalker.errors import BadInput
from dxtalker.export.sound import wav_bytes
from dxtalker.records import Waveform
from dxtalker.speech import Encoder

SPEECH = load_audio(Path(__file__).parent / "austen_0870.flac").samples[: 3 * 16_000]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_by_its_seed(kind: str) -> None:
    heard = otherwise(SPEECH, kind, 1)
    assert heard.shape == SPEECH.shape and heard.dtype == np.float32 and np.isfinite(heard).all()
    assert np.array_equal(heard, otherwise(SPEECH, kind, 1))
    if kind != "telephone":
        assert not np.array_equal(heard, otherwise(SPEECH, kind, 2))


def test_voices_have_views_that_are_kept(tmp_path: Path) -> None:
    folder, cache = tmp_path / "voices", tmp_path / "cache"
    folder.mkdir()
    cache.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.wav").write_bytes(wav_bytes(Waveform(SPEECH)))
    encoder = Encoder(threads=1)
    plain = load_voices(folder, cache, encoder, frozenset(), {})
    assert [e.view for e in plain] == [None, None]
    examples = load_voices(folder, cache, encoder, frozenset(), {}, kinds=("noise", "room"))
    for example, without in zip(examples, plain, strict=True):
        assert np.array_equal(example.content, without.content)
        assert example.view is not None and example.view.content.shape == example.content.shape
        assert example.view.prosody.shape == example.prosody.shape
        alike = np.corrcoef(example.view.content.ravel(), example.content.ravel())[0, 1]
        assert 0.3 < alike < 0.999
    files = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(files) == 4
    again = load_voices(folder, cache, encoder, frozenset(), {}, kinds=("noise", "room"))
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == files
    assert again[1].view is not None and examples[1].view is not None
    assert np.array_equal(again[1].view.content, examples[1].view.content)


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    frames = np.zeros((75, 4), np.float32)
    example = Example("a", "b", frames, frames, frames, frames, frames[:, 0])
    with pytest.raises(BadInput, match="no recording of kind 'echo'; expected some of gain, noise"):
        with_view(example, tmp_path / "a.npz", Waveform(SPEECH), ("echo",), Encoder(threads=1))
