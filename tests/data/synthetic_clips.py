"""Tracked clips made from our own rig: known curves become the landmarks a tracker would have seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio, write_wav
from dxtalker.data.clips import LANDMARKER_NAMES
from dxtalker.data.measure import CHIN, CORNERS, EYES, GAPS, NOSE
from dxtalker.face.head import Head, rotation_matrix
from dxtalker.records import ARKIT_INDEX, Waveform

SPEECH = Path(__file__).parent / "austen_0870.flac"


def landmark_vertices(head: Head) -> dict[int, int]:
    """Vertex of our head for each landmark number that ``measure`` reads."""
    x = head.vertices[head.lip_pairs[:, 0], 0]
    corner = abs(float(head.vertices[head.landmarks["mouth_left"], 0]))
    pairs = [0, *(int(np.abs(x - at).argmin()) for at in (0.45 * corner, -0.45 * corner))]
    found = dict(
        zip(EYES, (head.landmarks["eye_outer_left"], head.landmarks["eye_outer_right"]), strict=True)
    )
    for (upper, lower), pair in zip(GAPS, pairs, strict=True):
        found[upper], found[lower] = (int(v) for v in head.lip_pairs[pair])
    found |= dict(zip(CORNERS, (head.landmarks["mouth_left"], head.landmarks["mouth_right"]), strict=True))
    return found | {NOSE: head.landmarks["nose_tip"], CHIN: head.landmarks["chin"]}


def mouth_motion(wave: Waveform, fps: float, seed: int) -> np.ndarray:
    """(T, 52) curves: a jaw that follows the sound's envelope, rounded now and then, still in silence."""
    rng = np.random.default_rng(seed)
    frames = int(wave.duration * fps)
    hop = wave.rate / fps
    level = np.array([np.abs(wave.samples[int(i * hop) : int((i + 1) * hop)]).mean() for i in range(frames)])
    curves = np.zeros((frames, 52), np.float32)
    curves[:, ARKIT_INDEX["jawOpen"]] = np.clip(4 * level, 0, 0.35)
    curves[:, ARKIT_INDEX["mouthPucker"]] = 0.3 * (np.sin(np.arange(frames) / fps * 5 + rng.random()) > 0.5)
    curves[:, ARKIT_INDEX["eyeBlinkLeft"]] = curves[:, ARKIT_INDEX["eyeBlinkRight"]] = (
        rng.random(frames) < 0.03
    )
    return curves


def write_clip(
    folder: Path, name: str, head: Head, seed: int, seconds: float = 3.0, fps: float = 25.0
) -> np.ndarray:
    """Write ``name``.npz and .wav; returns the curves (T, 52) that the landmarks show."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = load_audio(SPEECH)
    start = seed * 8_000 % max(1, len(whole.samples) - int(seconds * 16_000))
    wave = Waveform(whole.samples[start : start + int(seconds * 16_000)])
    write_wav(folder / f"{name}.wav", wave)
    curves = mouth_motion(wave, fps, seed)
    points = landmark_vertices(head)
    turn = rotation_matrix(np.array([0.1, -0.2, 0.05]))
    seen = np.stack([head.shape(c)[list(points.values())] for c in curves]) @ turn.T
    scores = np.zeros((len(curves), 52), np.float16)
    for column, channel in enumerate(LANDMARKER_NAMES, start=1):
        scores[:, column] = curves[:, ARKIT_INDEX[channel]]
    pose = np.tile(np.eye(4, dtype=np.float32), (len(curves), 1, 1))
    pose[:, :3, :3] = turn
    np.savez(
        folder / f"{name}.npz",
        bs=scores,
        pose=pose,
        lmk=(seen * np.array([1, -1, -1]) / 0.25 + 0.5).astype(np.float32),
        lmk_idx=np.array(list(points), np.int16),
        fps=fps,
        crop=np.array([0, 0, 256]),
        size=np.array([256, 256]),
    )
    return curves
