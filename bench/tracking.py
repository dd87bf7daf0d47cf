"""How well a face is followed: speed, and the lip opening against another tracker's landmarks on real clips.

python bench/tracking.py drawn                              # known truth: R, slope, RMS for each group of channels
python bench/tracking.py phones.json ../shared/data/grid_s1 # closures; phones as in data/phones.py
python bench/tracking.py crops ../shared/data/grid_s1 phones.json 5  # every 5th clip, the speaker met once
python bench/tracking.py ../shared/data/raw_video ../shared/data/grid_s1 ../shared/data/us_gov
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from dxtalker.data.clips import FaceTrack, read_track
from dxtalker.data.labels import fitted_curves, head_angles
from dxtalker.data.measure import measure
from dxtalker.data.phones import LIPS_MEET, Phone, read_phones
from dxtalker.face.expression import EYE_MM, align, load_expression_model
from dxtalker.face.fit import EYE_DISTANCE, OUTER_EYES, Fitter
from dxtalker.face.head import Head
from dxtalker.face.identity import IdentitySpace
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.likeness import Sculptor
from dxtalker.face.lips import lip_gaps
from dxtalker.face.people import random_person, random_weights
from dxtalker.face.seen import STEP, Seen, Watch
from dxtalker.face.speaker import meet
from dxtalker.face.track import follow_seen, track, track_video
from dxtalker.face.video import open_video
from dxtalker.records import ARKIT_INDEX, ARKIT_NAMES, BLINK, MOUTH, Motion, channels
from dxtalker.render.camera import portrait
from dxtalker.render.frames import draw_motion
from dxtalker.render.renderer import make_renderer

MOST = 6  # clips
PEOPLE, FRAMES, CALM, FPS = 4, 100, 20, Fraction(25)  # drawn
# Groups of channels that are drawn: strength and hertz.
DRAWN = {
    "jawOpen": (0.3, 2.5), "mouthFunnel": (0.35, 0.8), "mouthPucker": (0.35, 0.9), "mouthSmile": (0.35, 0.4),
    "mouthStretch": (0.3, 0.8), "mouthPress": (0.3, 0.7), "mouthRoll": (0.3, 0.7), "mouthLowerDown": (0.35, 1.0),
    "mouthUpperUp": (0.3, 0.9), "browInnerUp": (0.4, 0.4), "browOuterUp": (0.4, 0.35), "browDown": (0.4, 0.3),
    "cheekSquint": (0.4, 0.35), "noseSneer": (0.3, 0.4), "eyeBlink": (0.5, 0.6),
}  # fmt: skip
SIDES = (".mpg", ".mp4", ".mkv")


def compare(video: Path, track_file: Path, sculptor: Sculptor) -> None:
    theirs = read_track(track_file)
    assert isinstance(theirs, FaceTrack)
    began = time.perf_counter()
    ours = track_video(video, sculptor)
    took = time.perf_counter() - began
    head = sculptor.space.head(ours.weights)
    count = min(len(ours.motion), len(theirs.scores))
    opening = head.opening(ours.motion.curves)[:count]
    gap = measure(theirs, head.eye_distance)[:count, 0]
    label = head.opening(fitted_curves(theirs, sculptor.space.base))[:count]
    ours_turn = ours.motion.rotation[:count] - ours.motion.rotation[:count].mean(0)
    turn = np.degrees(ours_turn - head_angles(theirs.rotation[:count]))
    blink = ours.motion.curves[:count, BLINK].mean(1)
    score = theirs.scores[:count, BLINK].mean(1)
    jaw = ARKIT_INDEX["jawOpen"]
    print(
        f"{video.stem:10s} {len(ours.motion) / took:5.1f} fps  error {np.nanmean(ours.error):.2f} px"
        f"  opening R {np.corrcoef(opening, gap)[0, 1]:.3f} slope {np.polyfit(gap, opening, 1)[0]:.2f}"
        f" at rest {opening[gap < np.percentile(gap, 20)].mean():+.2f} mm  labels' R {np.corrcoef(label, gap)[0, 1]:.3f}"
        f"  jaw R {np.corrcoef(ours.motion.curves[:count, jaw], theirs.scores[:count, jaw])[0, 1]:.3f}"
        f"  blink R {np.corrcoef(blink, score)[0, 1]:.3f} (peak {blink.max():.2f}, score {score.max():.2f},"
        f" median {np.median(blink):.2f})  turn off by {np.sqrt((turn**2).mean(0)).round(2).tolist()} deg"
        f" range {np.degrees(np.ptp(ours.motion.rotation, axis=0)).round(1).tolist()}  {' '.join(ours.notes)}"
    )


def drawn_clip(space: IdentitySpace, seed: int) -> tuple[Motion, Head, list[np.ndarray]]:
    """Someone new who talks, makes faces, blinks and turns: smooth random curves, and what a camera sees."""
    rng = np.random.default_rng(seed)
    head = space.head(random_weights(rng, space.names, random_person(rng)))
    at = np.arange(FRAMES) / float(FPS)
    curves = np.zeros((FRAMES, len(ARKIT_NAMES)), np.float32)
    for prefix, (strength, hertz) in DRAWN.items():
        waves = sum(np.sin(2 * np.pi * (hertz * rng.uniform(0.5, 1.3) * at + rng.random())) for _ in range(3))
        value = strength * np.clip(np.asarray(waves) - 0.6, 0, None)
        curves[:, channels(prefix)] = np.clip(value, 0, 1)[:, None]
    curves[:, ARKIT_INDEX["mouthClose"]] = (
        np.clip(np.sin(2 * np.pi * 1.1 * at), 0, 1) * curves[:, ARKIT_INDEX["jawOpen"]]
    )
    curves[:CALM] *= np.linspace(0, 1, CALM)[:, None] ** 4
    turn = np.stack(
        [
            a * np.sin(2 * np.pi * h * at + rng.random() * 6)
            for a, h in ((0.1, 0.3), (0.2, 0.23), (0.06, 0.4))
        ],
        1,
    )
    motion = Motion(curves, turn.astype(np.float32), np.zeros((FRAMES, 3), np.float32), FPS)
    looks = replace(head, albedo=head.albedo.copy())
    tint = rng.uniform([0.45, 0.4, 0.35], [1.0, 0.95, 0.95])
    looks.albedo[..., :3] = (looks.albedo[..., :3] * tint).astype(np.uint8)
    renderer = make_renderer(looks, portrait(head, (320, 320)))
    frames = [frame[..., :3].copy() for frame in draw_motion(head, motion, renderer)]
    renderer.close()
    return motion, head, frames


def drawn(sculptor: Sculptor, seeds: range) -> None:
    """People that are not among those the models were learned from."""
    true, found, opening, error, turn = [], [], [], [], []
    for seed in seeds:
        motion, head, frames = drawn_clip(sculptor.space, seed)
        result = track(frames, sculptor.landmarker, sculptor.fitter, FPS)
        own = sculptor.space.head(result.weights)
        true.append(motion.curves)
        found.append(result.motion.curves)
        opening.append(np.stack([head.opening(motion.curves), own.opening(result.motion.curves)]))
        error.append(result.error)
        off = np.degrees(result.motion.rotation - motion.rotation)
        turn.append(np.sqrt(((off - off.mean(0)) ** 2).mean(0)))
    a, b = np.concatenate(true), np.concatenate(found)
    real, seen = np.concatenate(opening, axis=1)
    closed = real < 0.5
    print(
        f"opening R {np.corrcoef(real, seen)[0, 1]:.2f} slope {np.polyfit(real, seen, 1)[0]:.2f}"
        f" RMS {np.sqrt(((real - seen) ** 2).mean()):.2f} mm, where closed {np.abs(seen[closed]).mean():.2f} mm;"
        f" landmarks {np.mean(np.concatenate(error)):.2f} px; turn {np.mean(turn, axis=0).round(2).tolist()} degrees"
    )
    for prefix in DRAWN:
        x, y = a[:, channels(prefix)].ravel(), b[:, channels(prefix)].ravel()
        print(
            f"  {prefix:15s} R {np.corrcoef(x, y)[0, 1]:5.2f}  slope {np.polyfit(x, y, 1)[0]:5.2f}"
            f"  RMS {np.sqrt(((x - y) ** 2).mean()):.3f} (true {x.std():.3f})"
        )


def closures(folder: Path, phones: Path, head: Head) -> None:
    """Share of /p b m/ with a frame whose lips are together, and how much the mouth's channels move."""
    spoken, results = read_phones(phones), {"labels": [0, 0], "scores": [0, 0]}
    moved, scored = [], []
    for name, heard in spoken.items():
        if not (folder / f"{name}.npz").is_file():
            continue
        clip = read_track(folder / f"{name}.npz")
        assert isinstance(clip, FaceTrack)
        labels = fitted_curves(clip, head)
        moved.append(labels)
        scored.append(clip.scores)
        at = np.arange(len(labels)) / clip.fps
        for kind, curves in (("labels", labels), ("scores", clip.scores)):
            opening = head.opening(curves)
            for start, end in meets(heard):
                here = (at >= start) & (at <= end)
                if here.any():
                    results[kind][0] += int(opening[here].min() <= 1.0)
                    results[kind][1] += 1
    for kind, (closed, count) in results.items():
        print(f"{kind}: {closed} of {count} /p b m/ closed ({closed / max(count, 1):.2f})")
    for name in ("mouthPressLeft", "mouthRollLower", "mouthRollUpper", "mouthFunnel", "mouthPucker", "mouthLowerDownLeft",
                 "mouthUpperUpLeft", "mouthClose", "jawOpen", "mouthSmileLeft", "mouthStretchLeft", "mouthShrugLower"):  # fmt: skip
        i = ARKIT_INDEX[name]
        print(
            f"  {name:20s} std {np.concatenate(moved)[:, i].std():.3f}, score {np.concatenate(scored)[:, i].std():.3f}"
        )


