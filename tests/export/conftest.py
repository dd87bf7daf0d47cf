from __future__ import annotations

import pytest
from samples_export import make_head, make_motion

from dxtalker.face.head import Head
from dxtalker.records import Motion


@pytest.fixture
def motion() -> Motion:
    return make_motion()


@pytest.fixture(scope="session")
def head() -> Head:
    return make_head()
