"""The preset ``small``: the shipped generator, from tracked clips and voices without a face."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data.manifest import is_collection, read_manifest
from ..data.phones import read_phones
from ..data.prepare import CLOSED_MM, VOICES, Example, hold_out, load_folder, load_voices, silence
from ..data.views import Augment
from ..errors import BadInput
from ..face.head import Head
from ..face.head_file import load_head
from ..motion.conditions import EMOTION
from ..motion.sampler import FORMAT
from ..motion.style import STYLE
from ..records import ARKIT_NAMES, FEATURE_FPS, MOUTH
from ..speech import Encoder
from ..speech.encoder import WIDTH as CONTENT
from .batches import Batch, Sampler, Scales, make_scales
from .checkpoint import Checkpoint
from .dropping import Dropping, drop_conditions
from .hearing import HearingConfig, train_hearing
from .loss import Measures, Weights, flow_loss
from .network import CHANNELS, PROSODY, Network, NetworkConfig
from .runnable import Runnable
from .styles import Styles, make_styles
from .task import Request, Source, TrainConfig
from .voices import Phones, bitten, label_voices


@dataclass(frozen=True)
class SmallConfig(TrainConfig):
    """The shipped model."""

    window: int = 100  # frames a window, 4 s
    weights: Weights = field(default_factory=Weights)  # of the parts of the loss
    mouth_noise: float = 0.25  # deviation of the noise that the mouth starts from: sound nearly decides it
    drop: Dropping = field(
        default_factory=Dropping
    )  # of conditions, so that none is needed and guidance works
    augment: Augment = field(default_factory=Augment)  # other recordings of the clips and voices
    network: NetworkConfig = field(default_factory=NetworkConfig)


@dataclass(frozen=True)
class Material:
    """What a run learns from, and what chooses its step."""

    examples: Sequence[Example]  # filmed clips, silence, and voices without a face
    validation: Sequence[Example]  # of corpora that are not learned from
    phones: Phones = field(default_factory=dict)  # of those voices and of filmed clips
    sources: Sequence[Source] = ()


class Small:
    """The task: see ``task.Task``. Validation is by correlation on tracked corpora and closure on voices."""

    def __init__(
        self,
        examples: Sequence[Example],
        validation: Sequence[Example],
        head: Head,
        config: SmallConfig,
        sources: Sequence[Source] = (),
        phones: Phones | None = None,
        say: Callable[[str], None] = lambda _: None,
        scales: Scales | None = None,
    ) -> None:
        """``scales``: None for those of ``examples``."""
        torch.manual_seed(config.seed)
        self.config, self.head, self.sources = config, head, sources
        self.fingerprint = fingerprint(examples)
        self.scales = scales or make_scales([e for e in examples if e.corpus != VOICES], head)
        self.network = Network(config.network)
        examples = [bitten(e, (phones or {}).get(e.name, ())) for e in examples]
        examples = self._hear(examples, phones or {}, say)
        styles = make_styles(examples)
        self.sampler = Sampler(
            examples, self.scales, config.window, styles=styles, views=config.augment.share
        )
        self.validation = [
            *validation,
            *(e for e in examples if e.corpus == VOICES and (e.closed == 1).any()),
        ]
        self.facts: dict[str, Any] = {"conditions": taught(examples, styles)}
        self.constants = {name: torch.from_numpy(value) for name, value in vars(self.scales).items()}
        self.constants |= {f"style_{n}": torch.from_numpy(getattr(styles, n)) for n in ("mean", "std")}

    def _hear(
        self, examples: Sequence[Example], phones: Phones, say: Callable[[str], None]
    ) -> Sequence[Example]:
        """Train the hearing on filmed mouths, label the voices by it, and train it again on both."""
        hearing, gap, config = self.network.hearing, self.head.lip_gap, self.config
        said = "hearing is trained on filmed mouths"
        for _ in range(2 if any(e.corpus == VOICES for e in examples) else 1):
            say(said)
            train_hearing(
                hearing,
                examples,
                self.scales,
                gap,
                config.network.hearing,
                config.seed,
                say,
                config.augment.share,
            )
            examples = label_voices(examples, hearing, self.scales, phones, gap)
            said = "voices are labelled; hearing is trained on them too"
        return examples

    def batch(self, size: int, seed: int) -> Batch:
        """``size`` random windows."""
        return self.sampler.batch(size, seed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """See ``loss.flow_loss``."""
        device = batch.clean.device
        measures = Measures(
            gap=opening_row(self.head, self.scales).to(device),
            offset=torch.from_numpy(self.scales.motion_mean / self.scales.motion_std).to(device),
            spread=noise_spread(self.config.mouth_noise).to(device),
            weights=self.config.weights,
        )
        return flow_loss(network, drop_conditions(batch, self.config.drop), measures)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """See ``validate``."""
        return validate(network, self.validation, self.head, self.scales)


def load_small(request: Request, config: SmallConfig, say: Callable[[str], None]) -> Small:
    """The task of everything the user gave."""
    head = load_head()
    encoder = Encoder(threads=request.threads)
    given = gather(request, head, encoder, config.seed, say, config.augment.drawn)
    return Small(given.examples, given.validation, head, config, given.sources, given.phones, say)


def gather(
    request: Request,
    head: Head,
    encoder: Encoder,
    seed: int,
    say: Callable[[str], None],
    kinds: tuple[str, ...] = (),
) -> Material:
    """Everything the user gave, as features and labels in memory; ``seed`` draws the noise of silence.

    ``kinds`` of other recordings (``data.views``) are heard beside the clips and voices.
    """
    cache = request.cache
    clips = [e for folder in request.folders for e in load_folder(folder, cache, head, encoder, say, kinds)]
    kept = hold_out(clips, request.held_out)
    phones = {name: said for path in request.phones for name, said in read_phones(path).items()}
    voices = [
        e
        for folder in request.voices
        for e in load_voices(folder, cache, encoder, request.held_out, phones, say, kinds)
    ]
    quiet = silence(encoder, seed)
    others = [e for folder in request.validate for e in load_folder(folder, cache, head, encoder, say)]
    licences = _licences([*request.folders, *request.validate])
    sources = [
        *_sources(kept, "faces", licences),
        *_sources(voices, "voices without a face", {}),
        *_sources(quiet, "a resting mouth; made by the trainer", {}),
        *_sources(others, "chose the step", licences),
    ]
    examples = kept + quiet + voices
    minutes = sum(len(e.motion) for e in examples) / float(FEATURE_FPS) / 60
    say(f"{len(examples)} examples, {minutes:.0f} minutes")
    return Material(examples, others, phones, sources)


def _licences(folders: Sequence[Path]) -> dict[str, dict[str, int]]:
    return {f.name: dict(read_manifest(f).licences) for f in folders if is_collection(f)}


def _sources(examples: Sequence[Example], use: str, licences: dict[str, dict[str, int]]) -> list[Source]:
    clips, frames = Counter(e.corpus for e in examples), Counter[str]()
    for example in examples:
        frames[example.corpus] += len(example.motion)
    return [
        Source(n, use, c, frames[n] / float(FEATURE_FPS), licences.get(n, {}))
        for n, c in sorted(clips.items())
    ]


def fingerprint(examples: Sequence[Example]) -> str:
    """Of the clips and their lengths, in their order; people read the number of clips in it."""
    names = "\n".join(f"{e.corpus}/{e.name} {len(e.motion)}" for e in examples)
    return f"{len(examples)} clips, {zlib.crc32(names.encode()):08x}"


def taught(examples: Sequence[Example], styles: Styles) -> list[str]:
    """Which conditions besides sound and past the examples tell anything of."""
    known = {
        "emotion": any(e.emotion is not None and np.isfinite(e.emotion).any() for e in examples),
        "style": bool(styles.pieces),
        "rotation": any(np.any(e.covered[..., len(ARKIT_NAMES) :]) for e in examples),
    }
    return [name for name, is_known in known.items() if is_known]


def noise_spread(mouth_noise: float) -> Tensor:
    """(55,) deviation of the noise that each normalised channel starts from."""
    spread = torch.ones(CHANNELS)
    spread[torch.as_tensor(MOUTH)] = mouth_noise
    return spread


def opening_row(head: Head, scales: Scales) -> Tensor:
    """(55,) mm of lip opening for one standard deviation of each channel."""
    return torch.from_numpy(np.concatenate([head.lip_gap, np.zeros(3, np.float32)]) * scales.motion_std)


@torch.no_grad()
def validate(network: nn.Module, examples: Sequence[Example], head: Head, scales: Scales) -> dict[str, float]:
    """How well the mouth opens and closes: the estimate from no noise, in one step.

    For each tracked corpus the correlation of the opening, weighted by frames; for voices with phones, under
    "closure", the share of frames in /p b m/ with closed lips in them or beside them.
    """
    network.eval()
    found: dict[str, list[tuple[float, int]]] = {}
    for example in examples:
        guess = head.opening(_estimate(network, example, scales))
        if example.corpus == VOICES:
            lowest = np.min([np.append(guess[1:], guess[-1]), guess, np.append(guess[0], guess[:-1])], axis=0)
            must = example.closed == 1
            found.setdefault("closure", []).append(
                (float((lowest[must] < CLOSED_MM).mean()), int(must.sum()))
            )
        else:
            truth = head.opening(example.motion[:, : len(ARKIT_NAMES)])
            found.setdefault(example.corpus, []).append((float(np.corrcoef(guess, truth)[0, 1]), len(truth)))
    return {name: sum(r * n for r, n in rows) / sum(n for _, n in rows) for name, rows in found.items()}


def _estimate(network: nn.Module, example: Example, scales: Scales) -> np.ndarray:
    """(T, 52) the clean curves that the network expects before it has seen any noise or past."""
    device = next(network.parameters()).device
    content = torch.from_numpy(scales.content(example.content)).to(device)[None]
    prosody = torch.from_numpy(example.prosody).to(device)[None]
    nothing = torch.zeros(1, content.shape[1], CHANNELS, device=device)
    estimate = (
        network(nothing, nothing[:, 0, 0], content, prosody, nothing, nothing[..., :1])[0].cpu().numpy()
    )
    return (estimate * scales.motion_std + scales.motion_mean)[:, : len(ARKIT_NAMES)].clip(0, 1)


class Runtime(nn.Module):
    """The network with the standardisation of its content, and a switch for not hearing."""

    def __init__(self, network: Network, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        content: Tensor,
        prosody: Tensor,
        past: Tensor,
        known: Tensor,
        heard: Tensor,
        emotion: Tensor,
        style: Tensor,
        rotation: Tensor,
    ) -> Tensor:
        content = (content - self.mean) / self.std * heard
        return self.network(noisy, time, content, prosody * heard, past, known, emotion, style, rotation)


def small_network(checkpoint: Checkpoint) -> Network:
    """The averaged network, ready to use. Raises BadInput where the weights are not of this version."""
    try:
        sizes = checkpoint.config["network"]
        network = Network(NetworkConfig(**{**sizes, "hearing": HearingConfig(**sizes["hearing"])}))
        network.load_state_dict(checkpoint.weights)
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadInput(f"the checkpoint is of another version of this program ({str(error)[:80]})") from error
    return network.eval()


def small_runnable(checkpoint: Checkpoint) -> Runnable:
    """What the runtime's ``motion.sampler`` loads."""
    network, scales, frames = small_network(checkpoint), checkpoint.constants, 60
    runtime = Runtime(network, scales["content_mean"], scales["content_std"]).eval()
    motion = torch.zeros(1, frames, CHANNELS)
    inputs = {
        "noisy": torch.randn(1, frames, CHANNELS), "time": torch.zeros(1),
        "content": torch.randn(1, frames, CONTENT), "prosody": torch.randn(1, frames, PROSODY),
        "past": motion, "known": motion[..., :1].clone(), "heard": torch.ones(1, 1, 1),
        "emotion": torch.rand(1, frames, len(EMOTION)), "style": torch.randn(1, frames, len(STYLE)),
        "rotation": torch.randn(1, frames, 3),
    }  # fmt: skip
    facts: dict[str, Any] = {
        "format": FORMAT,
        "space": "arkit",
        "motion_mean": np.round(scales["motion_mean"].numpy(), 6).tolist(),
        "motion_std": np.round(scales["motion_std"].numpy(), 6).tolist(),
        "noise_spread": noise_spread(checkpoint.config["mouth_noise"]).tolist(),
        "conditions": checkpoint.facts["task"]["conditions"],
        "style_mean": np.round(scales["style_mean"].numpy(), 6).tolist(),
        "style_std": np.round(scales["style_std"].numpy(), 6).tolist(),
    }
    growing = tuple(name for name in inputs if name not in ("time", "heard"))
    return Runnable(runtime, inputs, growing, "clean", facts)
