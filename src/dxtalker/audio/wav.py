"""RIFF/WAV in and out: headers are walked under strict bounds, and nothing is allocated from what they say."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import BadInput, LimitExceeded, Unsupported
from ..files import atomic_path
from ..records import Waveform
from .limits import check_layout

BLOCK_BYTES = 1 << 18  # read at once
MAX_CHUNKS = 1_000  # chunks walked before the samples; real files have fewer than twenty
UNKNOWN = 0xFFFFFFFF  # "size unknown", written by programs that stream to a pipe
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # KSDATAFORMAT_SUBTYPE_*, after the format tag
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
CODED = {2, 6, 7, 0x11, 0x16, 0x31, 0x50, 0x55, 0xFF, 0x2000}  # ADPCM, A-law, mu-law, GSM, MPEG, AAC, AC-3


@dataclass(frozen=True)
class WavFormat:
    """Where the samples of a WAV stream lie and how they are written."""

    rate: int  # Hz
    channels: int
    kind: str  # "int", "float", or "coded": valid, but for another decoder
    width: int  # bytes a sample
    frames: int | None = None  # samples per channel that are there; None: until the stream ends
    promised: int | None = None  # samples per channel that the header promises, where it says

    @property
    def frame_bytes(self) -> int:
        return self.width * self.channels


def parse_wav(stream: BinaryIO, size: int | None) -> WavFormat:
    """Read headers up to the first sample, where the stream is left.

    ``size`` is the length of the file in bytes; None for a pipe. Raises BadInput with the reason when the
    file is malformed, Unsupported for an unknown encoding, LimitExceeded for too many channels.
    """
    start = stream.read(12)
    if len(start) < 12 or start[:4] not in (b"RIFF", b"RF64", b"BW64") or start[8:] != b"WAVE":
        raise BadInput("it ends inside the RIFF header or has none; expected a WAV file")
    riff_size = struct.unpack("<I", start[4:8])[0]
    layout: WavFormat | None = None
    long_data: int | None = None  # bytes of samples, from the ds64 chunk of files beyond 4 GB
    position = 12
    for _ in range(MAX_CHUNKS):
        head = stream.read(8)
        position += 8
        if len(head) < 8:
            raise BadInput("it has no 'data' chunk with sound; the file is cut off or was never finished")
        name, length = struct.unpack("<4sI", head)
        left = None if size is None else max(0, size - position)
        if name == b"data":
            if layout is None:
                raise BadInput("its samples come before their description ('fmt ' chunk); export it again")
            unknown = length == UNKNOWN or (length == 0 and riff_size <= position)
            declared = long_data if long_data is not None else (None if unknown else length)
            return _with_length(layout, declared, left)
        if left is not None and length > left:
            raise BadInput(
                f"its {_shown(name)} chunk claims {length:,} bytes where {left:,} are left; the file is damaged"
            )
        body = stream.read(min(length, 40)) if name in (b"fmt ", b"ds64") else b""
        if name == b"fmt ":
            layout = _parse_format(body)
        elif name == b"ds64" and len(body) >= 16:
            long_data = struct.unpack("<Q", body[8:16])[0]
        _skip(stream, length + length % 2 - len(body))
        position += length + length % 2
    raise BadInput(f"it has more than {MAX_CHUNKS:,} chunks before its samples; the file is damaged")


def read_frames(stream: BinaryIO, wav: WavFormat) -> Iterator[np.ndarray]:
    """Yield (n, channels) float32 blocks, full scale -1..1 (float files may exceed it), until the samples end."""
    step = max(1, BLOCK_BYTES // wav.frame_bytes)  # frames
    left = wav.frames
    while left is None or left > 0:
        raw = stream.read((step if left is None else min(step, left)) * wav.frame_bytes)
        count = len(raw) // wav.frame_bytes
        if count == 0:
            return
        yield _to_float(raw[: count * wav.frame_bytes], wav).reshape(count, wav.channels)
        left = None if left is None else left - count


def write_wav(path: Path | str, waveform: Waveform) -> None:
    """Write ``waveform`` as 16-bit mono PCM; samples beyond full scale are clipped.

    The file appears whole or not at all. Raises BadInput when the folder is missing or not writable,
    LimitExceeded beyond the 4 GB that a WAV header can state.
    """
    count = 2 * len(waveform.samples)
    if count + 36 > UNKNOWN:
        raise LimitExceeded("the sound is too long for a WAV file (4 GB); write it in parts")
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", count + 36, b"WAVE", b"fmt ", 16, PCM, 1, waveform.rate, 2 * waveform.rate, 2, 16,
        b"data", count,
    )  # fmt: skip
    with atomic_path(Path(path)) as temporary, temporary.open("wb") as stream:
        stream.write(header)
        for begin in range(0, len(waveform.samples), BLOCK_BYTES):
            block = np.clip(waveform.samples[begin : begin + BLOCK_BYTES], -1.0, 1.0)
            stream.write(np.rint(block * 32767).astype("<i2").tobytes())


def _parse_format(body: bytes) -> WavFormat:
    if len(body) < 16:
        raise BadInput(f"its 'fmt ' chunk has {len(body)} bytes; expected 16 or more")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == EXTENSIBLE:
        if len(body) < 40 or body[26:40] != GUID_TAIL:
            raise Unsupported("its extensible 'fmt ' chunk names no known encoding; export it as 16-bit PCM")
        tag = struct.unpack("<H", body[24:26])[0]
    check_layout(rate, channels)
    if tag in CODED:
        return WavFormat(rate, channels, "coded", 0)
    width = -(-bits // 8)
    if tag not in (PCM, FLOAT):
        raise Unsupported(f"its encoding (WAV format {tag:#06x}) is not known; export it as 16-bit PCM")
    if width not in ((1, 2, 3, 4) if tag == PCM else (4, 8)):
        kind = "integer" if tag == PCM else "float"
        raise BadInput(
            f"its header says {bits}-bit {kind} samples; expected PCM of 8 to 32 bits or float of 32 or 64"
        )
    if frame_bytes != width * channels:
        raise BadInput(
            f"its header contradicts itself: {frame_bytes} bytes a frame, but {channels} channels of {bits} bits"
        )
    return WavFormat(rate, channels, "int" if tag == PCM else "float", width)


def _with_length(wav: WavFormat, declared: int | None, left: int | None) -> WavFormat:
    """Frames that are there (``left`` bytes of file) against those that the header declares (bytes)."""
    if wav.kind == "coded":
        return wav
    known = [n for n in (declared, left) if n is not None]
    frames = min(known) // wav.frame_bytes if known else None
    promised = None if declared is None else declared // wav.frame_bytes
    return WavFormat(wav.rate, wav.channels, wav.kind, wav.width, frames, promised)


def _to_float(raw: bytes, wav: WavFormat) -> np.ndarray:
    """Interleaved samples -> (n * channels,) float32."""
    if wav.kind == "float":
        with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes infinite
            return np.frombuffer(raw, f"<f{wav.width}").astype(np.float32)
    if wav.width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    if wav.width == 3:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return wide.view("<i4")[:, 0].astype(np.float32) / 2**31
    return np.frombuffer(raw, f"<i{wav.width}").astype(np.float32) / 2 ** (8 * wav.width - 1)


def _skip(stream: BinaryIO, count: int) -> None:
    if stream.seekable():
        stream.seek(count, 1)
        return
    while count > 0 and (passed := len(stream.read(min(count, BLOCK_BYTES)))):
        count -= passed


def _shown(name: bytes) -> str:
    return repr(name.decode()) if name.isascii() and name.decode().isprintable() else "unknown"
