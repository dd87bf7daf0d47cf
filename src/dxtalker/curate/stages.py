"""The stages as they are used, with the models they need, loaded once in a process."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..data.clip import Clip, ClipRecord
from ..errors import BadInput
from ..face.fit import Fitter, load_landmark_model
from ..face.identity import load_identity_space
from ..face.landmarks import Landmarker
from ..face.seen import Seen
from ..face.speaker import Person, meet
from ..face.video import open_video
from ..records import FEATURE_FPS, Waveform
from ..speech import Encoder, listen
from ..speech.prosody import loudness
from .checks import identity_gap, judge_track
from .collect import Evidence, Joint
from .crop import THUMBNAIL, CropJob, Window, cut_crops, cut_square, steady_windows, whole_windows
from .duplicates import Fingerprint, find_duplicates, fingerprint
from .follow import FollowedClip, OwnTracker, follow, load_tracker
from .language import MEND, PARTS, judge_language
from .look import Looked, look
from .persons import speakers
from .settings import Settings
from .sound import judge_sound
from .stretches import Stretch, stretches
from .sync import Offset, SyncEvidence, evidence, judge_sync, source_offset
from .sync_learn import learn
from .sync_reference import SyncReference
from .verdict import Verdict
from .video import Alive, Pictures, Shot, Tracked

FPS = int(FEATURE_FPS)
SUMS, PRINT = "sync", "fingerprint"  # the parts of a clip's evidence
JPEG_QUALITY = 85


@dataclass
class RealStages:
    """``Stages`` with the models that ship, and another tracker in the place of ours where the settings name one."""

    settings: Settings

    def __post_init__(self) -> None:
        self._landmarker = Landmarker(threads=1)
        self._encoder = Encoder(threads=1)
        self._space = load_identity_space()
        self._fitter = Fitter(self._space, load_landmark_model())
        self._tracker = (
            load_tracker(self.settings.tracker) if self.settings.tracker else OwnTracker(self._fitter)
        )

    def look(self, path: Path, start: float, seconds: float, alive: Alive) -> Looked:
        return look(path, self._landmarker, start, seconds, alive)

    def stretches(self, looked: Looked, sound: Waveform) -> Sequence[Stretch]:
        return stretches(looked, self.settings, loudness(sound.samples, len(looked)))

    def sound(self, wave: Waveform) -> Verdict:
        heard = judge_sound(wave, self.settings, self._encoder)
        if heard.reason:
            return heard
        spoken = judge_language(wave, self.settings)
        return Verdict({**heard.scores, **spoken.scores}, spoken.reason, spoken.remark)

    def people(self, likenesses: Sequence[np.ndarray]) -> Sequence[int]:
        return speakers(likenesses)

    def meet(self, parts: Sequence[Seen]) -> Person:
        return meet(parts, self._fitter)

    def follow(
        self, record: ClipRecord, path: Path, looked: Looked, sound: Waveform, person: Person
    ) -> Tracked:
        def pictures(first: int, stop: int) -> Iterator[np.ndarray]:
            with open_video(path, FEATURE_FPS, looked.start + first / FPS, (stop - first) / FPS) as video:
                yield from video

        whole = self.settings.fit_whole_picture
        made: FollowedClip = follow(
            record, looked.seen, FEATURE_FPS, sound, person, self._tracker, pictures, whole
        )
        first = round(record.start * FPS)
        gap = identity_gap(looked.seen.cut(first, first + record.frames), self._fitter)
        head = self._space.head(person.weights)
        return Tracked(made.clip, judge_track(made, head, gap, self.settings), made.job)

    def evidence(self, clip: Clip) -> Evidence:
        opening = self._space.base.opening(clip.motion.curves).astype(np.float64)
        opening[~clip.present] = np.nan
        features = listen(clip.sound, self._encoder)
        return {SUMS: evidence(features, opening).sums}

    def fingerprint(self, clip: Clip) -> Evidence:
        return {PRINT: np.frombuffer(fingerprint(clip.sound, _decoded(clip.thumbnail)).to_bytes(), np.uint8)}

    def pictures(self, path: Path, looked: Looked, shots: Sequence[Shot]) -> Iterator[tuple[int, Pictures]]:
        """One more pass over the pictures: crops of what is kept, a thumbnail of what is not."""
        jobs = [(number, shot.job) for number, shot in enumerate(shots) if isinstance(shot.job, CropJob)]
        glance = {number: _glance(looked, shot) for number, shot in enumerate(shots) if shot.job is None}
        by_frame: dict[int, list[tuple[int, Window]]] = {}
        for number, (frame, window) in glance.items():
            by_frame.setdefault(frame, []).append((number, window))
        last = max(by_frame, default=-1)
        caught: list[tuple[int, Pictures]] = []

        def watched(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
            for frame, picture in enumerate(frames):
                for number, window in by_frame.get(frame, ()):
                    caught.append((number, Pictures(b"", _jpeg(cut_square(picture, window, THUMBNAIL)))))
                yield picture
                if frame >= last and not jobs:
                    return

        with open_video(path, FEATURE_FPS, looked.start, len(looked) / FPS) as video:
            frames = watched(iter(video))
            for number, cut in cut_crops(frames, [job for _, job in jobs], self.settings.crop_side):
                yield jobs[number][0], Pictures(cut.crop, cut.thumbnail)
            if sum(map(len, by_frame.values())) > len(caught):
                for _ in frames:
                    if len(caught) == sum(map(len, by_frame.values())):
                        break
        yield from caught


def _glance(looked: Looked, shot: Shot) -> tuple[int, Window]:
    """The frame and the square that show what a part was: its face, where it has one, else the picture's middle."""
    middle = shot.first + shot.frames // 2
    here = np.flatnonzero(looked.seen.present[shot.first : shot.first + shot.frames]) + shot.first
    if not len(here):
        return min(middle, len(looked) - 1), whole_windows(looked.size, 1)[0]
    frame = int(here[np.abs(here - middle).argmin()])
    marks = looked.seen.cut(frame, frame + 1).landmarks()
    return frame, steady_windows(marks, np.ones(1, bool))[0]


