"""Packages that people use today on the clips that ``dxtalker evaluate`` scores: lips against film, and against phones.

    cp bench/others/package.json packages/; npm install --no-package-lock --prefix packages
    python bench/others.py us_gov grid_unseen --only names.txt --packages packages --keep kept \\
        --said tests/data/demo.phone.json src/dxtalker/assets/demo.flac [--said times sound …]
        [--ask rhubarb …] [--text] [--probes grid_s1 --hold-out names.txt] [--model run/model.onnx] [-o others.json]

``--keep`` holds the sound as the packages want it and what they said, clip by clip: a stopped run goes on there.
docs/others.md says what is measured, and on what.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import soxr

from dxtalker import load_audio
from dxtalker.data.clips import find_tracks, read_track
from dxtalker.data.names import is_listed, listed
from dxtalker.data.phones import Phone
from dxtalker.errors import BadInput, DxtalkerError
from dxtalker.evaluate.clips import load_clips
from dxtalker.evaluate.systems import REFERENCE, baselines
from dxtalker.face.head import Head
from dxtalker.face.head_file import load_head
from dxtalker.motion.finish import Finish, finish
from dxtalker.motion.perform import generate
from dxtalker.motion.sampler import Generator, Sampling
from dxtalker.records import SAMPLE_RATE
from dxtalker.speech import Encoder, listen
from others_figures import Row, Said, as_text, tables
from others_shapes import FADES, from_cues, from_frames, loudness_jaw, recipes

RUNNER = Path(__file__).parent / "others" / "run.mjs"
PACKAGES = {
    "rhubarb": "rhubarb-lip-sync-wasm",
    "headaudio": "@met4citizen/headaudio",
    "headaudio-mended": "@met4citizen/headaudio",
    "wawa": "wawa-lipsync",
}
RATES = {"rhubarb": 16000}  # Hz; the others hear what a browser gives them
BROWSER_RATE = 48000  # Hz
GRID = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvwxyz"},
    dict(
        zip(
            "z123456789",
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
            strict=True,
        )
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)  # of GRID's sentences, letter by letter of a clip's name


def sentence(name: str) -> str:
    """The words of a GRID clip by its name's last six letters; "" when the name is no GRID code."""
    code = name[-6:]
    known = len(code) == 6 and all(letter in words for letter, words in zip(code, GRID, strict=True))
    return " ".join(words[letter] for letter, words in zip(code, GRID, strict=True)) if known else ""


