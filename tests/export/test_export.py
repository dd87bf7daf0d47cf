from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from samples_export import make_motion

from dxtalker import export
from dxtalker.errors import BadInput, LimitExceeded, Unsupported
from dxtalker.export import AVATARS, READABLE, WRITABLE, limits, read_motion, write_avatar, write_motion
from dxtalker.face.head import Head
from dxtalker.records import Motion, Waveform


@pytest.mark.parametrize("kind", READABLE)
def test_dispatch_round_trip(tmp_path: Path, motion: Motion, kind: str) -> None:
    path = tmp_path / f"take{kind.upper()}"
    write_motion(path, motion, audio="/somewhere/hello.wav")
    back = read_motion(path)
    assert back.fps == motion.fps and np.abs(back.curves - motion.curves).max() < 6e-6
    assert kind == ".csv" or back.info["audio"] == "hello.wav"


def test_other_extensions_are_refused_with_the_list(tmp_path: Path, motion: Motion) -> None:
    with pytest.raises(Unsupported, match=r"\.csv, \.json, \.npz, \.glb"):
        write_motion(tmp_path / "a.fbx", motion)
    with pytest.raises(Unsupported, match=r"\.csv, \.json, \.npz$"):
        read_motion(tmp_path / "a.glb")


@pytest.mark.parametrize("kind", READABLE)
def test_refusals(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="not a file"):
        read_motion(tmp_path / f"missing{kind}")
    with pytest.raises(BadInput, match="no frames"):
        write_motion(tmp_path / f"empty{kind}", make_motion(0))
    with pytest.raises(BadInput, match="does not exist"):
        write_motion(tmp_path / "nowhere" / f"a{kind}", make_motion(1))
    assert limits.MAX_FILE_BYTES == 1 << 30
    monkeypatch.setattr(limits.read_limited, "__defaults__", (1000,))
    monkeypatch.setattr(export.arkit_json, "MAX_JSON_BYTES", 1000)
    write_motion(tmp_path / f"large{kind}", make_motion(90))
    with pytest.raises(LimitExceeded, match="larger than"):
        read_motion(tmp_path / f"large{kind}")


def test_a_stated_rate_is_not_overruled(tmp_path: Path, motion: Motion) -> None:
    write_motion(tmp_path / "a.npz", motion)
    assert read_motion(tmp_path / "a.npz", fps=25).fps == 25
    with pytest.raises(BadInput, match="states its own rate"):
        read_motion(tmp_path / "a.npz", fps=30)


@pytest.mark.parametrize("kind", WRITABLE)
def test_an_interrupt_leaves_the_old_file(
    tmp_path: Path, motion: Motion, head: Head, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"take{kind}"
    write_motion(path, motion, head)
    before = path.read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_motion(path, motion, head)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_sound_goes_beside_what_cannot_hold_it(tmp_path: Path, motion: Motion, head: Head) -> None:
    wave = Waveform(np.zeros(1600, np.float32))
    write_motion(tmp_path / "a.glb", motion, head, None, wave)
    assert not (tmp_path / "a.wav").exists()  # only when asked
    write_motion(tmp_path / "a.glb", motion, head, None, wave, beside=True)
    assert (tmp_path / "a.wav").stat().st_size == 44 + 3200


def test_the_file_that_was_spoken_is_never_overwritten(tmp_path: Path, motion: Motion, head: Head) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"the only copy")
    wave = Waveform(np.zeros(1600, np.float32))
    write_motion(tmp_path / "talk.glb", motion, head, source, wave, beside=True)
    assert source.read_bytes() == b"the only copy"


@pytest.mark.parametrize("kind", AVATARS)
def test_a_head_without_speech_in_every_form(tmp_path: Path, head: Head, kind: str) -> None:
    if kind.startswith(".usd"):
        pytest.importorskip("pxr", reason="usd-core is not installed")
    write_avatar(tmp_path / f"me{kind}", head)
    assert (tmp_path / f"me{kind}").stat().st_size > 10_000
    with pytest.raises(Unsupported, match=r"\.glb, \.vrm"):
        write_avatar(tmp_path / "me.fbx", head)
