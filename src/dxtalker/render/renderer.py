"""The renderer that everything else sees, and the choice between the two that exist."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from ..errors import BadInput, NotReady
from ..face.head import Head
from .camera import Camera
from .look import Background

Kind = Literal["auto", "gl", "numpy"]


class Renderer(Protocol):
    """Draws posed geometry of one head through one camera."""

    @property
    def name(self) -> str:
        """'numpy', or 'gl' followed by the device in brackets."""
        ...

    def draw(self, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """(H, W, 4) uint8 RGBA, sRGB, straight alpha.

        ``vertices`` (V, 3) float32 metres in world space and unit ``normals`` (V, 3) float32, in the head's
        vertex order.
        """
        ...

    def close(self) -> None:
        """Give back what the renderer holds outside Python; it cannot draw afterwards."""
        ...


def make_renderer(
    head: Head, camera: Camera, background: Background | None = None, kind: Kind = "auto"
) -> Renderer:
    """A renderer for ``head``: 'gl' (OpenGL through EGL), 'numpy' (no system library), or the best there is.

    Both make the same picture within a small tolerance. Raises NotReady when 'gl' was asked for by name and
    cannot be made; 'auto' then takes 'numpy'. Use it on the thread that made it.
    """
    background = background or Background()
    if kind not in ("auto", "gl", "numpy"):
        raise BadInput(f"renderer {kind!r} does not exist; expected auto, gl or numpy")
    if kind != "numpy":
        from .gl import GlRenderer

        try:
            return GlRenderer(head, camera, background)
        except NotReady:
            if kind == "gl":
                raise
    from .raster import NumpyRenderer

    return NumpyRenderer(head, camera, background)


def available_renderers() -> dict[str, str]:
    """What works here: renderer to device, or to the reason why it does not, in order of preference."""
    from .gl import GL_MISSING, device

    try:
        found = device()
    except NotReady:
        found = GL_MISSING
    return {"gl": found, "numpy": "always works"}
