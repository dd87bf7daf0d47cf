"""The ablation's rows change what they say, and one is trained, scored and resumed on synthetic clips."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_clips import write_clip

pytest.importorskip("torch", reason="training needs torch: make test-train")

BENCH = Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import ablate  # noqa: E402  # bench/ is no package
from ablate_figures import difference, tables  # noqa: E402
from ablate_rows import FULL, MELS, ROWS, Mels, Trial  # noqa: E402
from dxtalker.data.phones import Phone  # noqa: E402
from dxtalker.data.prepare import VOICES, Example, load_voices  # noqa: E402
from dxtalker.evaluate.clips import load_clips  # noqa: E402
from dxtalker.face.head_file import load_head  # noqa: E402
from dxtalker.motion.condition import prosody  # noqa: E402
from dxtalker.records import MOUTH, SpeechFeatures  # noqa: E402
from dxtalker.speech.encoder import WIDTH  # noqa: E402
from dxtalker.train.hearing import HearingConfig  # noqa: E402
from dxtalker.train.network import NetworkConfig  # noqa: E402
from dxtalker.train.small import Material, SmallConfig  # noqa: E402

pytestmark = pytest.mark.train
HEAD = load_head()
SAID = (Phone("AA", 0.2, 0.6), Phone("M", 0.6, 0.8), Phone("AA", 0.8, 1.2))
SIZES = NetworkConfig(width=16, layers=1, heads=2, hearing=HearingConfig(width=16, steps=3, batch=2))
CONFIG = SmallConfig(steps=3, batch=2, window=40, validate_every=3, network=SIZES)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Three filmed clips, of which phones of one are known, and three voices, heard as log-mels."""
    from dxtalker.data.prepare import load_folder

    folder, cache = tmp_path_factory.mktemp("clips") / "made", tmp_path_factory.mktemp("cache")
    for number in range(3):
        write_clip(folder, f"clip{number}", HEAD, seed=number, seconds=2.0)
    phones = {"clip0": SAID}
    voices = load_voices(folder, cache, Mels(), frozenset(), phones)
    voices = [replace(v, name=f"voice {v.name}") for v in voices]
    examples = load_folder(folder, cache, HEAD, Mels()) + voices
    return Trial(Material(examples, [], {**phones, "voice clip0": SAID}), CONFIG, cache)


def row(name: str) -> ablate.Row:
    return next(r for r in ROWS if r.name == name)


def changed(trial: Trial, name: str) -> tuple[Trial, list[Example], list[Example]]:
    """The trial of that row, its filmed examples and its voices."""
    made = row(name).change(trial)
    examples = made.material.examples
    return made, [e for e in examples if e.corpus != VOICES], [e for e in examples if e.corpus == VOICES]


def heard(frames: int) -> SpeechFeatures:
    rng = np.random.default_rng(0)
    content = rng.normal(size=(frames, WIDTH)).astype(np.float32)
    loudness, level = rng.normal(-40, 5, (2, frames)).astype(np.float32)
    return SpeechFeatures(
        content, loudness, np.full(frames, 200.0, np.float32), np.ones(frames, np.float32), level=level
    )


def test_every_row_changes_something_and_takes_nothing_from_the_others(trial: Trial) -> None:
    before = [(e.content.copy(), e.prosody.copy(), e.motion.copy()) for e in trial.material.examples]
    assert len({r.name for r in ROWS}) == len(ROWS)
    for r in ROWS:
        if r.group == "loudness" and "dBFS" in r.name:
            continue  # of clips under their own names, see below
        made = r.change(trial)
        if r is FULL or r.content == MELS:
            assert made is trial
        else:
            assert (
                made.config != trial.config
                or made.scales
                or made.teacher != trial.teacher
                or made.material is not trial.material
            )
    for example, kept in zip(trial.material.examples, before, strict=True):
        for now, then in zip((example.content, example.prosody, example.motion), kept, strict=True):
            assert np.array_equal(now, then)


def test_features_are_changed_alike_in_training_and_in_scoring(trial: Trial) -> None:
    made, filmed, _ = changed(trial, "block 4 alone")
    assert not any(e.content[:, :512].any() or e.among[:, :512].any() for e in filmed)
    assert not made.hear(heard(9)).content[:, :512].any() and made.hear(heard(9)).content[:, 512:].all()
    made, filmed, _ = changed(trial, "no loudness, no pitch")
    assert not any(e.prosody.any() for e in filmed) and not prosody(made.hear(heard(9))).any()


def test_loudness_as_recorded(trial: Trial) -> None:
    filmed = [e for e in trial.material.examples if e.corpus != VOICES]
    made = row("loudness in dBFS").change(replace(trial, material=Material(filmed, [])))
    for example, now in zip(filmed, made.material.examples, strict=True):
        with np.load(trial.cache / f"made__{example.name}.npz") as kept:
            expected = np.maximum((kept["loudness"] + 26) / 20, -3)[: len(example.motion)]
        assert np.allclose(now.prosody[:, 0], expected, atol=1e-5)
        assert np.allclose(now.prosody[:, 2:], example.prosody[:, 2:], atol=1e-5)
    own, raw = prosody(heard(9))[:, 0], prosody(made.hear(heard(9)))[:, 0]
    assert np.allclose(raw, (heard(9).loudness + 26) / 20, atol=1e-5) and not np.allclose(own, raw)


def test_film_moves_and_phones_do_not(trial: Trial) -> None:
    _, filmed, voices = changed(trial, "faces 40 ms later")
    was = trial.material.examples
    assert (
        np.array_equal(filmed[0].motion[1:], was[0].motion[:-1])
        and filmed[0].motion.shape == was[0].motion.shape
    )
    assert np.array_equal(filmed[0].closed[1:], was[0].closed[:-1])
    assert voices[0] is was[3]


