"""The WAV reader and writer: what is read, what is remarked, what is refused."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from audio_files import chunk, wav_bytes

from dxtalker.audio import load_audio, write_wav
from dxtalker.audio.wav import GUID_TAIL, parse_wav, read_frames
from dxtalker.errors import BadInput, LimitExceeded, Unsupported
from dxtalker.records import Waveform

RAMP = np.linspace(-1, 1, 1001)


def read(content: bytes) -> np.ndarray:
    """(n, channels) as the reader gives them."""
    stream = io.BytesIO(content)
    wav = parse_wav(stream, len(content))
    return np.concatenate([np.empty((0, wav.channels)), *read_frames(stream, wav)])


def load(tmp_path: Path, content: bytes, name: str = "x.wav") -> Waveform:
    path = tmp_path / name
    path.write_bytes(content)
    return load_audio(path)


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_integer_samples_of_every_width(bits: int) -> None:
    whole = np.clip(np.rint(RAMP * 2 ** (bits - 1)), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype(np.int64)
    raw = (whole + 128 if bits == 8 else whole).astype("<i8").view(np.uint8).reshape(-1, 8)[:, : bits // 8]
    assert read(wav_bytes(raw.tobytes(), bits=bits))[:, 0] == pytest.approx(
        RAMP, abs=max(1e-7, 2.0 ** (2 - bits))
    )


@pytest.mark.parametrize("bits", [32, 64])
def test_float_samples(bits: int) -> None:
    raw = RAMP.astype(f"<f{bits // 8}").tobytes()
    assert read(wav_bytes(raw, tag=3, bits=bits))[:, 0] == pytest.approx(RAMP, abs=1e-7)


def test_extensible_header_and_other_chunks_in_front() -> None:
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 16000, 64000, 4, 16, 22, 16, 3, 1) + GUID_TAIL
    body = b"WAVE" + chunk(b"JUNK", b"odd") + chunk(b"fmt ", form) + chunk(b"LIST", bytes(26))
    body += chunk(b"data", struct.pack("<4h", 1, 2, 3, 4))
    assert read(b"RIFF" + struct.pack("<I", len(body)) + body).tolist() == [
        [1 / 32768, 2 / 32768], [3 / 32768, 4 / 32768],
    ]  # fmt: skip


def test_sizes_beyond_4_gb_come_from_ds64() -> None:
    ds64 = struct.pack("<QQQI", 0, 4, 2, 0)
    body = b"WAVE" + chunk(b"ds64", ds64) + wav_bytes()[12:36] + b"data\xff\xff\xff\xff" + bytes(8)
    assert len(read(b"RF64\xff\xff\xff\xff" + body)) == 2


@pytest.mark.parametrize("sizes", [{"data_size": 0xFFFFFFFF}, {"data_size": 0, "riff_size": 0}])
def test_an_unfinished_header_is_read_to_the_end(sizes: dict[str, int]) -> None:
    assert len(read(wav_bytes(bytes(3201), **sizes))) == 1600  # the odd byte is no sample


def test_a_short_file_gives_what_is_there_and_a_note(tmp_path: Path) -> None:
    heard = load(tmp_path, wav_bytes(bytes(range(200)) * 80, data_size=64000))
    assert heard.duration == 0.5
    assert heard.notes == ("the file ends early: 0.50 s of 2.00 s are there",)


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (wav_bytes(bytes(99), rate=1), BadInput, "sample rate is 1 Hz; expected 4,000 to 768,000 Hz"),
        (wav_bytes(bytes(99), rate=2_000_000_000), BadInput, "2,000,000,000 Hz"),
        (wav_bytes(bytes(2000), channels=1000), LimitExceeded, "1,000 channels; at most 64"),
        (wav_bytes(bytes(99), channels=0), BadInput, "0 channels"),
        (wav_bytes(bytes(99), bits=0), BadInput, "0-bit"),
        (wav_bytes(bytes(99), tag=3, bits=16), BadInput, "16-bit float"),
        (wav_bytes(bytes(99), tag=0x1234), Unsupported, "format 0x1234"),
        (wav_bytes(), BadInput, "no sound"),
        (wav_bytes()[:20], BadInput, "'fmt ' chunk claims 16 bytes where 0 are left"),
        (wav_bytes()[:36], BadInput, "no 'data' chunk"),
        (b"RIFF", BadInput, "ends inside the RIFF header"),
        (wav_bytes(before=chunk(b"LIST", b"INFO", 2**32 - 1)), BadInput, "'LIST' chunk claims 4,294,967,295"),
        (wav_bytes(before=chunk(b"\xff\0\1\2", b"", 77)), BadInput, "its unknown chunk claims 77 bytes"),
        (wav_bytes(before=chunk(b"JUNK", b"") * 1000), BadInput, "more than 1,000 chunks"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", bytes(64)), BadInput, "before their description"),
    ],
)
def test_refusals_name_the_file_and_the_reason(
    content: bytes, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words) as caught:
        load(tmp_path, content, "talk.wav")
    assert str(caught.value).startswith("'talk.wav': ") and "\n" not in str(caught.value)


def test_more_than_twelve_hours_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as stream:
        stream.write(wav_bytes(rate=4000, bits=8, data_size=2**32 - 1))
        stream.truncate(4000 * 3600 * 12 + 5000)  # sparse
    with pytest.raises(LimitExceeded, match="longer than 12 hours"):
        load_audio(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    write_wav(path, Waveform(np.array([0, 0.5, -0.5, 1, -1, 2, -2], np.float32)))
    assert path.stat().st_size == 44 + 14
    assert load_audio(path).samples == pytest.approx([0, 0.5, -0.5, 1, -1, 1, -1], abs=1e-4)
    assert [p.name for p in tmp_path.iterdir()] == ["out.wav"]


def test_writing_into_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        write_wav(tmp_path / "nowhere" / "out.wav", Waveform(np.zeros(4, np.float32)))
