"""How well a face is followed: speed, and the lip opening against another tracker's landmarks on real clips.

python bench/tracking.py ../shared/data/raw_video ../shared/data/grid_s1 ../shared/data/us_gov
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from dxtalker.data.clips import FaceTrack, read_track
from dxtalker.data.labels import fitted_curves, head_angles
from dxtalker.data.measure import measure
from dxtalker.face.landmarks import Landmarker
from dxtalker.face.likeness import Sculptor
from dxtalker.face.track import track_video
from dxtalker.records import ARKIT_INDEX, BLINK

MOST = 6  # clips
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
    gap = measure(theirs, head.eye_distance).gaps[:count, 0]
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


def main(videos: Path, *tracks: Path) -> None:
    sculptor = Sculptor()
    sculptor.landmarker = Landmarker(threads=1)
    found = [
        (video, folder / f"{video.stem}.npz")
        for video in sorted(videos.iterdir())
        if video.suffix in SIDES
        for folder in tracks
        if (folder / f"{video.stem}.npz").is_file()
    ]
    for video, track in found[:MOST]:
        compare(video, track, sculptor)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
