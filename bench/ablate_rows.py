"""The rows of ``ablate.py``: what each takes away from the full training, or changes in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dxtalker.data.prepare import SILENCE, VOICES, Example
from dxtalker.face.head_file import load_head
from dxtalker.motion.condition import prosody
from dxtalker.records import SpeechFeatures
from dxtalker.speech import Encoder
from dxtalker.speech.encoder import BLOCK, WIDTH
from dxtalker.speech.listen import follow_register
from dxtalker.speech.mel import BANDS, log_mel
from dxtalker.speech.register import USUAL_LEVEL
from dxtalker.train.batches import Scales, make_scales
from dxtalker.train.loss import Weights
from dxtalker.train.small import Material, SmallConfig

MELS = "log-mels"
BLOCK_3, BLOCK_4 = slice(0, BLOCK), slice(BLOCK, WIDTH)  # columns of content


@dataclass(frozen=True)
class Trial:
    """What a row trains on and how, and what is done to a voice before the trained model hears it."""

    material: Material
    config: SmallConfig
    cache: Path  # folder of the features
    scales: Scales | None = None  # None: those of the examples
    teacher: str = (
        "size"  # what it tells of voices: "size" of what is heard, "nothing", or "all" of their mouths
    )
    hear: Callable[[SpeechFeatures], SpeechFeatures] = lambda features: features


@dataclass(frozen=True)
class Row:
    """One change."""

    name: str
    group: str
    change: Callable[[Trial], Trial]
    ears: bool = True  # whether ears learn something else than those of the full training
    content: str = ""  # MELS instead of the encoder's features


class Mels(Encoder):
    """Log-mels in the place of the encoder's features, zeros behind them."""

    def __init__(self) -> None:
        pass

    def tokens(self, samples: np.ndarray, *blocks: str) -> np.ndarray:
        """(N // 320, 1024) float32 for ``samples`` (N,): 80 bands, the mean over each 20 ms."""
        mel = log_mel(samples)
        tokens = np.zeros((mel.shape[1] // 2, WIDTH), np.float32)
        tokens[:, :BANDS] = mel.reshape(BANDS, -1, 2).mean(axis=2).T
        return tokens


def _each(trial: Trial, change: Callable[[Example], Example]) -> Trial:
    """``change`` done to every example."""
    examples = [change(e) for e in trial.material.examples]
    return replace(trial, material=replace(trial.material, examples=examples))


def without_content(columns: slice) -> Callable[[Trial], Trial]:
    """Zeros in those columns of the content."""

    def cleared(content: np.ndarray) -> np.ndarray:
        content = content.copy()
        content[:, columns] = 0
        return content

    def change(trial: Trial) -> Trial:
        trial = _each(
            trial,
            lambda e: replace(
                e, content=cleared(e.content), among=None if e.among is None else cleared(e.among)
            ),
        )
        return replace(trial, hear=lambda f: replace(f, content=cleared(f.content)))

    return change


def alone(trial: Trial) -> Trial:
    """Short clips are heard alone."""
    return _each(trial, lambda e: replace(e, among=None))


def without_prosody(trial: Trial) -> Trial:
    """Zeros for loudness, its change, voicing and pitch."""

    def hear(features: SpeechFeatures) -> SpeechFeatures:
        even = np.full(len(features), USUAL_LEVEL, np.float32)
        return replace(features, loudness=even, voicing=np.zeros_like(even), level=None)

    return replace(_each(trial, lambda e: replace(e, prosody=np.zeros_like(e.prosody))), hear=hear)


def as_recorded(trial: Trial) -> Trial:
    """Loudness in dBFS, against no voice's own level. Sounds in which the mouth rests stay as they are."""

    def change(example: Example) -> Example:
        if example.corpus == SILENCE:
            return example
        with np.load(trial.cache / f"{example.corpus}__{example.name}.npz", allow_pickle=False) as data:
            loudness, pitch, voicing = data["loudness"], data["pitch"], data["voicing"]
        register = follow_register(loudness, pitch, voicing)[1]
        features = SpeechFeatures(np.zeros((len(pitch), 0)), loudness, pitch, voicing, register=register)
        return replace(example, prosody=prosody(features)[: len(example.motion)])

    return replace(_each(trial, change), hear=lambda f: replace(f, level=None))


def later(frames: int) -> Callable[[Trial], Trial]:
    """Filmed faces so many frames later than they were, or earlier; the phones of voices stay in time."""

    def moved(example: Example) -> Example:
        at = np.clip(np.arange(len(example.motion)) - frames, 0, len(example.motion) - 1)
        return replace(example, motion=example.motion[at], closed=example.closed[at])

    return lambda trial: _each(trial, lambda e: e if e.corpus == VOICES else moved(e))


def without_voices(trial: Trial) -> Trial:
    """Filmed faces and silence alone."""
    filmed = [e for e in trial.material.examples if e.corpus != VOICES]
    return replace(trial, material=replace(trial.material, examples=filmed))


def without_phones(trial: Trial) -> Trial:
    """Voices are labelled by their sound alone."""
    material = trial.material
    voices = {e.name for e in material.examples if e.corpus == VOICES}
    phones = {name: said for name, said in material.phones.items() if name not in voices}
    trial = replace(trial, material=replace(material, phones=phones))
    unknown = np.float32(np.nan)
    return _each(
        trial, lambda e: replace(e, closed=np.full_like(e.closed, unknown)) if e.corpus == VOICES else e
    )


def without_teacher(trial: Trial) -> Trial:
    """Voices are closed by their phones, but as large as they are heard."""
    return replace(trial, teacher="nothing")


def taught(trial: Trial) -> Trial:
    """Voices' mouths are the teacher's own."""
    return replace(trial, teacher="all")


def by_channel(trial: Trial) -> Trial:
    """Every channel counts alike in the loss, whatever its region and what it moves."""
    scales = make_scales([e for e in trial.material.examples if e.corpus != VOICES], load_head())
    return replace(trial, scales=replace(scales, weight=np.ones_like(scales.weight)))


def ears(members: int, foreign: int) -> Callable[[Trial], Trial]:
    """So many ears, of which ``foreign`` learn from other rigs' curves too."""

    def change(trial: Trial) -> Trial:
        network = trial.config.network
        hearing = replace(network.hearing, members=members, foreign=foreign)
        return replace(trial, config=replace(trial.config, network=replace(network, hearing=hearing)))

    return change


def losses(weights: Weights) -> Callable[[Trial], Trial]:
    """Other weights of the parts of the loss."""
    return lambda trial: replace(trial, config=replace(trial.config, weights=weights))


def without_style(trial: Trial) -> Trial:
    """Style is never given."""
    drop = replace(trial.config.drop, style=1.0)
    return replace(trial, config=replace(trial.config, drop=drop))


def mouth_noise(deviation: float) -> Callable[[Trial], Trial]:
    """Another deviation of the noise that the mouth starts from."""
    return lambda trial: replace(trial, config=replace(trial.config, mouth_noise=deviation))


FULL = Row("full", "", lambda trial: trial)
ROWS = (
    FULL,
    Row("block 4 alone", "features", without_content(BLOCK_3)),
    Row("block 3 alone", "features", without_content(BLOCK_4)),
    Row("log-mels instead", "features", lambda trial: trial, content=MELS),
    Row("short clips heard alone", "features", alone),
    Row("no loudness, no pitch", "loudness", without_prosody, ears=False),
    Row("loudness in dBFS", "loudness", as_recorded, ears=False),
    Row("faces 40 ms earlier", "label timing", later(-1)),
    Row("faces 40 ms later", "label timing", later(1)),
    Row("no voices", "voices", without_voices),
    Row("voices without phones", "voices", without_phones),
    Row("voices without the teacher", "voices", without_teacher),
    Row("the teacher's own mouths", "voices", taught),
    Row("one ear, film alone", "ears", ears(1, 0)),
    Row("no ear with other rigs", "ears", ears(3, 0)),
    Row("all ears with other rigs", "ears", ears(3, 3)),
    Row("no lip-gap error", "losses", losses(Weights(gap=0.0)), ears=False),
    Row("closures count as the rest", "losses", losses(Weights(closures=0.0)), ears=False),
    Row("velocity .03", "losses", losses(Weights(velocity=0.03)), ears=False),
    Row("still .1", "losses", losses(Weights(still=0.1)), ears=False),
    Row("velocity .03, still .1", "losses", losses(Weights(velocity=0.03, still=0.1)), ears=False),
    Row("channels count alike", "losses", by_channel),
    Row("style never given", "conditions", without_style, ears=False),
    Row("mouth noise 0", "noise", mouth_noise(0.0), ears=False),
    Row("mouth noise 1", "noise", mouth_noise(1.0), ears=False),
)
