"""The same clip twice: a few kilobytes that tell a clip in any encoding, and the clips of a collection that share them.

Sound: the signs of how energy differs between neighbouring bands and moments (Haitsma and Kalker, A Highly Robust
Audio Fingerprinting System, ISMIR 2002), which gain, codecs and resampling hardly change while another take of the
same sentence changes half of them. Pictures: the signs of the lowest frequencies of each thumbnail.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import BadInput, LimitExceeded
from ..records import SAMPLE_RATE, Waveform

WINDOW = 6_000  # samples, 0.375 s: so long that a cut elsewhere by half a hop changes few signs
HOP = 320  # samples, 20 ms
BANDS = 33  # from 300 to 2000 Hz, which every codec and telephone keeps
FAINT = 1e-5  # power against the clip's loudest window: below it the signs are those of rounding
LEAST = 75  # frames, 1.5 s that two clips must share; less cannot be told from chance
SHARE = 0.5  # of the shorter clip's sound that must lie in the other
ERRORS = 0.34  # share of signs that may differ; measured in docs/curation.md
PICTURE_ERRORS = 20  # of 63 signs of the most alike thumbnails that may differ
COMMON = 64  # places in the collection from which one pattern of signs says nothing
VOTES = 2  # patterns that must agree on a shift before it is looked at
MAGIC = b"dxfp\x01"


@dataclass(frozen=True)
class Fingerprint:
    """What a clip sounds and looks like."""

    sound: np.ndarray  # (N,) uint32, 32 signs every 20 ms
    heard: np.ndarray  # (N,) bool, where there is sound enough for signs
    pictures: np.ndarray  # (K,) uint64, 63 signs of each thumbnail

    def to_bytes(self) -> bytes:
        """About 206 bytes a second and 8 a thumbnail."""
        return b"".join(
            (
                MAGIC,
                struct.pack("<II", len(self.sound), len(self.pictures)),
                self.sound.astype("<u4").tobytes(),
                np.packbits(self.heard).tobytes(),
                self.pictures.astype("<u8").tobytes(),
            )
        )

    @staticmethod
    def from_bytes(data: bytes) -> Fingerprint:
        """What ``to_bytes`` wrote. Raises BadInput for anything else."""
        head = len(MAGIC) + 8
        if data[: len(MAGIC)] != MAGIC or len(data) < head:
            raise BadInput("these bytes are no fingerprint of a clip; make it again from the clip")
        count, pictures = struct.unpack("<II", data[len(MAGIC) : head])
        signs, bits = head + 4 * count, -(-count // 8)
        if len(data) != signs + bits + 8 * pictures:
            raise BadInput("the fingerprint of a clip is cut short or too long; make it again from the clip")
        return Fingerprint(
            np.frombuffer(data, "<u4", count, head).astype(np.uint32),
            np.unpackbits(np.frombuffer(data, np.uint8, bits, signs), count=count).astype(bool),
            np.frombuffer(data, "<u8", pictures, signs + bits).astype(np.uint64),
        )


def fingerprint(sound: Waveform, thumbnails: Sequence[np.ndarray] = ()) -> Fingerprint:
    """Of a clip's sound at 16 kHz and any number of pictures of it, each (H, W, 3) uint8.

    Thumbnails should be cut alike about the face; without them sound decides alone. Raises BadInput for another rate.
    """
    if sound.rate != SAMPLE_RATE:
        raise BadInput(f"fingerprints need {SAMPLE_RATE} Hz; got {sound.rate} Hz: use load_audio or resample")
    signs, heard = _sound_signs(sound.samples)
    return Fingerprint(signs, heard, np.array([_picture_signs(p) for p in thumbnails], np.uint64))


def _sound_signs(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) uint32 and (N,) bool of (M,) samples."""
    windows = 1 + (len(samples) - WINDOW) // HOP
    if windows < 2:
        return np.zeros(0, np.uint32), np.zeros(0, bool)
    size = 8192
    edges = 300.0 * (2000.0 / 300.0) ** (np.arange(BANDS + 1) / BANDS)  # (34,) Hz
    bins = np.round(edges * size / SAMPLE_RATE).astype(int)
    window = np.hanning(WINDOW).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    energy = np.empty((windows, BANDS), np.float32)
    for first in range(0, windows, 256):  # bounds the memory of a long clip
        spectrum = np.abs(np.fft.rfft(cut[first : first + 256] * window, size)) ** 2
        energy[first : first + 256] = np.add.reduceat(spectrum[:, : bins[-1]], bins[:-1], axis=1)
    tilt = energy[:, :-1] - energy[:, 1:]  # (windows, 32)
    signs = np.packbits(tilt[1:] > tilt[:-1], axis=1, bitorder="little").view("<u4")[:, 0]
    loud = energy.sum(axis=1)[1:]
    return signs.astype(np.uint32), loud > max(FAINT * float(loud.max()), 1e-9)


def _picture_signs(picture: np.ndarray) -> int:
    """63 signs of the lowest frequencies of (H, W, 3) uint8 (a perceptual hash after Zauner, 2010)."""
    from PIL import Image

    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise BadInput(f"a thumbnail is {picture.dtype} {picture.shape}; expected (H, W, 3) uint8")
    grey = Image.fromarray(picture).convert("L").resize((32, 32), Image.Resampling.BOX)
    n = np.arange(32)
    cosines = np.cos(np.pi * (2 * n[None] + 1) * np.arange(8)[:, None] / 64)  # (8, 32)
    low = (cosines @ np.asarray(grey, np.float64) @ cosines.T).ravel()[1:]  # without the mean
    return int(sum(1 << i for i in np.flatnonzero(low > np.median(low))))


