"""Which of the 478 landmarks is what, and how Blendshape V2's scores are ordered (MediaPipe's published layout)."""

from __future__ import annotations

import numpy as np

from ...records import ARKIT_INDEX, ARKIT_NAMES

COUNT = 478
OUTER_EYES = (33, 263)  # outer corner of the person's right eye (left in the picture), then of the left eye
# Points of the right half and their mirror images, and points of the middle, high and low: their depth shows the pose.
ACROSS = ([33, 133, 234, 61, 127, 50, 105], [263, 362, 454, 291, 356, 280, 334])
DOWN = ([10, 151, 9], [152, 175, 200])
RIGHT_IRIS, LEFT_IRIS = slice(468, 473), slice(473, 478)  # centre first; the person's right and left

# The landmarks that Blendshape V2 looks at: mouth, eyes, brows, outline, irises.
SCORED = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78,
    80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152,
    153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246,
    249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312,
    314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381,
    382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, *range(468, 478),
])  # fmt: skip

# Blendshape V2 gives ARKit's names in alphabetical order, with "_neutral" first and without tongueOut.
_SCORE_NAMES = sorted(name for name in ARKIT_NAMES if name != "tongueOut")
SCORE_CHANNELS = np.array([ARKIT_INDEX[name] for name in _SCORE_NAMES])  # (51,) channel of output 1, 2, ...