def _decoded(thumbnail: bytes) -> list[np.ndarray]:
    from PIL import Image

    if not thumbnail:
        return []
    with Image.open(io.BytesIO(thumbnail), formats=("JPEG",)) as picture:
        return [np.asarray(picture.convert("RGB"))]


def _jpeg(picture: np.ndarray) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(picture).save(target, "JPEG", quality=JPEG_QUALITY)
    return target.getvalue()


def load_stages(settings: Settings) -> RealStages:
    """Raises NotReady where a model is missing, BadInput for a tracker that cannot be loaded."""
    return RealStages(settings)


def missing_tools(settings: Settings) -> list[str]:
    """One sentence for each optional tool that is not there and is therefore not used."""
    if any(find_spec(name) is None for name in ("ctranslate2", *PARTS)):
        if settings.languages:
            raise BadInput(f"languages were asked for and cannot be told here; run: {MEND}")
        return [
            f"no clip is dropped for its language, which cannot be told here; to have it told, run: {MEND}"
        ]
    return []


def duplicates(found: Sequence[tuple[str, Evidence]]) -> Mapping[str, str]:
    return find_duplicates([(name, Fingerprint.from_bytes(one[PRINT].tobytes())) for name, one in found])


def joint(reference: SyncReference | None = None) -> Joint:
    """The judgements by ``reference``, by default the packaged one."""

    def offset(found: Sequence[Evidence]) -> Offset:
        return source_offset((SyncEvidence(one[SUMS]) for one in found), reference)

    def sync(one: Evidence, late: Offset, settings: Settings) -> Verdict:
        return judge_sync(SyncEvidence(one[SUMS]), late, settings, reference)

    return Joint(offset, sync, duplicates, taught, speakers)


def taught(sources: Sequence[Sequence[Evidence]]) -> Joint:
    """The judgements by what a collection teaches; a small one teaches nothing, and the packaged reference stays."""
    return joint(learn((SyncEvidence(one[SUMS]) for one in clips) for clips in sources).reference)
