"""A take becomes a clip whose pictures and sound are of the same instant.

The pictures stay as they are and another part of the sound is put beside them: exact to a sample, and neither motion
nor crop is computed again. Only where the sound ends first, at the ends of a video, whole frames are left out.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..data.clip import Clip
from ..records import FEATURE_FPS, SAMPLE_RATE
from .drafts import Take

FRAME = SAMPLE_RATE // int(FEATURE_FPS)  # samples


def corrected(take: Take, offset: float) -> Clip | None:
    """The clip of ``take``, whose pictures are ``offset`` seconds late; None where nothing of it has sound.

    ``record.start`` is then where the sound of frame 0 is, ``record.offset`` what was corrected.
    """
    clip = take.clip
    sound = np.concatenate([take.before, clip.sound.samples, take.after])
    late = round(offset * SAMPLE_RATE)
    begin = len(take.before) - late
    first = max(0, -(begin // FRAME))  # frames whose sound is not there
    stop = min(clip.record.frames, (len(sound) - begin) // FRAME)
    if stop <= first:
        return None
    begin += first * FRAME
    record = replace(
        clip.record,
        start=clip.record.start - late / SAMPLE_RATE + first / float(FEATURE_FPS),
        frames=stop - first,
        offset=late / SAMPLE_RATE,
    )
    whole = stop - first == clip.record.frames
    return replace(
        clip,
        record=record,
        sound=replace(clip.sound, samples=sound[begin : begin + record.frames * FRAME]),
        motion=replace(clip.motion.cut(first, stop), start=0.0),
        scores=clip.scores[first:stop],
        landmarks=clip.landmarks[first:stop],
        present=clip.present[first:stop],
        crop=clip.crop if whole or not clip.crop else trim(clip.crop, first, stop),
    )


def trim(crop: bytes, first: int, stop: int) -> bytes:
    """Frames ``first`` up to ``stop`` of an MP4 of a face, encoded again: a copy could only begin at a key frame."""
    from ..face.video import open_video
    from .crop import CropJob, Window, cut_crops

    with tempfile.TemporaryDirectory(prefix="dxtalker-") as folder:
        path = Path(folder) / "crop.mp4"
        path.write_bytes(crop)
        with open_video(path, FEATURE_FPS) as video:
            side = video.size[0]
            whole = [Window(0.0, 0.0, float(side))] * (stop - first)
            for _, cut in cut_crops(video, [CropJob(np.arange(first, stop), whole, whole)], side):
                return cut.crop
    return b""
