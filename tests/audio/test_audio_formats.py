"""Every container gives back the same sound at the same time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio_files import TONE, TONE_LEVEL, delay, ffmpeg, marked_tone

from dxtalker.audio import load_audio
from dxtalker.records import SAMPLE_RATE

BOTH = "pan=stereo|c0=c0|c1=c0"

# Name and how to encode it. All state the delay of their encoder, so sound comes back in its place.
KINDS = {
    "pcm16.wav": ["-ar", "44100"],
    "pcm24.wav": ["-ar", "48000", "-af", BOTH, "-c:a", "pcm_s24le"],
    "alaw.wav": ["-ar", "8000", "-c:a", "pcm_alaw"],
    "adpcm.wav": ["-c:a", "adpcm_ms"],
    "lossless.flac": ["-ar", "44100", "-af", BOTH],
    "speech.mp3": ["-ar", "44100", "-b:a", "128k"],
    "vorbis.ogg": ["-ar", "44100", "-c:a", "libvorbis"],
    "speech.opus": ["-c:a", "libopus"],
    "opus.ogg": ["-c:a", "libopus"],
    "aac.m4a": ["-ar", "44100", "-c:a", "aac"],
    "alac.m4a": ["-c:a", "alac"],
    "opus.webm": ["-c:a", "libopus"],
    "speech.aiff": [],
    "speech.au": [],
    "speech.caf": [],
}
VIDEO = ["-f", "lavfi", "-i", "color=c=black:s=32x32:r=25:d=3"]
VIDEOS = {
    "clip.mp4": ["-c:v", "libx264", "-ar", "44100", "-c:a", "aac"],
    "clip.mov": ["-c:v", "libx264", "-c:a", "pcm_s16le"],
    "clip.mkv": ["-c:v", "libx264", "-c:a", "libopus"],
    "clip.webm": ["-c:v", "libvpx", "-c:a", "libopus"],
    "clip.ts": ["-c:v", "libx264", "-ar", "48000", "-c:a", "aac"],
}


def level_at(samples: np.ndarray, frequency: float) -> float:
    """Peak level of one frequency between 1.3 and 2.1 s, where the tone is alone."""
    part = samples[round(1.3 * SAMPLE_RATE) : round(2.1 * SAMPLE_RATE)]
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(part)) / SAMPLE_RATE)
    return 2 * abs(np.mean(part * turn))


@pytest.mark.parametrize("name", KINDS)
def test_sound_comes_back_in_its_place(name: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    ffmpeg("-i", source, *KINDS[name], path)
    heard = load_audio(path)
    assert heard.rate == SAMPLE_RATE and heard.samples.dtype == np.float32
    assert heard.duration == pytest.approx(3.0, abs=0.06)
    assert abs(delay(marked_tone(), heard.samples)) < 5
    assert level_at(heard.samples, TONE) == pytest.approx(TONE_LEVEL, rel=0.1)
    assert level_at(heard.samples, 2 * TONE) < 0.02


@pytest.mark.parametrize("late", [0.0, 0.5])
@pytest.mark.parametrize("name", VIDEOS)
def test_the_sound_of_a_video_keeps_its_time(name: str, late: float, source: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    ffmpeg(*VIDEO, "-itsoffset", str(late), "-i", source, *VIDEOS[name], path)
    heard = load_audio(path)
    # A transport stream that starts with its sound counts from the encoder's delay (21 ms).
    allowed = 25 if name.endswith(".ts") and not late else 5
    assert abs(delay(marked_tone(), heard.samples) - 1000 * late) < allowed
    assert heard.duration == pytest.approx(3.0 + late, abs=0.06)
    assert not np.any(np.abs(heard.samples[: max(0, round((late - 0.03) * SAMPLE_RATE))]) > 1e-3)


def test_a_gap_in_a_recording_stays_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "gap.mkv"
    tone = "sine=300:duration=4:sample_rate=16000"
    ffmpeg("-f", "lavfi", "-i", tone, "-af", "aselect='not(between(t,1,2))'", "-c:a", "pcm_s16le", path)
    heard = load_audio(path)
    assert heard.duration == pytest.approx(4.0, abs=0.06)
    assert np.abs(heard.samples[SAMPLE_RATE + 2000 : 2 * SAMPLE_RATE - 2000]).max() < 1e-3


def test_a_change_of_format_within_a_file_adds_nothing(source: Path, tmp_path: Path) -> None:
    first, second, both = (tmp_path / f"{name}.mp3" for name in ("first", "second", "both"))
    ffmpeg("-i", source, "-ar", "44100", first)
    ffmpeg("-i", source, "-ar", "22050", "-ac", "2", second)
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert load_audio(both).duration == pytest.approx(6.0, abs=0.15)


def test_many_channels_are_mixed_by_their_mean(tmp_path: Path) -> None:
    path = tmp_path / "surround.flac"
    ffmpeg("-f", "lavfi", "-i", f"sine={TONE}:d=3:r=48000", "-af", "pan=5.1|c2=c0", path)
    heard = load_audio(path)
    assert heard.notes == ("6 channels were mixed to one",)
    assert level_at(heard.samples, TONE) == pytest.approx(0.125 / 6, rel=0.02)  # ffmpeg's sine peaks at 1/8


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    ffmpeg(*VIDEO, "-c:v", "libx264", path)
    with pytest.raises(Exception, match=r"'mute.mp4': it holds no audio track"):
        load_audio(path)


def test_a_video_cut_before_its_index_says_so(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    ffmpeg(*VIDEO, "-i", source, "-c:v", "libx264", "-c:a", "aac", path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Exception, match=r"'cut.mp4': it is cut short .*moov.*again"):
        load_audio(path)
