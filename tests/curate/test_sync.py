"""Sync on planted lips: what the reference expects of a real voice, made late by a known time, with noise."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dxtalker.audio import load_audio
from dxtalker.curate.settings import Settings
from dxtalker.curate.sync import (
    SyncEvidence,
    clip_confidence,
    evidence,
    judge_sync,
    pooled,
    source_offset,
)
from dxtalker.curate.sync_learn import learn
from dxtalker.curate.sync_reference import load_sync_reference
from dxtalker.errors import BadInput
from dxtalker.files import asset
from dxtalker.records import SpeechFeatures
from dxtalker.speech import listen

DATA = Path(__file__).parents[1] / "data"
VOICES = (asset("demo.flac"), DATA / "austen_0870.flac", DATA / "austen_0930.flac")
SHARED = Path(__file__).parents[3] / "shared/data"


@cache
def heard(path: Path) -> SpeechFeatures:
    return listen(load_audio(path))


def lips(path: Path, late: float, noise: float = 1.0, fps: float = 25.0, seed: int = 1) -> np.ndarray:
    """Opening (T,) at ``fps`` that follows a voice ``late`` seconds behind; noise of ``noise`` deviations."""
    reference = load_sync_reference()
    curve = reference.heard(heard(path)) @ reference.weights
    curve = curve / curve.std()
    rough = np.random.default_rng(seed).standard_normal(len(curve))
    curve = curve + noise * np.convolve(rough, [0.5, 0.7, 0.5], "same")
    seconds = np.arange(int(len(curve) / 25 * fps)) / fps
    return 3.0 + 2.0 * np.interp(seconds - late, np.arange(len(curve)) / 25, curve)


def clips(late: float, **how: float) -> list[SyncEvidence]:
    return [evidence(heard(path), lips(path, late, seed=i, **how)) for i, path in enumerate(VOICES)]


@pytest.mark.parametrize("late", [-0.2, -0.13, -0.05, 0.0, 0.06, 0.1, 0.2])
def test_a_planted_shift_is_found_between_the_frames(late: float) -> None:
    found = source_offset(clips(late, noise=0.7))
    assert found.seconds == pytest.approx(late, abs=0.012)
    assert found.confidence > 0.95
    assert found.error < 0.05


def test_faster_pictures_give_the_same_offset() -> None:
    path = VOICES[1]
    found = [
        source_offset([evidence(heard(path), lips(path, 0.09, 0.0, fps), fps)]).seconds
        for fps in (25.0, 30.0, 50.0)
    ]
    assert np.ptp(found) < 0.008


def test_a_swapped_sound_is_doubtful_and_the_right_one_is_not() -> None:
    own = evidence(heard(VOICES[0]), lips(VOICES[0], 0.1, 0.7))
    other = evidence(heard(VOICES[1]), lips(VOICES[0], 0.1, 0.7))
    offset = source_offset(clips(0.1, noise=0.7))
    assert clip_confidence(own, offset).confidence > 0.9
    assert clip_confidence(other, offset).confidence < 0.3
    assert judge_sync(own, offset, Settings()).reason == ""
    assert judge_sync(other, offset, Settings()).reason == "sync.doubtful"


def test_a_clip_away_from_its_source_is_doubtful_and_says_where_it_is() -> None:
    offset = source_offset(clips(0.0, noise=0.7))
    away = evidence(heard(VOICES[1]), lips(VOICES[1], 0.24, 0.7))
    found = clip_confidence(away, offset)
    assert found.confidence < 0.1
    assert found.lag == pytest.approx(0.24, abs=0.03)


def test_an_offset_beyond_what_is_corrected_is_named() -> None:
    far = clips(0.45, noise=0.3)
    verdict = judge_sync(far[0], source_offset(far), Settings())
    assert verdict.reason == "sync.offset"
    assert "450 ms late" in verdict.remark.replace("449", "450").replace("451", "450")


def test_less_material_is_less_certain() -> None:
    noisy = [clip_confidence(c, source_offset(clips(0.0, noise=0.7))) for c in clips(0.0, noise=2.0)]
    clear = [clip_confidence(c, source_offset(clips(0.0, noise=0.7))) for c in clips(0.0, noise=0.3)]
    for rough, fine in zip(noisy, clear, strict=True):
        assert rough.error > fine.error
        assert rough.confidence < fine.confidence


def test_lips_that_stand_still_or_only_shake_say_nothing() -> None:
    voice = heard(VOICES[1])
    still = evidence(voice, np.full(len(voice), 2.0))
    assert clip_confidence(still, source_offset([still])).confidence < 0.1
    shaking = evidence(voice, np.random.default_rng(0).standard_normal(len(voice)))
    assert source_offset([shaking]).confidence < 0.5


def test_frames_without_a_face_are_left_out() -> None:
    opening = lips(VOICES[1], 0.08, 0.3)
    opening[40:70] = np.nan
    found = evidence(heard(VOICES[1]), opening)
    assert found.seconds == pytest.approx((len(opening) - 30) / 25, abs=0.1)
    assert source_offset([found]).seconds == pytest.approx(0.08, abs=0.015)


def test_the_sums_add_up_however_clips_are_grouped() -> None:
    parts = clips(0.05, noise=0.5)
    joined = SyncEvidence(np.concatenate([part.sums for part in parts]))
    assert source_offset(parts) == source_offset([joined])


def test_refusals() -> None:
    voice = heard(VOICES[2])
    with pytest.raises(BadInput, match=r"known together for 0\.0 s"):
        evidence(voice, np.full(len(voice), np.nan))
    with pytest.raises(BadInput, match=r"expected \(frames,\)"):
        evidence(voice, np.zeros((len(voice), 3)))
    with pytest.raises(BadInput, match="without clips"):
        source_offset([])


def test_a_collection_learns_its_own_weights_and_keeps_its_zero() -> None:
    """Lips of which only the second half of what is heard tells something: the learned weights follow them better."""
    reference = load_sync_reference()
    own = replace(
        reference,
        weights=reference.weights * np.r_[0.2, np.full(len(reference.weights) - 1, 2.0)].astype(np.float32),
    )

    def one(path: Path, late: float, seed: int) -> SyncEvidence:
        curve = own.heard(heard(path)) @ own.weights
        rough = np.random.default_rng(seed).standard_normal(len(curve))
        curve = curve / curve.std() + 0.5 * rough
        at = np.arange(len(curve)) / 25
        return evidence(heard(path), np.interp(at - late, at, curve))

    sources = [[one(p, late, s) for s in range(3) for p in VOICES] for late in (-0.1, 0.0, 0.15)]
    taught = learn(sources)
    assert taught.rounds > 0
    assert taught.seconds > 60
    for clips_, late in zip(sources, (-0.1, 0.0, 0.15), strict=True):
        before, after = source_offset(clips_), source_offset(clips_, taught.reference)
        assert after.correlation > before.correlation + 0.05
        assert after.seconds == pytest.approx(late, abs=0.02)
    assert learn([sources[0][:1]]).rounds == 0  # six seconds teach nothing


@pytest.mark.shared
def test_the_known_offsets_of_three_addresses() -> None:
    """The closures of /p b m/ against phone times place them at -165, -80 and -10 ms (docs/curation.md)."""
    folder = SHARED / "us_gov"
    if not folder.is_dir():
        pytest.skip("shared/data is not here")
    from dxtalker.data.clips import FaceTrack, read_track
    from dxtalker.data.measure import measure

    for name, late in (("address_a", -0.165), ("address_b", -0.085), ("address_c", -0.015)):
        track = read_track(folder / f"{name}.npz")
        assert isinstance(track, FaceTrack)
        wave = load_audio(track.sound)
        short = replace(wave, samples=wave.samples[: 12 * wave.rate])
        found = source_offset([evidence(listen(short), measure(track, 90.0)[:, 0], track.fps)])
        assert found.seconds == pytest.approx(late, abs=0.04)


def test_a_long_source_is_pooled_in_groups_of_neighbours() -> None:
    rng = np.random.default_rng(5)
    clips = [SyncEvidence(rng.normal(size=(3, 31, 4)).astype(np.float32)) for _ in range(300)]
    blocks = np.concatenate([clip.sums for clip in clips]).astype(np.float64)
    groups = pooled(iter(clips))
    assert 60 <= len(groups) <= 120
    assert np.allclose(groups, np.add.reduceat(blocks, np.arange(0, 900, 8)))
    assert np.array_equal(pooled(clips[:40]), blocks[:120]), "few are left as they are"
