"""The shapes of teeth and gums: both are swept along an arch on the helper's line, one closed ridge a jaw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bake.anatomy import Anatomy
from bake.layout import place
from bake.mesh import Surface, grid

FORWARD = 0.0034  # metres that both arches stand in front of the helper's
OVERBITE = 0.0020  # metres that the lower arch stands behind the upper one
FRONT = 3  # teeth a side with a single edge; behind them they are broad
SPANS = np.r_[0, np.cumsum([0.19] * FRONT + [0.1075] * 4)]  # where each tooth lies in the picture's width
ACROSS = (np.array([-1, -0.85, -0.45, 0, 0.45, 0.85, 1]), np.array([-1, -0.55, 0, 0.55, 1]))  # front, back

# Rows of a crown, from the outer gum over the edge to the inner gum: height, share of the thickness, picture's y.
CROWN = np.array([
    (0.00, 0.00, 0.00), (0.30, 0.00, 0.14), (0.60, 0.00, 0.28), (0.85, 0.00, 0.40), (0.96, 0.04, 0.46),
    (1.00, 0.22, 0.50), (1.00, 0.50, 0.54), (1.00, 0.82, 0.59), (0.78, 1.00, 0.68), (0.40, 1.00, 0.84),
    (-0.10, 1.00, 1.00),
])  # fmt: skip
# Rows of the gum likewise: metres above the necks, metres outwards (of the inner neck if inside), inside, y.
GUM = np.array([
    (0.0105, -0.0030, 0, 0.05), (0.0060, 0.0006, 0, 0.30), (0.0020, 0.0009, 0, 0.70), (0.0, 0.0004, 0, 0.90),
    (-0.0006, -0.0018, 0, 0.95), (0.0, -0.0004, 1, 0.90), (0.0020, -0.0014, 1, 0.70),
    (0.0055, -0.0022, 1, 0.40), (0.0110, -0.0040, 1, 0.05),
])  # fmt: skip


@dataclass(frozen=True)
class Arch:
    """One jaw's teeth, sizes in metres from the middle outwards."""

    helper: str
    widths: tuple[float, ...]
    lengths: tuple[float, ...]
    edge: float  # height of the incisors' edge
    rise: float  # how much the edge rises from the incisors to the molars
    up: float  # +1: the gum is above the teeth


UPPER = Arch(
    "upper_teeth",
    (0.0086, 0.0068, 0.0078, 0.0070, 0.0068, 0.0100, 0.0095),
    (0.0104, 0.0092, 0.0100, 0.0086, 0.0080, 0.0074, 0.0070),
    edge=-0.0664,
    rise=0.0046,
    up=1,
)
LOWER = Arch(
    "lower_teeth",
    (0.0056, 0.0062, 0.0070, 0.0070, 0.0070, 0.0108, 0.0100),
    (0.0090, 0.0092, 0.0100, 0.0086, 0.0080, 0.0074, 0.0070),
    edge=-0.0645,
    rise=0.0038,
    up=-1,
)


def arch_line(anatomy: Anatomy, arch: Arch) -> tuple[np.ndarray, np.ndarray]:
    """Arc length (S,) from the middle to the left and the arch's (x, z) there (S, 2)."""
    points = anatomy.points[anatomy.group(arch.helper)]
    outer = points[(points[:, 0] >= -1e-6) & (np.abs(points[:, 1] - arch.edge) < 0.0075)]
    outer = outer[np.argsort(outer[:, 0])]
    front = outer[:, 2].max() + FORWARD - (OVERBITE if arch.up < 0 else 0)
    wide, deep = 0.89 * outer[:, 0].max(), front - outer[:, 2].min() + 0.012
    t = np.linspace(0, np.pi / 2, 400)  # a superellipse: flatter in front than an ellipse
    line = np.column_stack([wide * np.sin(t) ** 0.86, front - deep * (1 - np.cos(t) ** 0.86)])
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    return length, line