def meets(heard: tuple[Phone, ...]) -> Iterator[tuple[float, float]]:
    """When lips are to be closed: /p b m/ and 40 ms to either side."""
    for phone in heard:
        if phone.name in LIPS_MEET:  # an aligner gives the silence before a stop to it: its last 0.12 s count
            yield max(phone.start, phone.end - 0.12) - 0.04, phone.end + 0.04


def crops(sculptor: Sculptor, clips: dict[str, Seen], phones: dict[str, tuple[Phone, ...]]) -> None:
    """One speaker's clips at 25 fps against the landmarks; the landmarker's own scores beside it."""
    fitter = sculptor.fitter
    began = time.process_time()
    person = meet(list(clips.values()), fitter)
    met = time.process_time() - began
    head, known = sculptor.space.head(person.weights), fitter.pinned(person.code)
    numbers, model = load_expression_model().landmarks, load_expression_model()
    error, opening, gap, curves, spent = {}, {}, {}, {}, 0.0
    closed, asked = {"track": 0, "scores": 0}, 0
    for name, seen in clips.items():
        began = time.process_time()
        found = follow_seen(seen, fitter, FPS, known=person)
        spent += time.process_time() - began
        face = align(seen.points[:, numbers] * STEP, model, person.rest.own)
        parted = lip_gaps(face.points, model.places)[:, 0] - person.rest.gaps[0]
        here = {"track": found.motion.curves[seen.present], "scores": seen.scores}
        poses = pose_errors(seen, known, seen.scores, person.focal * max(seen.size))
        for kind, values in here.items():
            own = found.error[seen.present] if kind == "track" else poses
            for table, value in ((error, own), (opening, head.opening(values)), (curves, values)):
                table.setdefault(kind, []).append(value)
        gap.setdefault("seen", []).append(parted * head.eye_distance / EYE_MM)
        at = np.flatnonzero(seen.present) / float(FPS)
        for start, end in meets(phones.get(name, ())):
            inside = (at >= start) & (at <= end)
            if inside.any():
                asked += 1
                for kind, values in here.items():
                    closed[kind] += int(head.opening(values)[inside].min() <= 1.0)
    frames, truth = sum(map(len, clips.values())), np.concatenate(gap["seen"])
    print(
        f"{len(clips)} clips, {frames} frames; met in {met:.1f} s, followed {frames / spent:.0f} frames a second and core"
    )
    for kind in ("track", "scores"):
        off = np.concatenate(opening[kind]) - truth
        shut = truth <= 1.0
        print(
            f"{kind:7s} landmarks {np.sqrt((np.concatenate(error[kind]) ** 2).mean()):.2f} px RMS  lips' gap"
            f" {np.sqrt((off**2).mean()):.2f} mm RMS ({np.median(np.abs(off)):.2f} median,"
            f" {np.sqrt((off[shut] ** 2).mean()):.2f} RMS where closed)"
            f" R {np.corrcoef(truth, np.concatenate(opening[kind]))[0, 1]:.3f}"
            f"  /p b m/ closed {closed[kind]} of {asked} ({closed[kind] / max(asked, 1):.2f})"
        )
    for i in MOUTH:
        a, b = (np.concatenate(curves[kind])[:, i].std() for kind in ("track", "scores"))
        print(f"  {ARKIT_NAMES[i]:20s} std {a:.3f}, scores {b:.3f}")


