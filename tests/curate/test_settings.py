"""Reasons, scores and presets agree with each other."""

import pytest

from dxtalker.curate.settings import PRESETS, Settings, preset
from dxtalker.curate.verdict import Verdict
from dxtalker.errors import BadInput


def test_presets_are_settings_of_their_own() -> None:
    assert preset("default") == Settings()
    assert preset("3dxtalker").shortest == 10 and preset("3dxtalker").languages == ("en",)
    assert all(one.shortest < one.longest for one in PRESETS.values())


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(BadInput, match="expected one of default, 3dxtalker"):
        preset("strict")


def test_a_verdict_knows_its_words() -> None:
    Verdict({"sound.snr": 12.0}, "sound.noisy", "12 dB; expected 15")
    with pytest.raises(ValueError, match=r"sound\.loud"):
        Verdict({"sound.loud": 1.0})
    with pytest.raises(ValueError, match="bad"):
        Verdict(reason="bad")
