"""Teeth and tongue."""

from __future__ import annotations

import numpy as np

from bake.anatomy import HELPERS, Anatomy
from bake.layout import place
from bake.mesh import Piece, Surface


def helper_piece(anatomy: Anatomy, helpers: list[str], name: str, box: str) -> Piece:
    """A helper mesh as it is."""
    ids = np.unique(np.concatenate([anatomy.group(helper) for helper in helpers]))
    quads = np.vstack([anatomy.mesh.quads[HELPERS[helper]] for helper in helpers])
    local = np.searchsorted(ids, quads)
    triangles = np.vstack([local[:, :3], local[:, [0, 2, 3]]])
    uv = np.broadcast_to(place(box, np.array([0.5, 0.5])), (len(triangles), 3, 2))
    weight = np.ones(len(ids))
    return Piece(name, anatomy.points[ids], anatomy.deltas[:, ids], weight, Surface(triangles, uv), 0.3, 0.4)
