"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import UseAppendAction, arg

from ..errors import BadInput

if TYPE_CHECKING:
    from ..pipeline import Settings

Format = Literal["mp4", "csv", "json", "npz", "glb", "vrm", "usdz", "usdc", "usda", "png", "obj"]
Outputs = Annotated[UseAppendAction[tuple[Path, ...]], arg(aliases=["-o"], metavar="PATH")]


@dataclass(frozen=True)
class Look:
    """What pictures look like."""

    fps: str = "25"
    """Frames a second of what is written: 24, 25, 29.97, 30, 50, 60 or any other rate."""
    size: str = "512x512"
    """Picture width and height in pixels."""
    background: Annotated[str | None, arg(metavar="RRGGBB")] = None
    """Colour of the background as RRGGBB; default: a soft grey gradient."""
    yaw: float = 0.0
    """Degrees by which the camera goes round the head, to the head's left."""
    renderer: Literal["auto", "gl", "numpy"] = "auto"
    """gl (OpenGL through EGL), numpy (needs nothing), or the best there is."""
    face: Annotated[Path | None, arg(metavar="PATH")] = None
    """Whose face: a head (.npz), FLAME (.pkl), ICT-FaceKit's folder, or a .glb, .gltf or .vrm; default: the packaged head."""
    photo: Annotated[UseAppendAction[tuple[Path, ...]], arg(metavar="PATH")] = ()
    """A photo of the person whose head it is, who has agreed to it; may be given several times."""
    retarget: Annotated[Path | None, arg(metavar="PATH")] = None
    """A .toml of gains, offsets and limits for each channel (docs/bodies.md)."""


@dataclass(frozen=True)
class Voice:
    """How the head moves."""

    seed: int = 0
    """Another seed, another take."""
    gain: str = ""
    """Gains, as in lips=1.1,head=0.5,blink=1,gaze=1,brows=1,rest=1; "off" leaves a part to the network."""
    raw: bool = False
    """The network's motion as it is: no rest in silence, no added blinks, gaze or head motion."""
    steps: int | None = None
    """Solver steps from noise to motion; default: 2, of a FLAME-space model 32."""
    model: Annotated[Path | None, arg(metavar="PATH")] = None
    """A generator made by dxtalker train (.onnx), of ARKit curves or of FLAME parameters; default: the packaged one."""


LOOK, VOICE = Look(), Voice()  # the defaults


def check_named(outputs: Sequence[Path]) -> None:
    if not outputs:
        raise BadInput("there is nothing to write; name an output with -o, as in: -o talk.mp4")


def make_settings(look: Look, voice: Voice) -> Settings:
    from math import radians

    from ..face.retarget import load_retarget
    from ..motion.finish import Finish, parse_gains
    from ..motion.paper import PaperSampling
    from ..motion.sampler import Sampling
    from ..pipeline import Settings
    from ..records import frame_rate
    from ..render.camera import parse_size
    from ..render.look import Background, parse_colour

    return Settings(
        fps=frame_rate(look.fps),
        seed=voice.seed,
        sampling=Sampling() if voice.steps is None else Sampling(steps=voice.steps),
        flame_sampling=PaperSampling() if voice.steps is None else PaperSampling(steps=voice.steps),
        finish=Finish.raw() if voice.raw else parse_gains(voice.gain),
        model=voice.model,
        head=look.face,
        photos=look.photo,
        retarget=None if look.retarget is None else load_retarget(look.retarget),
        size=parse_size(look.size),
        background=Background()
        if look.background is None
        else Background(parse_colour(look.background), False),
        yaw=radians(look.yaw),
        renderer=look.renderer,
    )