def test_what_is_known_of_voices(trial: Trial) -> None:
    made, _, voices = changed(trial, "voices without phones")
    assert set(made.material.phones) == {"clip0"} and all(np.isnan(v.closed).all() for v in voices)
    assert np.isfinite(changed(trial, "voices without the teacher")[2][0].closed).any()
    assert not changed(trial, "no voices")[2]
    told = ablate.by_teacher(trial.material.examples, trial.material.phones, HEAD.lip_gap)
    assert [bool(e.covered[MOUTH].all()) for e in told[3:]] == [True, False, False] and told[
        0
    ] is trial.material.examples[0]


def test_what_the_teacher_tells_of_voices(trial: Trial, tmp_path: Path) -> None:
    mouths = {}
    for name in ("full", "voices without the teacher", "the teacher's own mouths"):
        task = ablate.Task(changed(trial, name)[0], HEAD, tmp_path / f"{name}.safetensors")
        voice = next(e for e in task.sampler.groups[VOICES] if e.name == "voice clip0")
        mouths[name] = HEAD.opening(voice.motion[:, :52])
    own = ablate.fit_teacher(trial.material.examples[:3], {"clip0": SAID}, HEAD.lip_gap)(SAID, 50)
    assert np.allclose(mouths.pop("the teacher's own mouths"), own @ HEAD.lip_gap[MOUTH], atol=0.2)
    sized, heard_alone = mouths.values()
    assert not np.allclose(sized, heard_alone, atol=0.05)
    assert sized[16:19].min() < 1 and heard_alone[16:19].min() < 1  # both closed in the M


def test_a_row_is_trained_scored_and_taken_up(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = trial.cache.parent / "again" / "made"
    write_clip(folder, "clip9", HEAD, seed=9, seconds=2.0)
    clips = load_clips(folder, HEAD, Mels(), tmp_path, lambda _: True, print, {"clip9": SAID})
    given = ablate.Given(
        trial.material, {"made": clips}, [ablate.Voice("clip9", clips[0].features, SAID)], trial.cache
    )
    full = ablate.run_row(FULL, CONFIG, given, HEAD, tmp_path / "runs", takes=2)
    assert -1 <= full["corpora"]["made"]["one"] <= 1 and full["voices"]["closed"] in (0.0, 1.0)
    assert full["corpora"]["made"]["vowels"] > 0
    monkeypatch.setattr("dxtalker.train.small.train_hearing", None)  # its ears are there already
    again = ablate.run_row(row("mouth noise 1"), CONFIG, given, HEAD, tmp_path / "runs", takes=2)
    same = ablate.run_row(FULL, CONFIG, given, HEAD, tmp_path / "runs", takes=2)
    first, second = (figures["corpora"]["made"]["one"] for figures in (full, same))
    assert first == pytest.approx(second, abs=1e-4)
    assert len(list((tmp_path / "runs").glob("ears-*"))) == 1
    text = tables([full, again])
    assert "| mouth noise 1 | 1 |" in text and text.count("\n|---") == 2


def test_the_tables() -> None:
    film = {
        "lag_ms": 0.0,
        "closures_kept": 0.5,
        "closures_true": 0.25,
        "vowels": None,
        "silence": 0.1,
        "jitter": 1.0,
    }
    voices = {"closed": 0.9, "vowels_mm": 8.0, "silence": None}

    def figures(name: str, seed: int, r: float) -> dict:
        blocks = [[[r, 125], [r - 0.1, 125]]]
        corpora = {"far": {"one": r - 0.05, "mean": r, "blocks": blocks, **film}}
        return {"row": name, "seed": seed, "corpora": corpora, "voices": voices, "seconds": 90}

    rows = [
        figures("full", 1, 0.8),
        figures("full", 2, 0.7),
        figures("less", 2, 0.75),
        figures("less", 3, 0.7),
    ]
    first, second = tables(rows).split("\n\n")
    lines = first.splitlines()
    assert lines[0] == "|  | seed | R far | against full |" and lines[1] == "|---|---|---|---|"
    assert lines[2] == "| full | 1 | 0.750 / 0.800 | – |"
    assert lines[3] == "| full | 2 | 0.650 / 0.700 | **-0.100** (-0.100 to -0.100) |"  # what a seed does
    assert lines[4] == "| less | 2 | 0.700 / 0.750 | **+0.050** (+0.050 to +0.050) |"  # against its own seed
    assert lines[5].endswith("| – |")  # a seed whose full training is not there
    assert "| less | 2 | 0.900 | 8.0 | – | 0.50 | 0.25 | – | 0.100 | 1.00 | 0 | 1.5 |" in second
    assert difference(rows[1], rows[0], "far") == pytest.approx((-0.1, -0.1, -0.1))


def test_full_comes_first_and_other_names_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert [(r.name, s) for r, s in ablate.in_order(ROWS[:2], (1, 2))] == [
        ("full", 1), ("full", 2), ("block 4 alone", 1), ("block 4 alone", 2)
    ]  # fmt: skip
    with pytest.raises(SystemExit):
        ablate.options_of(["a", "--score", "b", "--cache", "c", "--rows", "fuller"])
    assert "there is no row 'fuller'" in capsys.readouterr().err


def test_figures_of_another_budget_are_refused(tmp_path: Path) -> None:
    path, about = tmp_path / "ablate.json", {"config": asdict(CONFIG), "takes": 2}
    assert ablate.measured(path, about) == []
    path.write_text(json.dumps({"about": about, "rows": [{"row": "full"}]}))
    assert ablate.measured(path, about) == [{"row": "full"}]
    with pytest.raises(SystemExit, match="another budget"):
        ablate.measured(path, {**about, "config": asdict(replace(CONFIG, steps=4))})
