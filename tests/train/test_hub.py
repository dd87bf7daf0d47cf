"""Encoders of the hub, with tiny random weights that are made here: nothing is ever downloaded."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train")

import torch

from dxtalker.errors import BadInput, NotReady
from dxtalker.train.hub import HubEncoder, LayerMix, load_emotion2vec, load_hub, to_frames, wrap_emotion2vec

pytestmark = pytest.mark.train
KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)  # of wav2vec 2.0 and all its kin
SIZES = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "conv_dim": (8,) * 7, "conv_kernel": KERNELS, "conv_stride": STRIDES, "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}  # fmt: skip


def save_tiny(folder: Path, kind: str, unit: bool = True) -> str:
    """A random ``kind`` of model in ``folder``, with its feature extractor."""
    transformers = pytest.importorskip("transformers", reason='needs the extra "hub"')
    torch.manual_seed(0)
    model = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**SIZES))
    model.save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=unit).save_pretrained(folder)
    return str(folder)


def noise(seconds: float) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(int(16_000 * seconds))).astype(np.float32)


@pytest.mark.parametrize("kind", ["WavLM", "Hubert", "Wav2Vec2"])
def test_models_of_the_hub_give_their_layers_at_25_fps(kind: str, tmp_path: Path) -> None:
    name = save_tiny(tmp_path / kind, kind)
    whole, last = load_hub(name, offline=True), load_hub(name, layers=(-1,), offline=True)
    assert (whole.layers, whole.width, whole.kernel, whole.hop, whole.unit) == (3, 16, 400, 320, True)
    found = whole.features(noise(1.01))
    assert found.shape == (26, 3, 16) and np.isfinite(found).all()
    assert np.array_equal(last.features(noise(1.01)), found[:, 2:])
    assert whole.key != last.key and whole.key.startswith(kind) and "@" in whole.key
    louder = whole.features(3 * noise(1.01))  # it wants unit variance
    assert np.abs(louder - found).max() < 1e-3


def test_another_model_has_another_key(tmp_path: Path) -> None:
    name = save_tiny(tmp_path / "one", "Wav2Vec2", unit=False)
    first = load_hub(name, offline=True)
    assert not first.unit and first.key == load_hub(name, offline=True).key
    from safetensors.torch import load_file, save_file

    weights = load_file(tmp_path / "one/model.safetensors")
    save_file({n: v + 1 for n, v in weights.items()}, tmp_path / "one/model.safetensors", {"format": "pt"})
    assert load_hub(name, offline=True).key != first.key


def clicks() -> HubEncoder:
    """An encoder that hears loudness alone, in the windows of wav2vec 2.0."""

    def hear(samples: torch.Tensor) -> torch.Tensor:
        return samples.unfold(0, 400, 320).square().sum(1)[None, :, None]

    return HubEncoder("clicks", 1, 1, 400, 320, False, hear)


def test_a_sound_is_heard_in_its_own_frame() -> None:
    samples = np.zeros(640 * 900, np.float32)
    frames = [3, 250, 399, 400, 401, 850]  # windows meet at 400 and 800
    samples[[640 * frame for frame in frames]] = 1
    found = clicks().features(samples)[:, 0, 0]
    assert np.array_equal(np.flatnonzero(found > 0.4), frames) and len(found) == 900
    late = np.zeros(6400, np.float32)
    late[640 * 4 + 320] = 1  # between two frames: half in each
    heard = clicks().features(late)[:, 0, 0]
    assert heard[4] == pytest.approx(heard[5]) and heard[4] > 0


def test_frames_are_tokens_nearby() -> None:
    tokens = np.arange(12, dtype=np.float32).reshape(1, 12, 1)
    assert np.allclose(to_frames(tokens, 320, 5)[1:, 0, 0], [2, 4, 6, 8])  # 50 Hz: every other token
    assert np.allclose(to_frames(tokens, 640, 5)[:, 0, 0], [0, 1, 2, 3, 4])  # 25 Hz: each token


def test_the_mix_of_layers_is_learned() -> None:
    torch.manual_seed(0)
    mix, x = LayerMix(3), torch.randn(4, 20, 3, 5)
    assert torch.allclose(mix(x), x.mean(2), atol=1e-6)
    optimiser = torch.optim.Adam(mix.parameters(), 0.1)
    for _ in range(150):
        optimiser.zero_grad()
        (mix(x) - x[:, :, 1]).square().mean().backward()
        optimiser.step()
    assert mix.weight.softmax(0)[1] > 0.95


def test_emotion2vec_is_heard_through_funasr() -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cfg = {"normalize": True}

        def extract_features(self, source: torch.Tensor, padding_mask: None) -> dict[str, torch.Tensor]:
            return {"x": source.unfold(1, 400, 320)[..., :6]}

    found = wrap_emotion2vec(Model(), "emotion2vec@1")
    assert (found.key, found.layers, found.width, found.unit) == ("emotion2vec@1", 1, 6, True)
    assert found.features(noise(0.5)).shape == (13, 1, 6)
    with pytest.raises(BadInput, match="no emotion2vec model"):
        wrap_emotion2vec(torch.nn.Linear(1, 1), "other")


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = save_tiny(tmp_path / "good", "WavLM")
    with pytest.raises(BadInput, match=r"has no layer 3; expected 0 to 2, or -1 for the last"):
        load_hub(name, layers=(0, 3), offline=True)
    with pytest.raises(BadInput, match=r"nobody/nothing .* was not downloaded before and nothing is fetched offline") as error:  # fmt: skip
        load_hub("nobody/nothing", offline=True)
    assert "\n" not in str(error.value)
    text = tmp_path / "text"
    text.mkdir()
    (text / "config.json").write_text(json.dumps({"model_type": "unheard-of"}))
    with pytest.raises(BadInput, match="cannot be loaded; expected a folder"):
        load_hub(str(text))
    import transformers

    monkeypatch.setattr(
        transformers.WavLMModel, "forward", lambda *_, **__: SimpleNamespace(hidden_states=None)
    )
    with pytest.raises(BadInput, match="gives no hidden states"):
        load_hub(name, offline=True)
    small = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.BertModel(small).save_pretrained(tmp_path / "bert")
    with pytest.raises(BadInput, match="no encoder of raw sound"):
        load_hub(str(tmp_path / "bert"), offline=True)


def test_missing_extras_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NotReady, match=r"pip install \"dxtalker\[train,hub\]\""):
        load_hub("microsoft/wavlm-base-plus", offline=True)
    monkeypatch.setitem(sys.modules, "funasr", None)
    with pytest.raises(NotReady, match="emotion2vec needs funasr; install it with: pip install funasr"):
        load_emotion2vec()
