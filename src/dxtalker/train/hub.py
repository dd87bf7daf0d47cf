"""Speech encoders of the Hugging Face hub, and emotion2vec, as features at 25 fps for training at the paper's scale.

WavLM, HuBERT, wav2vec 2.0, data2vec and their like are loaded by ``transformers``: safetensors alone, and no code of
theirs is run. emotion2vec is loaded by ``funasr``, whose package holds its code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import BadInput, NotReady
from ..records import FEATURE_FPS, SAMPLE_RATE
from ..speech.frames import over_windows
from ..speech.prosody import SAMPLES_PER_FRAME

STEP, CONTEXT = 400, 50  # frames kept of each window, and heard on either side: 16 s and 2 s
REACH = 1 / float(FEATURE_FPS)  # seconds: a token this far from a frame's instant no longer counts in it
LEAST_STD = 1e-3  # of full scale: models that want unit variance are not given blown-up silence
WEIGHTS = ("*.safetensors", "*.pt", "*.bin")


class LayerMix(nn.Module):
    """One feature of several layers: weights learned through a softmax, and a scale (SUPERB, Yang et al. 2021)."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(layers))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, W) of x (B, T, L, W)."""
        return self.scale * torch.einsum("btlw,l->btw", x, self.weight.softmax(0))


@dataclass(frozen=True)
class HubEncoder:
    """A loaded encoder; see ``speech.frames.FrameEncoder``. Made by ``load_hub`` or ``load_emotion2vec``."""

    key: str
    layers: int
    width: int
    kernel: int  # samples that a token hears
    hop: int  # samples between tokens
    unit: bool  # whether the model wants sound of mean 0 and variance 1
    hear: Callable[[Tensor], Tensor]  # (N,) samples -> (L, tokens, W), token i from samples i hop .. + kernel

    def features(self, samples: np.ndarray) -> np.ndarray:
        """(T, L, W) float32 for (N,) at 16 kHz, T = ceil(N / 640); the sound is normalised as a whole, not by windows."""
        if self.unit:
            samples = (samples - samples.mean()) / max(float(samples.std()), LEAST_STD)

        def window(part: np.ndarray) -> np.ndarray:
            # Silence before moves token i's centre to sample i hop; behind, the last frame has all its tokens.
            before, after = self.kernel // 2, self.kernel
            with torch.inference_mode():
                tokens = self.hear(torch.from_numpy(np.pad(part, (before, after)).astype(np.float32)))
            return to_frames(tokens.float().cpu().numpy(), self.hop, len(part) // SAMPLES_PER_FRAME)

        return over_windows(samples, window, STEP, CONTEXT)


def to_frames(tokens: np.ndarray, hop: int, frames: int) -> np.ndarray:
    """(frames, L, W) at 25 fps from tokens (L, N, W) centred on samples i ``hop``.

    A token counts by how near it lies to the frame's instant, falling to nothing 40 ms away: of tokens at 50 Hz the
    one on the frame counts half and its neighbours a quarter each, as in ``speech.encoder.to_frames``.
    """
    at = np.arange(tokens.shape[1]) * hop / SAMPLE_RATE
    instants = np.arange(frames) / float(FEATURE_FPS)
    weight = np.maximum(0, 1 - np.abs(at[None] - instants[:, None]) / REACH)  # (frames, N)
    weight /= weight.sum(axis=1, keepdims=True)
    return np.einsum("tn,lnw->tlw", weight, tokens).astype(np.float32)


def load_hub(
    name: str,
    revision: str = "main",
    layers: Sequence[int] = (),
    device: str = "cpu",
    offline: bool = False,
) -> HubEncoder:
    """The speech encoder ``name``: of the hub, at ``revision`` (best a commit), or a folder.

    ``layers`` are those kept, 0 the input to the first block, -1 the last; none: all of them. ``offline`` asks nobody
    and takes what was downloaded before. Raises NotReady without ``transformers``; BadInput where the model is not
    found, is no speech encoder, or has no such layers.
    """
    transformers = _transformers()
    try:
        model = transformers.AutoModel.from_pretrained(
            name, revision=revision, local_files_only=offline, use_safetensors=True, trust_remote_code=False
        )
        unit = _wants_unit(transformers, name, revision, offline)
    except (OSError, ValueError, ImportError) as error:
        where = "was not downloaded before and nothing is fetched offline" if offline else "cannot be loaded"
        reason = str(error).strip().splitlines()
        raise BadInput(
            f"the encoder {name} ({revision}) {where}; expected a folder, or a name on the hub with"
            f" .safetensors weights ({reason[0][:120] if reason else type(error).__name__})"
        ) from None
    config = model.config
    kernels, strides = getattr(config, "conv_kernel", None), getattr(config, "conv_stride", None)
    if getattr(model, "main_input_name", "") != "input_values" or not kernels or not strides:
        raise BadInput(
            f"{name} is no encoder of raw sound; expected one such as WavLM, HuBERT or wav2vec 2.0"
        )
    model = model.eval().requires_grad_(False).to(device)
    kernel, hop = _field(kernels, strides)
    depth = _hidden(model, name, torch.zeros(1, 4 * kernel, device=device)).shape[0]
    kept = _kept(name, layers, depth)

    def hear(samples: Tensor) -> Tensor:
        return _hidden(model, name, samples[None].to(device))[kept]

    commit = getattr(config, "_commit_hash", None) or _fingerprint(Path(name)) or revision
    key = f"{Path(name).name if Path(name).is_dir() else name}@{commit[:40]}#{','.join(map(str, kept))}"
    return HubEncoder(key, len(kept), int(config.hidden_size), kernel, hop, unit, hear)


def _hidden(model: Any, name: str, samples: Tensor) -> Tensor:
    """(L, tokens, W) of samples (1, N). Raises BadInput where the model tells no hidden states."""
    with torch.inference_mode():
        found = getattr(model(samples, output_hidden_states=True), "hidden_states", None)
    if not found:
        raise BadInput(
            f"{name} gives no hidden states; expected an encoder such as WavLM, HuBERT or wav2vec 2.0"
        )
    return torch.cat(list(found))


def _wants_unit(transformers: Any, name: str, revision: str, offline: bool) -> bool:
    """Whether its feature extractor normalises; a model without one is taken as it is."""
    try:
        extractor = transformers.AutoFeatureExtractor.from_pretrained(
            name, revision=revision, local_files_only=offline, trust_remote_code=False
        )
    except (OSError, ValueError):
        return False
    rate = getattr(extractor, "sampling_rate", SAMPLE_RATE)
    if rate != SAMPLE_RATE:
        raise BadInput(f"{name} hears {rate} Hz; expected an encoder for {SAMPLE_RATE} Hz")
    return bool(getattr(extractor, "do_normalize", False))


def _field(kernels: Sequence[int], strides: Sequence[int]) -> tuple[int, int]:
    """Samples that a token hears, and samples between tokens, of a stack of convolutions without padding."""
    kernel, hop = 1, 1
    for width, stride in zip(kernels, strides, strict=True):
        kernel += (width - 1) * hop
        hop *= stride
    return kernel, hop


def _kept(name: str, layers: Sequence[int], depth: int) -> list[int]:
    wrong = [layer for layer in layers if not -depth <= layer < depth]
    if wrong:
        raise BadInput(f"{name} has no layer {wrong[0]}; expected 0 to {depth - 1}, or -1 for the last")
    return [layer % depth for layer in layers] or list(range(depth))


def _fingerprint(folder: Path) -> str:
    """Of the weights in a folder; empty where it is none."""
    if not folder.is_dir():
        return ""
    whole = hashlib.sha256()
    for path in sorted(path for pattern in ("config.json", *WEIGHTS) for path in folder.glob(pattern)):
        with path.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def _transformers() -> Any:
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise NotReady(
            f'encoders of the hub need {error.name}; install it with: pip install "dxtalker[train,hub]"'
        ) from None
    transformers.utils.logging.set_verbosity_error()
    return transformers


def load_emotion2vec(name: str = "iic/emotion2vec_plus_base", device: str = "cpu") -> HubEncoder:
    """emotion2vec (Ma et al. 2024), frame features of its last block; ``name`` as ``funasr`` knows it, or a folder.

    Raises NotReady without ``funasr``; BadInput where it does not find the model.
    """
    try:
        from funasr import AutoModel
    except ModuleNotFoundError as error:
        raise NotReady(f"emotion2vec needs {error.name}; install it with: pip install funasr") from None
    try:
        model = AutoModel(model=name, device=device, disable_update=True, disable_pbar=True).model
    except Exception as error:  # funasr raises what its downloader raises, of any kind
        raise BadInput(
            f"funasr cannot load {name} ({str(error)[:120]}); expected its name or a folder"
        ) from None
    return wrap_emotion2vec(model, f"{name}@{_fingerprint(Path(name)) or 'funasr'}", device)


def wrap_emotion2vec(model: Any, key: str, device: str = "cpu") -> HubEncoder:
    """A loaded emotion2vec network as an encoder. Raises BadInput when it is another kind of model."""
    if not hasattr(model, "extract_features") or not hasattr(model, "cfg"):
        raise BadInput(f"{key} is no emotion2vec model; for others of the hub give their name to load_hub")
    model = model.eval().requires_grad_(False).to(device)

    def hear(samples: Tensor) -> Tensor:
        return model.extract_features(samples[None].to(device), padding_mask=None)["x"]

    # Its convolutions are those of wav2vec 2.0: tokens of 400 samples every 320.
    width = int(hear(torch.zeros(4000)).shape[-1])
    return HubEncoder(key, 1, width, 400, 320, bool(model.cfg.get("normalize", False)), hear)