def _frame(length: np.ndarray, line: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) and outward normals (n, 2) in the x-z plane at signed arc lengths ``s`` (n,)."""
    side = np.where(s < 0, -1.0, 1.0)
    at = np.column_stack([np.interp(np.abs(s), length, line[:, k]) for k in range(2)])
    ahead = np.column_stack([np.interp(np.abs(s) + 0.001, length, line[:, k]) for k in range(2)])
    tangent = (ahead - at) / np.linalg.norm(ahead - at, axis=1, keepdims=True)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return at * np.column_stack([side, np.ones_like(side)]), normal * np.column_stack(
        [side, np.ones_like(side)]
    )


def crowns(length: np.ndarray, line: np.ndarray, arch: Arch) -> tuple[np.ndarray, Surface]:
    """All crowns of a jaw as one sheet: neighbours share a column of points at the bottom of a groove."""
    half = [_crown(tooth, arch) for tooth in range(len(arch.widths))]
    columns = [half[0][:, 0]]
    for tooth, column in enumerate(half):
        columns += list(column[:, 1:-1].swapaxes(0, 1))
        last = tooth + 1 == len(half)
        columns.append(column[:, -1] if last else (column[:, -1] + half[tooth + 1][:, 0]) / 2)
    end = columns[-1] + [0.0012, 0, 0, 0]  # the last molar's back: the profile shrinks to its middle
    end[:, 1] = columns[-1][:, 1].mean()
    end[:, 2] = 0.5 * (columns[-1][:, 2] + columns[-1][0, 2])
    profile = np.stack([*columns, end], axis=1)  # (rows, columns, 4): s, out, height, picture's x
    mirrored = profile[:, :0:-1] * [-1, 1, 1, 1]
    profile = np.concatenate([mirrored, profile], axis=1)
    s, out, height, x = np.moveaxis(profile, -1, 0)
    y = np.broadcast_to(CROWN[:, 2:], x.shape)
    uv = place("teeth", np.stack([0.01 + 0.98 * x, 0.02 + 0.96 * y], -1))
    return _swept(length, line, s, out, height), _facing(grid(*s.shape, uv), arch.up > 0)


def _crown(tooth: int, arch: Arch) -> np.ndarray:
    """(rows, columns, 4) of one tooth on the left: arc length, metres outwards, height, picture's x."""
    front = tooth < FRONT
    start, width, tall = sum(arch.widths[:tooth]), arch.widths[tooth], arch.lengths[tooth]
    u, v = np.meshgrid(ACROSS[0 if front else 1], CROWN[:, 0])
    share = CROWN[:, 1:2]
    groove = (0.0013 if front else 0.0016) * (1 - np.sqrt(1 - 0.98 * u**4))
    outer = 0.0010 * np.sin(np.pi * np.clip(v, 0, 1)) - 0.0010 * v - groove
    neck = inner_neck(np.array(start + (u + 1) / 2 * width), arch)
    if front:
        thick = 0.0013 + (neck - 0.0013) * np.clip(1 - v, 0, 1.1) ** 1.2
    else:
        thick = neck + 0.0004 * np.sin(np.pi * np.clip(v, 0, 1)) - 0.0016 * np.clip(v, 0, 1) ** 2
    out = outer - share * (thick - 1.6 * groove)
    middle = start + width / 2
    edge = arch.edge + arch.rise * (middle / sum(arch.widths)) ** 1.5
    edge += arch.up * (0.0006 * (tooth == 1) * (arch.up > 0) - 0.0005 * (tooth == 2))  # laterals, canines
    top = np.clip((v - 0.70) / 0.3, 0, 1)
    notch = 0.0005 * np.abs(u) ** 5 + (0.0006 * np.abs(u) ** 1.5 if tooth == 2 else 0)
    if not front:
        fossa = 0.0011 * np.clip(1 - np.abs(2 * share - 1.04) / 0.6, 0, 1)
        notch = notch + fossa + 0.0004 * np.cos(2 * np.pi * u) * (tooth > 4)
    height = edge + arch.up * (tall * (1 - v) + notch * top)
    x = SPANS[tooth] + (u + 1) / 2 * (SPANS[tooth + 1] - SPANS[tooth])
    return np.stack([start + (u + 1) / 2 * width, out, height, x], axis=-1)


def inner_neck(s: np.ndarray, arch: Arch) -> np.ndarray:
    """How thick the teeth are at the gum, in metres, at arc lengths ``s``."""
    return np.interp(np.abs(s), np.cumsum(arch.widths)[[1, 3, 5]], (0.0046, 0.0066, 0.0086))


def gums(length: np.ndarray, line: np.ndarray, arch: Arch) -> tuple[np.ndarray, Surface]:
    """A saddle over the roots whose edges follow the necks, outside and inside; it fills the gaps between them."""
    starts = np.cumsum((0.0, *arch.widths))
    half = np.interp(np.arange(4 * len(arch.widths) + 1) / 4, np.arange(len(starts)), starts)
    s = np.r_[-half[:0:-1], half]
    tooth = np.clip(np.searchsorted(starts, np.abs(s), side="right") - 1, 0, len(arch.widths) - 1)
    within = (np.abs(s) - starts[tooth]) / np.array(arch.widths)[tooth]
    neck = arch.edge + arch.rise * (np.abs(s) / starts[-1]) ** 1.5 + arch.up * np.array(arch.lengths)[tooth]
    hang = 0.0028 * np.abs(2 * within - 1) ** 2 - 0.0006
    lift, out, inside, y = (column[:, None] for column in GUM.T)
    height = neck + arch.up * (lift - (1 - 0.4 * inside) * hang * np.clip(1 - lift / 0.006, 0, 1))
    out = out - inside * inner_neck(s, arch)
    points = _swept(length, line, np.broadcast_to(s, out.shape), out, height)
    x = np.linspace(0.02, 0.98, len(s))
    uv = place("gums", np.stack(np.broadcast_arrays(x, y), -1))
    return points, _facing(grid(len(GUM), len(s), uv), arch.up > 0)


def _swept(
    length: np.ndarray, line: np.ndarray, s: np.ndarray, out: np.ndarray, height: np.ndarray
) -> np.ndarray:
    """(N, 3): points ``out`` metres outwards of the arch at ``s`` and at ``height``, all (rows, columns)."""
    at, normal = _frame(length, line, s.ravel())
    xz = at + out.reshape(-1, 1) * normal
    return np.column_stack([xz[:, 0], height.ravel(), xz[:, 1]])


def _facing(surface: Surface, flip: bool) -> Surface:
    order = [0, 2, 1] if flip else [0, 1, 2]
    return Surface(surface.triangles[:, order], surface.uv[:, order])
