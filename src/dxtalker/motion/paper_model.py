"""Sound in, FLAME parameters out: what a network of the paper's motion space hears, and its exported file.

A network belongs to one motion space: the file of this one says "flame", and gives FLAME parameters that a FLAME file of
the user's own turns into a face (face/flame_motion.py), where ``Generator``'s says "arkit".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import BadInput, NotReady
from ..networks import open_network
from ..records import Waveform
from ..speech import require_speech
from ..speech.envelope import amplitude, calibrated, envelope
from ..speech.frames import FrameEncoder, PackagedFrames
from .paper import PARAMETERS, CodeScales, FlameCodes, PaperSampling, follow, to_codes

FORMAT = "dxtalker-paper-1"
PACKAGED = "packaged-block"
Run = Callable[[dict[str, np.ndarray]], np.ndarray]  # inputs of the network by name -> (1, n, 284)


@dataclass(frozen=True)
class PaperVoice:
    """The three streams of one recording."""

    content: np.ndarray  # (T, L, W) float32
    emotion: np.ndarray  # (T, L', W') float32
    envelope: np.ndarray  # (T, 640) float32


def hear(wave: Waveform, content: FrameEncoder, emotion: FrameEncoder) -> PaperVoice:
    """The streams of a whole recording, as in training. Raises BadInput when it is empty or not at 16 kHz."""
    require_speech(wave)
    samples = calibrated(wave.samples)
    return PaperVoice(content.features(samples), emotion.features(samples), envelope(samples))


def perform(
    run: Run,
    voice: PaperVoice,
    reference: np.ndarray,
    scales: CodeScales,
    sampling: PaperSampling,
    info: dict[str, str],
) -> FlameCodes:
    """Motion for ``voice`` about the frame ``reference`` (284,): whose face it is, and how it rests.

    ``run`` is the network: of noisy, time, content, emotion, envelope, reference, past, known and heard.
    """

    def velocity(x: np.ndarray, t: float, begin: int, past: np.ndarray) -> np.ndarray:
        part = slice(begin, begin + len(x))
        carried, known = np.zeros_like(x), np.zeros((len(x), 1), np.float32)
        carried[: len(past)], known[: len(past)] = past, 1
        inputs = {
            "noisy": x[None],
            "time": np.array([t], np.float32),
            "content": voice.content[None, part],
            "emotion": voice.emotion[None, part],
            "envelope": voice.envelope[None, part],
            "reference": reference[None].astype(np.float32),
            "past": carried[None],
            "known": known[None],
        }
        with_sound = run({**inputs, "heard": np.ones((1, 3), np.float32)})[0]
        if sampling.guidance == 1:
            return with_sound
        without = run({**inputs, "heard": np.zeros((1, 3), np.float32)})[0]
        return without + sampling.guidance * (with_sound - without)

    changes = follow(velocity, amplitude(voice.envelope), sampling)
    told = {**info, "space": "flame", "seed": str(sampling.seed), "steps": str(sampling.steps)}
    return to_codes(changes, reference, scales, sampling, told)


class PaperGenerator:
    """A network of the FLAME motion space in onnxruntime."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load ``path``. Raises BadInput when it is not a network of this space."""
        try:
            self.session = open_network(path, threads)
            facts = json.loads(self.session.get_modelmeta().custom_metadata_map["dxtalker"])
            if facts["format"] != FORMAT or facts["space"] != "flame":
                raise BadInput(
                    f"{path} is a {facts['format']} for {facts['space']}; expected {FORMAT} for flame"
                )
            self.scales = CodeScales(*(np.array(facts[n], np.float32) for n in ("mean", "std")))
            if self.scales.std.shape != (PARAMETERS,) or self.scales.mean.shape != (PARAMETERS,):
                raise BadInput(f"{path} has scales of {self.scales.std.shape}; expected ({PARAMETERS},)")
            self.content, self.emotion = str(facts["content"]), str(facts["emotion"])
            self.lip, self.every = float(facts["lip"]), int(facts["every"])
            self.name = f"{facts['name']} {facts['version']}"
        except BadInput:
            raise
        except Exception as error:
            raise BadInput(f"{path} is not a network of the FLAME motion space ({error})") from error

    def generate(
        self,
        wave: Waveform,
        reference: np.ndarray | None = None,
        sampling: PaperSampling | None = None,
        content: FrameEncoder | None = None,
        emotion: FrameEncoder | None = None,
    ) -> FlameCodes:
        """Motion for ``wave`` about ``reference`` (284,), without one FLAME's mean face at rest.

        Without ``content`` and ``emotion`` the packaged encoder hears. Raises NotReady when the network was trained on
        other features and no encoder of theirs is given; BadInput when one is given that has another key.
        """
        words, mood = _heard_by(self.content, content), _heard_by(self.emotion, emotion)
        face = np.zeros(PARAMETERS, np.float32) if reference is None else np.asarray(reference, np.float32)
        if face.shape != (PARAMETERS,) or not np.isfinite(face).all():
            raise BadInput(f"the reference has shape {face.shape} or is not finite; expected ({PARAMETERS},)")
        how = replace(sampling or PaperSampling(), lip=self.lip, every=self.every)  # as it was trained

        def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
            return np.asarray(self.session.run(["velocity"], inputs)[0])

        voice = hear(wave, words, mood)
        return perform(run, voice, face, self.scales, how, {"model": self.name})


def _heard_by(key: str, encoder: FrameEncoder | None) -> FrameEncoder:
    """The encoder whose features have ``key``."""
    if encoder is None and key.startswith(PACKAGED):
        return PackagedFrames(int(key.removeprefix(PACKAGED)))
    if encoder is None:
        raise NotReady(
            f"this network hears features of {key}, which need torch: load that encoder with dxtalker.train.hub"
            " and hand it to generate()"
        )
    if encoder.key != key:
        raise BadInput(f"this network was trained on features of {key}; got an encoder of {encoder.key}")
    return encoder
