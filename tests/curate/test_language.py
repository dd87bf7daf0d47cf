from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from dxtalker.curate import language
from dxtalker.curate.language import judge_language, tell_language
from dxtalker.curate.settings import Settings
from dxtalker.errors import NotReady
from dxtalker.records import Waveform

INSTALLED = all(find_spec(name) for name in (*language.PARTS, "ctranslate2"))


def test_nothing_is_said_where_nothing_is_asked(demo_wave: Waveform) -> None:
    assert judge_language(demo_wave, Settings()).scores == {}


def test_a_missing_extra_is_told_with_its_cure(demo_wave: Waveform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "find_spec", lambda name: None)
    language._model.cache_clear()
    with pytest.raises(NotReady, match=r"pip install 'dxtalker\[language\]'"):
        judge_language(demo_wave, Settings(languages=("en",)))


def test_the_verdict_follows_the_answer(demo_wave: Waveform, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = language.Language("de", 0.7, {"de": 0.7, "en": 0.2, "nl": 0.1})
    monkeypatch.setattr(language, "tell_language", lambda wave: answer)
    assert judge_language(demo_wave, Settings(languages=("de", "nl"))).scores == {"sound.language": 0.8}
    against = judge_language(demo_wave, Settings(languages=("en", "fr")))
    assert against.reason == "sound.language" and "'de'" in against.remark
    assert against.scores == {"sound.language": 0.2}


@pytest.mark.skipif(not INSTALLED, reason="the extra 'language' is not installed")
def test_english_is_told(demo_wave: Waveform) -> None:
    language._model.cache_clear()
    told = tell_language(demo_wave)
    assert told.code == "en" and told.confidence > 0.8
    assert np.isclose(sum(told.shares.values()), 1, atol=1e-3)
