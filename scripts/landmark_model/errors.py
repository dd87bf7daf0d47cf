"""How the landmarker errs on the samples: habit, answer to who and how a face is, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dxtalker.face.head import Head
from dxtalker.face.identity import IdentitySpace
from landmark_model.embed import pixels_a_metre
from landmark_model.samples import Sample

RIDGE = 30.0  # samples' worth of belief that landmarks follow the surface
KEPT = 160  # directions of the chance error kept in full; the rest is independent noise
WIDEST = 0.35  # sine of the yaw beyond which samples are not used