def find_duplicates(clips: Sequence[tuple[str, Fingerprint]]) -> dict[str, str]:
    """``name -> name of the clip kept in its stead`` for each clip that is another one again.

    A clip is one again where at least half of its sound, and 1.5 s, lies in a longer clip (of equally long ones, the
    earlier in ``clips``) and the pictures do not speak against it. Clips with less sound than that are never said to
    be duplicates. Work grows with the total length, not with the number of pairs; the same input, the same answer.
    Raises BadInput where a name comes twice.
    """
    if len({name for name, _ in clips}) < len(clips):
        raise BadInput("a name comes twice among the clips; names must be unique in a collection")
    order = sorted(range(len(clips)), key=lambda k: (-len(clips[k][1].sound), k))
    prints = [clips[k][1] for k in order]
    partners: dict[int, list[int]] = {}
    for kept, other in sorted(_pairs(prints)):
        partners.setdefault(other, []).append(kept)
    dropped: dict[int, int] = {}
    for other in sorted(partners):  # longest first: whatever is kept is known before it is asked for
        for kept in partners[other]:
            if kept not in dropped:
                dropped[other] = kept
                break
    return {clips[order[k]][0]: clips[order[kept]][0] for k, kept in sorted(dropped.items())}


def _pairs(prints: list[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Pairs (longer, shorter) of clips that are the same."""
    index = _Index(prints)
    flips = np.concatenate([[0], 1 << np.arange(32, dtype=np.uint64)]).astype(np.uint32)
    for k, one in enumerate(prints):
        at = np.flatnonzero(one.heard)
        if len(at) < LEAST:
            continue
        asked = (one.sound[at, None] ^ flips).ravel()  # (33 n,)
        asking, clip, frame = index.find(asked)
        yield from _agreeing(prints, k, clip, frame - at[asking // len(flips)])


class _Index:
    """Every sign pattern of a collection, M in all, and where it is; 12 bytes each."""

    def __init__(self, prints: list[Fingerprint]) -> None:
        counts = [int(one.heard.sum()) for one in prints]
        self._stops = np.cumsum(counts, dtype=np.int64)  # (clips,) rows up to and with each clip
        size = sum(counts)
        if size >= 1 << 32:
            raise LimitExceeded(
                "more than 20,000 hours cannot be compared at once; curate them in two folders"
            )
        self._frames = np.empty(size, np.int32)  # (M,) of its clip
        # (M,) the pattern above, the row below: numbers that can be put in order where they are.
        self._keys = np.empty(size, np.uint64)
        row = 0
        for one, count in zip(prints, counts, strict=True):
            at = np.flatnonzero(one.heard)
            self._frames[row : row + count] = at
            self._keys[row : row + count] = one.sound[at]
            row += count
        self._keys <<= np.uint64(32)
        self._keys |= np.arange(size, dtype=np.uint32)
        self._keys.sort()

    def find(self, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(Q,) uint32 patterns -> for each of H hits the number of the pattern that was asked, its clip and frame."""
        order = np.argsort(asked)  # neighbours are looked for near one another
        lower = asked[order].astype(np.uint64) << np.uint64(32)
        first = np.searchsorted(self._keys, lower)
        there = np.flatnonzero(first < len(self._keys))
        there = there[self._keys[first[there]] >> np.uint64(32) == lower[there] >> np.uint64(32)]
        first = first[there]
        many = np.searchsorted(self._keys, lower[there] | np.uint64(0xFFFFFFFF), "right") - first
        many[many > COMMON] = 0
        rows = np.repeat(first, many) + np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        rows = (self._keys[rows] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        clip = np.searchsorted(self._stops, rows, "right")
        return np.repeat(order[there], many), clip, self._frames[rows]


def _agreeing(
    prints: list[Fingerprint], k: int, clip: np.ndarray, shift: np.ndarray
) -> Iterator[tuple[int, int]]:
    """Pairs of clip ``k`` with later ones, given hits: (H,) clips and (H,) shifts in frames."""
    later = clip > k
    found, votes = np.unique(np.stack([clip[later], shift[later]]), axis=1, return_counts=True)
    best: dict[int, list[tuple[int, int]]] = {}
    for other, by, count in zip(found[0].tolist(), found[1].tolist(), votes.tolist(), strict=True):
        if count >= VOTES:
            best.setdefault(other, []).append((-count, by))
    for other, shifts in best.items():
        tried = [by + d for _, by in sorted(shifts)[:4] for d in (0, -1, 1)]
        if any(_same_sound(prints[k], prints[other], by) for by in tried) and _same_picture(
            prints[k], prints[other]
        ):
            yield k, other


def _same_sound(one: Fingerprint, other: Fingerprint, shift: int) -> bool:
    """Whether frame ``i`` of ``one`` is frame ``i + shift`` of ``other``."""
    first, last = max(0, -shift), min(len(one.sound), len(other.sound) - shift)
    if last - first < LEAST:
        return False
    here, there = slice(first, last), slice(first + shift, last + shift)
    both = one.heard[here] & other.heard[there]
    shared = int(both.sum())
    if shared < max(LEAST, SHARE * min(int(one.heard.sum()), int(other.heard.sum()))):
        return False
    wrong = np.bitwise_count(one.sound[here] ^ other.sound[there])[both].sum()
    return bool(wrong <= ERRORS * 32 * shared)


def _same_picture(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether some thumbnail of one is like some of the other; without thumbnails nothing is said against it."""
    if not len(one.pictures) or not len(other.pictures):
        return True
    apart = np.bitwise_count(one.pictures[:, None] ^ other.pictures[None])  # (K, L)
    return int(apart.min()) <= PICTURE_ERRORS
