"""The audio door: blocks and the whole are one, oddities are noted, special files are refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from audio_files import ffmpeg, wav_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from dxtalker.audio import ResampleStream, load_audio, resample, stream_audio
from dxtalker.errors import BadInput, DxtalkerError, Unsupported
from dxtalker.files import asset

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX file system")


def float_wav(folder: Path, *samples: np.ndarray, rate: int = 16_000) -> Path:
    """A float WAV of one (N,) array a channel."""
    path = folder / "float.wav"
    raw = np.stack(samples, axis=1).astype("<f4").tobytes()
    path.write_bytes(wav_bytes(raw, tag=3, bits=32, channels=len(samples), rate=rate))
    return path


def noise(count: int = 16_000, level: float = 0.1) -> np.ndarray:
    return level * np.random.default_rng(1).standard_normal(count)


@pytest.mark.parametrize("block", [1 / 16_000, 0.0371, 1.0, 10.0, 1e6])
def test_blocks_joined_are_the_whole(block: float, source: Path, tmp_path: Path) -> None:
    for path in (float_wav(tmp_path, noise(30_000), noise(30_000), rate=44_100), tmp_path / "x.mp3"):
        if path.suffix == ".mp3":
            ffmpeg("-i", source, "-t", "0.7", "-ar", "44100", path)
        blocks = list(stream_audio(path, block))
        size = max(1, round(block * 16_000))
        assert {len(b) for b in blocks[:-1]} <= {size} and 0 < len(blocks[-1]) <= size
        assert np.array_equal(np.concatenate(blocks), load_audio(path).samples)


@given(st.lists(st.integers(0, 700), min_size=1, max_size=20), st.sampled_from([4000, 16000, 44100, 96000]))
@settings(max_examples=40, deadline=None)
def test_resampling_in_pieces_is_resampling_the_whole(sizes: list[int], rate: int) -> None:
    signal = noise(sum(sizes)).astype(np.float32)
    stream, parts = ResampleStream(rate), np.split(signal, np.cumsum(sizes)[:-1])
    pieces = [stream.push(part) for part in parts[:-1]] + [stream.push(parts[-1], last=True)]
    assert np.array_equal(np.concatenate(pieces), resample(signal, rate))


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 44_100, 48_000, 192_000, 768_000])
def test_every_rate_keeps_pitch_level_and_length(rate: int, tmp_path: Path) -> None:
    t = np.arange(rate) / rate
    heard = load_audio(float_wav(tmp_path, 0.5 * np.sin(2 * np.pi * 1000 * t), rate=rate)).samples
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    assert len(heard) == 16_000
    assert heard[800:-800] == pytest.approx(expected[800:-800], abs=0.003)


def test_resample_refuses_what_is_no_rate_or_no_channel() -> None:
    with pytest.raises(BadInput, match="sample rate 0"):
        resample(np.zeros(9, np.float32), 0)
    with pytest.raises(BadInput, match=r"shape \(9, 2\)"):
        resample(np.zeros((9, 2), np.float32), 8000)


def test_clean_speech_has_no_notes(tmp_path: Path) -> None:
    assert load_audio(float_wav(tmp_path, noise())).notes == ()


@pytest.mark.parametrize(
    ("channels", "note"),
    [
        ([noise(), noise()], "2 channels were mixed to one"),
        ([np.zeros(9000)], "silent: all zeros"),
        ([noise(level=1e-5)], r"silent: peak -\d\d dBFS"),
        ([noise(level=2.0)], r"clipped: [3-6]. % of the samples"),
        ([noise(), -noise()], "the channels cancel each other"),
        ([np.where(np.arange(16_000) == 77, np.nan, noise())], "1 samples were not finite"),
        ([np.where(np.arange(16_000) == 77, np.inf, noise())], "1 samples were not finite"),
        ([np.where(np.arange(16_000) == 77, 1e30, noise())], "absurdly loud"),
    ],
)
def test_what_is_odd_is_noted(channels: list[np.ndarray], note: str, tmp_path: Path) -> None:
    heard = load_audio(float_wav(tmp_path, *channels))
    assert np.isfinite(heard.samples).all() and np.abs(heard.samples).max() <= 1
    with pytest.raises(AssertionError, match=note):
        raise AssertionError("; ".join(heard.notes))


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e30, 32767.0])
def test_samples_that_are_no_sound_are_refused(value: float, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"100 % of its samples are NaN, infinite or over 100 times"):
        load_audio(float_wav(tmp_path, np.full(4000, value)))


def test_a_constant_offset_is_no_error(tmp_path: Path) -> None:
    assert load_audio(float_wav(tmp_path, noise() + 0.3)).notes == ()


def test_an_odd_block_length_is_refused(source: Path) -> None:
    with pytest.raises(BadInput, match="block_seconds is 0"):
        stream_audio(source, 0)


def refusal(path: Path | str) -> str:
    with pytest.raises(DxtalkerError) as caught:
        load_audio(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "x.wav") == "'x.wav': there is no such file; check the path"
    assert "it is a folder" in refusal(tmp_path)
    assert "cannot be the name" in refusal("a\0b.wav")


@POSIX
def test_pipes_and_devices_are_refused_without_opening_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe, socket or device" in refusal(tmp_path / "pipe.wav")
    assert "pipe, socket or device" in refusal("/dev/zero")


@POSIX
def test_odd_names_are_only_names(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ffmpeg("-i", source, tmp_path / "plain.flac")
    monkeypatch.chdir(tmp_path)
    for name in ("-i.flac", "two\nlines.flac", "http:x.flac", "100%d.flac", "ü 'q\".flac"):
        Path(name).write_bytes((tmp_path / "plain.flac").read_bytes())
        assert load_audio(name).duration == 3.0
    Path("link.wav").symlink_to(source)
    assert load_audio("link.wav").duration == 3.0
    Path("bad\nname.wav").write_bytes(b"RIFF")
    assert refusal("bad\nname.wav").startswith(r"'bad\nname.wav': ")


@POSIX
def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "locked.wav"
    path.write_bytes(wav_bytes(bytes(64)))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in refusal(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!doctype html><html><body>404</body></html>", r"a web page \(HTML\)"),
        ("Hello, wörld\n".encode() * 400, "text"),
        (b"#EXTM3U\n#EXTINF:3,\n/etc/passwd\n", "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), r"a picture \(PNG\)"),
        (b"\xff\xd8\xff\xe0" + bytes(50), r"a picture \(JPEG\)"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50), r"a picture \(WebP\)"),
        (b"PK\x03\x04" + bytes(50), "a ZIP archive"),
    ],
)
def test_what_is_no_sound_is_named_whatever_its_name(content: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.mp3"
    path.write_bytes(content)
    with pytest.raises(Unsupported, match=f"'speech.mp3': it is {what}, whatever its name says"):
        load_audio(path)


def test_a_wav_named_mp3_is_read(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "really_wav.mp3"
    path.write_bytes(source.read_bytes())
    assert load_audio(path).duration == 3.0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
@pytest.mark.parametrize(("way", "megabytes"), [("load", 220 + 40), ("stream", 40)])
def test_an_hour_needs_no_more_memory_than_its_samples(way: str, megabytes: int, tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    with path.open("wb") as stream:
        stream.write(wav_bytes(data_size=3600 * 32_000))
        stream.truncate(44 + 3600 * 32_000)  # sparse: all zeros
    code = """if True:
        import sys, soxr
        from dxtalker.audio import load_audio, stream_audio
        peak = lambda: int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024
        before = peak()
        count = len(load_audio(sys.argv[2]).samples) if sys.argv[1] == "load" else sum(map(len, stream_audio(sys.argv[2])))
        print(count, peak() - before)
    """
    run = subprocess.run([sys.executable, "-c", code, way, path], capture_output=True, text=True, timeout=100)
    count, grown = run.stdout.split()
    assert int(count) == 3600 * 16_000
    assert float(grown) < megabytes


def test_importing_it_is_light() -> None:
    code = "import sys, dxtalker.audio; sys.exit(len({'soxr', 'imageio_ffmpeg', 'onnxruntime'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_demo_voice_is_clean() -> None:
    heard = load_audio(asset("demo.flac"))
    assert heard.duration == pytest.approx(6.05) and heard.notes == ()