def pose_errors(seen: Seen, known: Fitter, weights: np.ndarray, focal: float) -> np.ndarray:
    """(P,) pixels RMS of the landmarks at 60 between the eyes when the head is placed with ``weights`` (P, 52)."""
    errors, view, nobody = [], None, np.zeros(0)
    for frame, expression in zip(np.flatnonzero(seen.present), weights, strict=True):
        marks = seen.observation(int(frame))
        view = known.place(nobody, marks, view or known.begin(nobody, marks, focal), expression)
        off = marks.points - view.project(known.mean + np.tensordot(view.expression, known.shapes, 1))
        eyes = np.linalg.norm(np.subtract(*marks.points[list(OUTER_EYES)]))
        errors.append(np.sqrt((off**2).sum(1).mean()) * EYE_DISTANCE / float(eyes))
    return np.array(errors)


def look(path: Path, landmarker: Landmarker) -> Seen:
    watch = Watch(landmarker)
    with open_video(path, FPS) as video:
        for frame in video:
            watch.see(frame)
    return watch.seen()


def main(videos: Path, *tracks: Path) -> None:
    sculptor = Sculptor()
    sculptor.landmarker = Landmarker(threads=1)
    if str(videos) == "crops":
        folder, phones, every = tracks
        paths = sorted(path for path in folder.iterdir() if path.suffix in SIDES)[:: int(str(every))]
        clips = {path.stem: look(path, sculptor.landmarker) for path in paths}
        crops(
            sculptor, {name: seen for name, seen in clips.items() if seen.present.any()}, read_phones(phones)
        )
        return
    if str(videos) == "drawn":
        drawn(sculptor, range(900, 900 + PEOPLE))
        return
    if videos.suffix == ".json":
        closures(tracks[0], videos, sculptor.space.base)
        return
    found = [
        (video, folder / f"{video.stem}.npz")
        for video in sorted(videos.iterdir())
        if video.suffix in SIDES
        for folder in tracks
        if (folder / f"{video.stem}.npz").is_file()
    ]
    for video, known in found[:MOST]:
        compare(video, known, sculptor)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
