"""The preset ``paper``: collections with FLAME motion in, what the loop trains out."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...data.manifest import is_collection, read_manifest
from ...data.names import is_listed
from ...data.paper import PaperClip, load_paper_clips, paper_scales
from ...errors import BadInput
from ...records import FEATURE_FPS
from ...speech.frames import FrameEncoder, PackagedFrames
from ..hub import load_emotion2vec, load_hub
from ..task import Request, Source
from .batches import PaperBatch, PaperWindows, losses
from .config import PaperConfig
from .model import validate
from .network import PaperNetwork

SCORED = 64  # clips that a validation looks at
PACKAGED = ("", "packaged")


class Paper:
    """The task: see ``task.Task``. The windows of the next step are drawn while this one is computed."""

    def __init__(
        self,
        clips: Sequence[PaperClip],
        validation: Sequence[PaperClip],
        config: PaperConfig,
        content: FrameEncoder,
        emotion: FrameEncoder,
        sources: Sequence[Source] = (),
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.sources = config, sources
        self.scales = paper_scales(clips)
        sizes = replace(
            config.network, content_layers=content.layers, content_width=content.width,
            emotion_layers=emotion.layers, emotion_width=emotion.width,
        )  # fmt: skip
        self.network = PaperNetwork(sizes)
        self.windows = PaperWindows(clips, self.scales, config)
        self.validation = validation[:: -(-len(validation) // SCORED) or 1]
        self.constants = {name: torch.from_numpy(value) for name, value in vars(self.scales).items()}
        self.facts: dict[str, Any] = {
            "content": content.key, "emotion": emotion.key, "network": asdict(sizes),
        }  # fmt: skip
        names = "\n".join(f"{clip.collection}/{clip.name} {clip.frames}" for clip in clips)
        self.fingerprint = f"{len(clips)} clips, {zlib.crc32(names.encode()):08x}"
        self._pool = ThreadPoolExecutor(1)
        self._next: tuple[tuple[int, int], Future[PaperBatch]] | None = None

    def batch(self, size: int, seed: int) -> PaperBatch:
        """``size`` random windows."""
        ahead, self._next = self._next, None
        found = ahead[1].result() if ahead and ahead[0] == (size, seed) else self.windows.batch(size, seed)
        self._next = (size, seed + 1), self._pool.submit(self.windows.batch, size, seed + 1)
        return found

    def loss(self, network: nn.Module, batch: PaperBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``batches.losses``."""
        return losses(network, batch, self.config)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """See ``model.validate``."""
        return validate(network, self.validation, self.scales)


def load_paper(request: Request, config: PaperConfig, say: Callable[[str], None]) -> Paper:
    """Everything the user gave, as features in the cache."""
    if request.voices or request.phones:
        raise BadInput("the preset paper learns from faces alone; leave out --voices and --phones")
    content, emotion = load_encoders(config, say)
    solver = None
    if config.flame:
        from ...face.bodies.flame_head import flame_face

        solver = flame_face(Path(config.flame)).solver

    def load(folders: Sequence[Path]) -> list[PaperClip]:
        found = [load_paper_clips(f, request.cache, content, emotion, solver, say) for f in folders]
        return [clip for clips in found for clip in clips]

    clips = [clip for clip in load(request.folders) if not is_listed(clip.name, request.held_out)]
    if not clips:
        raise BadInput("every clip is held out; nothing is left to train on")
    others = load(request.validate)
    licences = {
        f.name: dict(read_manifest(f).licences)
        for f in [*request.folders, *request.validate]
        if is_collection(f)
    }
    sources = [*_sources(clips, "faces", licences), *_sources(others, "chose the step", licences)]
    hours = sum(clip.frames for clip in clips) / float(FEATURE_FPS) / 3600
    say(f"{len(clips)} clips, {hours:.1f} h; words by {content.key}, emotion by {emotion.key}")
    return Paper(clips, others, config, content, emotion, sources)


def load_encoders(config: PaperConfig, say: Callable[[str], None]) -> tuple[FrameEncoder, FrameEncoder]:
    """What hears the words, and what hears the emotion."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    content: FrameEncoder = (
        PackagedFrames(4)
        if config.content in PACKAGED
        else load_hub(config.content, config.revision, config.content_layers, device)
    )
    if config.emotion in PACKAGED:
        say("no encoder of emotion was given: block 2 of the packaged encoder stands in for it")
        return content, PackagedFrames(2)
    if "emotion2vec" in config.emotion:
        name = "iic/emotion2vec_plus_base" if config.emotion == "emotion2vec" else config.emotion
        return content, load_emotion2vec(name, device)
    return content, load_hub(config.emotion, config.revision, (-1,), device)


def _sources(clips: Sequence[PaperClip], use: str, licences: dict[str, dict[str, int]]) -> list[Source]:
    count, frames = Counter(clip.collection for clip in clips), Counter[str]()
    for clip in clips:
        frames[clip.collection] += clip.frames
    return [
        Source(n, use, c, frames[n] / float(FEATURE_FPS), licences.get(n, {}))
        for n, c in sorted(count.items())
    ]
