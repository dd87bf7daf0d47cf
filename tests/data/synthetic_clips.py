"""Tracked clips made from our own rig: known curves become the landmarks a tracker would have seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio, write_wav
from dxtalker.data.clips import LANDMARKER_NAMES
from dxtalker.face.expression import load_expression_model
from dxtalker.face.fit import load_landmark_model
from dxtalker.face.head import Head, rotation_matrix
from dxtalker.face.lips import GAPS, SIDE
from dxtalker.records import ARKIT_INDEX, Waveform

SPEECH = Path(__file__).parent / "austen_0870.flac"


def landmarks_of(head: Head, shapes: list[np.ndarray]) -> np.ndarray:
    """(T, L, 3) metres, the landmarks that labels are read from; those of the inner lips lie on the lips' edges."""
    numbers, model = load_expression_model().landmarks, load_landmark_model()
    seen = np.stack([model.points(vertices)[numbers] for vertices in shapes])
    at_x = head.vertices[head.lip_pairs[:, 0], 0]
    corner = abs(float(head.vertices[head.landmarks["mouth_left"], 0]))
    for pair, x in zip(GAPS, (0, SIDE * corner, -SIDE * corner), strict=True):
        place = head.lip_pairs[int(np.abs(at_x - x).argmin())] if x else head.lip_pairs[0]
        seen[:, np.searchsorted(numbers, pair)] = np.stack(shapes)[:, place]
    return seen


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
    turn = rotation_matrix(np.array([0.1, -0.2, 0.05]))
    seen = landmarks_of(head, [head.shape(c) for c in curves]) @ turn.T
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
        lmk_idx=load_expression_model().landmarks.astype(np.int16),
        fps=fps,
        crop=np.array([0, 0, 256]),
        size=np.array([256, 256]),
    )
    return curves
