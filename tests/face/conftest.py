"""What the tests of the face share."""

from __future__ import annotations

import pytest

from dxtalker.face.landmarks import Landmarker


@pytest.fixture(scope="session")
def landmarker() -> Landmarker:
    return Landmarker(threads=1)
