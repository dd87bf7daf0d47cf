"""Sentences spoken by voices that come in packages: sound files, and phone times as ``dxtalker.data.phones`` reads them.

    python scripts/voices/speak.py scripts/voices/texts/de.txt --language de --engine espeak -o voices
    python scripts/voices/speak.py scripts/voices/texts/fr.txt --language fr --engine kokoro \\
        --kokoro kokoro.onnx kokoro-voices -o voices

Each voice says every sentence, or ``--each`` of them drawn at random, at a pace of its own. Files are 16 kHz mono FLAC,
named language-engine-voice-line; phones.json grows with each run. Needs numpy, soundfile, soxr, and the engine's own
package: docs/voices.md.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path

import engines
import numpy as np
import soundfile
import soxr

RATE = 16000
PEAK = 0.5  # every voice as loud


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path, help="one sentence a line")
    parser.add_argument("--language", default="en")
    parser.add_argument("--engine", choices=list(engines.LATE), required=True)
    parser.add_argument("--voices", nargs="+", help="default: all that suit")
    parser.add_argument("--each", type=int, default=0, help="sentences a voice says; 0: all")
    parser.add_argument("--pace", type=float, default=0.15, help="speeds differ by up to this, both ways")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kokoro", nargs=2, type=Path, metavar=("MODEL", "VOICES"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    lines = [line for line in given.text.read_text(encoding="utf-8").splitlines() if line.strip()]
    voices = given.voices or default_voices(given.engine, given.language, given.kokoro)
    engine = make_engine(given.engine, given.language, given.kokoro)
    given.output.mkdir(parents=True, exist_ok=True)
    index = given.output / "phones.json"
    phones = json.loads(index.read_text()) if index.is_file() else {}
    seconds = 0.0
    for voice in voices:
        rng = np.random.default_rng([given.seed, zlib.crc32(voice.encode())])
        chosen = rng.permutation(len(lines))[: given.each or len(lines)]
        for line in sorted(chosen):
            speed = 1 + rng.uniform(-given.pace, given.pace)
            spoken = engine(lines[line], voice, speed)
            name = f"{given.language}-{given.engine}-{voice.replace('+', '_')}-{line:03d}"
            samples = soxr.resample(spoken.samples, spoken.rate, RATE)
            samples *= PEAK / max(float(np.abs(samples).max()), 1e-3)
            soundfile.write(given.output / f"{name}.flac", samples, RATE)
            about = {"text": lines[line], "language": given.language, "voice": f"{given.engine} {voice}"}
            phones[name] = about | {"phones": spoken.phones}
            seconds += len(samples) / RATE
        index.write_text(json.dumps(phones, ensure_ascii=False))
    print(
        f"{given.language} {given.engine}: {len(voices)} voices, {seconds / 60:.1f} minutes -> {given.output}"
    )


def default_voices(engine: str, language: str, kokoro: list[Path] | None) -> list[str]:
    """Voices of an engine that speak the language."""
    if engine == "kokoro" and kokoro:
        letters = engines.KOKORO_LETTER.get(language, "")
        found = sorted(p.stem for p in kokoro[1].glob("*.bin") if p.stem[0] in letters)
        if not found:
            raise SystemExit(
                f"Kokoro has no voice for {language!r}; it has {', '.join(engines.KOKORO_LETTER)}"
            )
        return found
    return engines.DEFAULT_VOICES.get(engine, "").format(*[language] * 6).split()


def make_engine(name: str, language: str, kokoro: list[Path] | None) -> engines.Engine:
    if name == "kokoro":
        if not kokoro:
            raise SystemExit(
                "--engine kokoro needs --kokoro MODEL VOICES; docs/voices.md says where they are"
            )
        return engines.kokoro(*kokoro, language)
    if language != "en" and name != "espeak":
        raise SystemExit(f"{name} speaks English alone; expected --engine espeak or kokoro for {language!r}")
    return {"espeak": engines.espeak, "flite": engines.flite, "hibari": engines.hibari}[name]()


if __name__ == "__main__":
    main()
