from __future__ import annotations

import pytest
from made_up_flame import MadeUp, make_up

from dxtalker.face.bodies.flame_head import FlameHead, flame_head
from dxtalker.face.head_file import load_head


@pytest.fixture(scope="session")
def made_up() -> MadeUp:
    return make_up(load_head(), 24)


@pytest.fixture(scope="session")
def flame(made_up: MadeUp) -> FlameHead:
    """As a user's file becomes a head: correspondence by looking at both."""
    return flame_head(made_up.model)
