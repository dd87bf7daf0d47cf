"""The OpenGL renderer: the same picture as the numpy one, on a GPU or on several cores.

It runs without a screen through EGL; without a GPU Mesa's llvmpipe draws. moderngl is imported when a
renderer is made, not before.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NotReady
from ..face.head import Head, Part
from . import glsl
from .camera import Camera
from .compose import Composer, neck_fade
from .look import BIAS, Background, grazing, lobe, reflectance, wrap
from .occlusion import Occlusion
from .relief import Relief
from .texture import part_levels, pyramid

if TYPE_CHECKING:
    import moderngl

SAMPLES = 4  # points per pixel whose coverage is tested
GL_MISSING = (
    "OpenGL through EGL is not available; on Debian and Ubuntu: apt-get install libegl1 libgl1-mesa-dri"
)


class GlRenderer:
    """Draws a head with OpenGL 3.3. See ``renderer.Renderer``. Raises NotReady where EGL is absent."""

    def __init__(self, head: Head, camera: Camera, background: Background) -> None:
        self._context = make_context()
        self.name = f"gl ({self._context.info['GL_RENDERER']})"
        self._parts, self._size = head.parts, camera.size
        self._light = Occlusion(head)
        levels = pyramid(head.albedo)
        self._levels = part_levels(head, camera, len(levels))
        self._relief = Relief.of(head, self._levels)
        behind = background.picture(camera.size)
        self._composer = Composer(camera.size, None) if behind is None else None
        try:
            self._textures = {i: _texture(self._context, levels[i]) for i in set(self._levels)}
            if self._relief is not None:
                self._slopes = {
                    i: _texture(self._context, slopes) for i, slopes in self._relief.slopes.items()
                }
            self._make_mesh(head, camera)
            self._make_target(behind)
        except Exception as error:
            self.close()
            raise NotReady(f"OpenGL could not be set up ({error}); use the numpy renderer") from error

    def _make_mesh(self, head: Head, camera: Camera) -> None:
        context = self._context
        vertex, fragment = glsl.head_programs(relief=self._relief is not None)
        program = context.program(vertex_shader=vertex, fragment_shader=fragment)
        # OpenGL's rows start at the bottom: drawn upside down, they come back in the usual order.
        upside_down = np.diag([1, -1, 1, 1]).astype("f4") @ camera.clip_matrix()
        _write(program, "camera", np.ascontiguousarray(upside_down.T))
        _write(program, "eye", np.array(camera.position, "f4"))
        _write(program, "up", camera.axes[1].astype("f4"))
        _write(program, "lamps", glsl.lamp_matrix(camera.axes))
        self._program = program
        self._moving = context.buffer(reserve=len(head.vertices) * 7 * 4, dynamic=True)
        fixed = np.column_stack([head.uv, neck_fade(head), self._light.outside]).astype("f4")
        layout: list[Any] = [(self._moving, "3f 3f 1f", "place", "normal", "light")]
        layout.append((context.buffer(fixed.tobytes()), "2f 1f 1f", "uv", "fade", "outside"))
        if self._relief is not None:
            program["albedo"], program["slopes"] = 0, 1
            self._turning = context.buffer(reserve=len(head.vertices) * 4 * 4, dynamic=True)
            layout.append((self._turning, "4f", "tangent"))
        triangles = context.buffer(head.triangles.astype("i4").tobytes())
        self._mesh = context.vertex_array(program, layout, index_buffer=triangles)

    def _make_target(self, behind: np.ndarray | None) -> None:
        context, size = self._context, self._size
        samples = min(SAMPLES, context.max_samples)
        self._target = context.framebuffer(
            [context.renderbuffer(size, 4, samples=samples)],
            context.depth_renderbuffer(size, samples=samples),
        )
        self._resolved = context.framebuffer([context.renderbuffer(size, 4)])
        context.front_face = "cw"  # because of upside_down
        context.blend_func = context.ONE, context.ONE_MINUS_SRC_ALPHA
        self._wall = None
        if behind is not None:
            program = context.program(vertex_shader=glsl.BEHIND_VERTEX, fragment_shader=glsl.BEHIND_FRAGMENT)
            self._wall = context.vertex_array(program, [])
            self._behind = context.texture(size, 3, behind.tobytes(), alignment=1)

    def draw(self, vertices: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """(H, W, 4) uint8 RGBA, straight alpha, for ``vertices`` (V, 3) metres and unit ``normals`` (V, 3)."""
        light = self._light(vertices)[:, None]
        rows = np.concatenate([vertices, normals, light], axis=1, dtype="f4")
        with self._context:  # several renderers may be alive at once
            if self._relief is not None:
                turning = self._relief.tangents
                self._turning.write(np.column_stack([turning(vertices, normals), turning.sign]).tobytes())
            picture = self._draw(rows)
        if self._composer is None:
            return picture
        return self._composer.over(np.moveaxis(picture, 2, 0).astype(np.float32), (0, 0))

    def _draw(self, rows: np.ndarray) -> np.ndarray:
        context = self._context
        self._moving.write(rows.tobytes())
        self._target.use()
        self._target.depth_mask = True
        self._target.clear(0, 0, 0, 0)
        if self._wall is not None:
            context.enable_only(context.NOTHING)
            self._behind.use(0)
            self._wall.render(vertices=3)
        for i, part in enumerate(self._parts):
            if self._relief is not None:
                self._program["bumpy"] = i in self._slopes
                if i in self._slopes:
                    self._slopes[i].use(1)
            self._draw_part(part, self._textures[self._levels[i]])
        context.copy_framebuffer(self._resolved, self._target)
        picture = np.empty((self._size[1], self._size[0], 4), np.uint8)
        self._resolved.read_into(picture, components=4)
        return picture

    def _draw_part(self, part: Part, texture: moderngl.Texture) -> None:
        context, program = self._context, self._program
        context.enable_only(context.DEPTH_TEST | context.BLEND | (0 if part.blend else context.CULL_FACE))
        self._target.depth_mask = not part.blend
        program["softness"] = wrap(part.name)
        program["base"] = reflectance(part.specular)
        program["grazing"] = grazing(part.roughness, part.specular)
        program["sharpness"] = lobe(part.roughness)
        program["blend"] = part.blend
        program["raised"] = BIAS if part.blend else 0.0
        texture.use(0)
        self._mesh.render(vertices=part.count * 3, first=part.first * 3)

    def close(self) -> None:
        """Give the context and all it holds back."""
        self._context.release()


def make_context() -> moderngl.Context:
    """An OpenGL 3.3 context without a window. Raises NotReady, saying what to install, where none can be had."""
    os.environ.setdefault("EGL_LOG_LEVEL", "fatal")  # without a driver Mesa complains on standard error
    try:
        import moderngl

        # Elsewhere than on Linux the system's own OpenGL needs no screen either.
        settings: dict[str, Any] = {"backend": "egl"} if sys.platform.startswith("linux") else {}
        return moderngl.create_context(require=330, standalone=True, **settings)
    except Exception as error:  # glcontext raises whatever the loader raised
        raise NotReady(f"{GL_MISSING} ({error})") from error


def device() -> str:
    """The name of the OpenGL device. Raises NotReady where there is none."""
    context = make_context()
    try:
        return context.info["GL_RENDERER"]
    finally:
        context.release()


def _texture(context: moderngl.Context, level: np.ndarray) -> moderngl.Texture:
    """A pyramid level (H, W, C) float32 as a half-float texture, bilinear and clamped."""
    height, width, channels = level.shape
    texture = context.texture((width, height), channels, level.astype("f2").tobytes(), dtype="f2")
    texture.filter = context.LINEAR, context.LINEAR
    texture.repeat_x = texture.repeat_y = False
    return texture


def _write(program: moderngl.Program, name: str, value: np.ndarray) -> None:
    """Set a uniform that holds a vector or a matrix (in memory as OpenGL reads it)."""
    program[name].write(value.tobytes())  # pyright: ignore[reportAttributeAccessIssue]