def spoken(times: Path) -> tuple[str, tuple[Phone, ...]]:
    """Words and phones of pocketsphinx's JSON. Raises BadInput when it is not that."""
    try:
        words = json.loads(times.read_text(encoding="utf-8"))["w"]
        phones = [(p["t"], p["b"], p["b"] + p["d"]) for word in words for p in word["w"]]
        text = " ".join(w["t"] for w in words if re.fullmatch(r"[a-z']+(\(\d\))?", w["t"]))
        return re.sub(r"\(\d\)", "", text), tuple(
            Phone(n.rstrip("012"), float(b), float(e)) for n, b, e in phones
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{times} holds no phone times ({error}); expected pocketsphinx's JSON") from error


def run_package(which: str, said: Sequence[Said], packages: Path, kept: Path, text: bool) -> dict[str, dict]:
    """What a package says of each recording: see run.mjs. What stands in ``kept`` is not asked again.

    Raises BadInput when node or the package is missing, or the package fails.
    """
    node = shutil.which("node")
    if node is None:
        raise BadInput("node is not installed; the packages need Node 20 or later: https://nodejs.org")
    modules = packages / "node_modules"
    if not (modules / PACKAGES[which] / "package.json").is_file():
        raise BadInput(
            f"{PACKAGES[which]} is not in {modules}; see bench/others/README.md for the npm command"
        )
    out = kept / f"{which}{'_text' if text else ''}.jsonl"
    found = read_found(out)
    rate = RATES.get(which, BROWSER_RATE)
    jobs = [
        {"name": s.name, "sound": str(_samples(s, rate, kept)), "text": s.text if text else ""}
        for s in said
        if s.name not in found
    ]
    if jobs:
        if out.is_file():  # a line cut off by a stop would spoil the next one
            text_so_far = out.read_text(encoding="utf-8")
            out.write_text(text_so_far[: text_so_far.rfind("\n") + 1], encoding="utf-8")
        listing = kept / f"{which}.jobs.json"
        listing.write_text(json.dumps({"rate": rate, "clips": jobs}), encoding="utf-8")
        done = subprocess.run(
            [node, str(RUNNER), which, str(listing), str(out), str(modules)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BadInput(f"{PACKAGES[which]} failed: {done.stderr.strip()[-300:]}")
        found = read_found(out)
    return {s.name: found[s.name] for s in said}


def read_found(path: Path) -> dict[str, dict]:
    """By recording, the lines that run.mjs wrote; a line cut off by a stop is left out. Raises BadInput on others."""
    found: dict[str, dict] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if "clip" in entry:
                found[entry["clip"]] = entry
        except (ValueError, TypeError) as error:
            if number < len(lines):
                raise BadInput(f"{path}:{number} is not what run.mjs writes; delete the file") from error
    return found


def weights_of(entry: Mapping, frames: int, fade: float) -> np.ndarray:
    """(frames, 15) weights of the Oculus visemes from a line of run.mjs; ``fade`` seconds between mouth shapes."""
    if "cues" in entry:
        return from_cues([tuple(cue) for cue in entry["cues"]], frames, fade)
    return from_frames(entry["names"], np.asarray(entry["frames"], np.float32), entry["fps"], frames)


def _samples(said: Said, rate: int, kept: Path) -> Path:
    path = kept / f"{said.name}.{rate}.f32"
    if not path.is_file():
        soxr.resample(said.wave.samples, SAMPLE_RATE, rate).astype(np.float32).tofile(path)
    return path


def package_rows(
    said: Sequence[Said], head: Head, options: argparse.Namespace, kept: Path, say: Callable[[str], None]
) -> list[Row]:
    """Each package with each recipe; Rhubarb also told what is said, where that is known."""
    rows = []
    runs = [(which, False) for which in options.ask] + ([("rhubarb", True)] if options.text else [])
    for which, told in runs:
        asked = [s for s in said if s.text] if told else list(said)
        say(f"{PACKAGES[which]}{' with text' if told else ''}: {len(asked)} recordings")
        found = run_package(which, asked, options.packages, kept, told)
        speed = sum(s.wave.duration for s in asked) / sum(found[s.name]["seconds"] for s in asked)
        if told:  # the others of the same groups as without text, so that rows are of the same clips
            groups = {s.group for s in asked}
            rest = [s for s in said if s.group in groups and not s.text]
            found |= run_package(which, rest, options.packages, kept, False)
            asked += rest
        for how, fade in FADES.items() if which == "rhubarb" else [("", 0.0)]:
            for shapes, table in recipes().items():
                title = ", ".join(filter(None, [f"{which}{' with text' if told else ''}", how, shapes]))
                weights = {s.name: weights_of(found[s.name], s.frames, fade) for s in asked}
                rows.append(Row(title, {n: head.opening(w @ table) for n, w in weights.items()}, speed))
    return rows


def our_rows(said: Sequence[Said], head: Head, model: Path | None) -> list[Row]:
    """One take of the generator, raw and finished; its speed on what was listened to anew, from sound to curves."""
    generator, encoder = Generator(model), Encoder()
    raw, done, seconds, spent = {}, {}, 0.0, 0.0
    for s in said:
        begin = time.process_time()
        heard = s.features if s.clip else listen(s.wave, encoder)
        motion = generate(heard, generator, Sampling(seed=0))
        finished = finish(motion, heard, head.lip_gap, Finish(), 0)
        if s.clip is None:
            spent += time.process_time() - begin
            seconds += s.wave.duration
        raw[s.name], done[s.name] = head.opening(motion.curves), head.opening(finished.curves)
    speed = seconds / spent if spent else float("nan")
    return [Row("ours, one take, raw", raw, speed), Row("ours, one take, finished", done, speed)]


def gather(options: argparse.Namespace, head: Head, cache: Path, say: Callable[[str], None]) -> list[Said]:
    """Filmed clips, then recordings with phone times."""
    encoder, chosen = Encoder(), listed(options.only)
    said = []
    for folder in options.folders:
        clips = load_clips(folder, head, encoder, cache, lambda n: not chosen or is_listed(n, chosen), say)
        sounds = {path.stem: path for path in find_tracks(folder)}
        for clip in clips:
            wave = load_audio(read_track(sounds[clip.name]).sound)
            name = f"{clip.corpus}__{clip.name}"
            said.append(Said(name, clip.corpus, wave, sentence(clip.name), clip.features, clip))
    for times, sound in options.said:
        text, phones = spoken(Path(times))
        wave = load_audio(Path(sound))
        features = listen(wave, encoder)
        said.append(Said(f"said__{Path(sound).stem}", "phones", wave, text, features, None, phones))
    if not said:
        raise BadInput("no recording is left to score; give folders of tracked clips, or --said times sound")
    return said


def compare(options: argparse.Namespace) -> str:
    """The tables as text, and as JSON where asked."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        kept = options.keep or Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        head = load_head()
        said = gather(options, head, options.cache or kept / "features", say)
        rows = package_rows(said, head, options, kept, say)
        jaws = {s.name: head.opening(loudness_jaw(s.wave.samples, SAMPLE_RATE, s.frames)) for s in said}
        rows.append(Row("loudness on the jaw", jaws))
        rows += _probe(options, head, said, kept, say) + our_rows(said, head, options.model)
    found = tables(rows, said)
    if options.output:
        options.output.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return as_text(found, rows)


def _probe(
    options: argparse.Namespace, head: Head, said: Sequence[Said], kept: Path, say: Callable[[str], None]
) -> list[Row]:
    """The encoder probe, when there are clips to fit it to."""
    if not options.probes:
        return []
    held = listed(options.hold_out) | {s.clip.name for s in said if s.clip}
    cache, encoder = options.cache or kept / "features", Encoder()
    training = [
        clip
        for folder in options.probes
        for clip in load_clips(folder, head, encoder, cache, lambda n: not is_listed(n, held), say)
    ]
    probe = baselines(training)[REFERENCE]
    return [Row(REFERENCE, {s.name: probe(s.clip).opening for s in said if s.clip})]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, help="tracked clips, as for dxtalker evaluate")
    parser.add_argument("--only", nargs="*", default=[], help="names of clips, patterns, or a .txt of them")
    parser.add_argument(
        "--said", nargs=2, action="append", default=[], help="pocketsphinx's times, and the sound"
    )
    parser.add_argument("--packages", type=Path, default=RUNNER.parent, help="where npm installed them")
    parser.add_argument("--ask", nargs="*", choices=list(PACKAGES), default=list(PACKAGES), help="which")
    parser.add_argument("--text", action="store_true", help="Rhubarb also told what is said, where known")
    parser.add_argument(
        "--probes", nargs="*", type=Path, default=[], help="clips to fit the encoder probe to"
    )
    parser.add_argument("--hold-out", nargs="*", default=[], help="names of clips not to fit it to")
    parser.add_argument("--model", type=Path, help="a generator; default: the packaged one")
    parser.add_argument("--cache", type=Path, help="folder of features, as of dxtalker evaluate")
    parser.add_argument("--keep", type=Path, help="folder for sounds and what the packages said")
    parser.add_argument("-o", "--output", type=Path, help="figures as JSON")
    try:
        print(compare(parser.parse_args()))
    except DxtalkerError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
