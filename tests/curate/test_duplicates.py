from __future__ import annotations

import numpy as np
import pytest

from dxtalker.audio.resample import resample
from dxtalker.curate.duplicates import Fingerprint, find_duplicates, fingerprint
from dxtalker.errors import BadInput
from dxtalker.records import Waveform


def picture(seed: int, side: int = 96) -> np.ndarray:
    """(side, side, 3) uint8: a few soft blobs, the same at any side."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    grey = sum(
        rng.normal() * np.exp(-20 * ((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2)) for _ in range(9)
    )
    scaled = 255 * (grey - np.min(grey)) / np.ptp(grey)
    return np.repeat(scaled[..., None], 3, axis=2).astype(np.uint8)


def altered(wave: Waveform, trim: float) -> Waveform:
    """Cut at both ends, quieter, through a telephone and with a little noise."""
    cut = wave.samples[int(trim * 16_000) : -int(0.3 * trim * 16_000) - 1]
    telephone = resample(resample(cut, 16_000, 8_000), 8_000, 16_000)
    noise = np.random.default_rng(3).standard_normal(len(telephone))
    return Waveform((0.3 * telephone + 0.0005 * noise).astype(np.float32))


def test_a_clip_is_found_again(demo_wave: Waveform, long_wave: Waveform) -> None:
    other = Waveform(long_wave.samples[len(demo_wave.samples) :])
    clips = [
        ("cut", fingerprint(altered(demo_wave, 1.7))),
        ("first", fingerprint(demo_wave)),
        ("other", fingerprint(other)),
        ("again", fingerprint(Waveform(demo_wave.samples * np.float32(0.5)))),
    ]
    expected = {"cut": "first", "again": "first"}
    assert find_duplicates(clips) == expected
    assert find_duplicates(clips) == expected
    assert find_duplicates(clips[1:2] + clips[2:]) == {"again": "first"}


def test_another_view_of_the_same_sound_is_kept(demo_wave: Waveform) -> None:
    one = fingerprint(demo_wave, [picture(1)])
    scaled = fingerprint(demo_wave, [picture(2), picture(1, 60)])
    elsewhere = fingerprint(demo_wave, [picture(7)])
    assert find_duplicates([("a", one), ("b", scaled)]) == {"b": "a"}
    assert find_duplicates([("a", one), ("b", elsewhere)]) == {}


def test_silence_and_hum_are_no_duplicates(demo_wave: Waveform) -> None:
    silence = Waveform(np.zeros(160_000, np.float32))
    short = Waveform(demo_wave.samples[:16_000])
    prints = [("a", silence), ("b", silence), ("c", short), ("d", short)]
    assert find_duplicates([(name, fingerprint(wave)) for name, wave in prints]) == {}
    assert find_duplicates([]) == {}


def test_bytes_and_back(demo_wave: Waveform) -> None:
    first = fingerprint(demo_wave, [picture(1), picture(2)])
    data = first.to_bytes()
    assert len(data) < 220 * demo_wave.duration
    again = Fingerprint.from_bytes(data)
    assert again.to_bytes() == data
    assert (again.sound == first.sound).all() and (again.heard == first.heard).all()
    for broken in (b"", data[:-1], data + b"x", b"no" + data):
        with pytest.raises(BadInput, match="fingerprint"):
            Fingerprint.from_bytes(broken)


def test_refusals(demo_wave: Waveform) -> None:
    with pytest.raises(BadInput, match="16000 Hz"):
        fingerprint(Waveform(demo_wave.samples, 8_000))
    with pytest.raises(BadInput, match="thumbnail"):
        fingerprint(demo_wave, [np.zeros((4, 4), np.uint8)])
    one = fingerprint(demo_wave)
    with pytest.raises(BadInput, match="twice"):
        find_duplicates([("a", one), ("a", one)])
