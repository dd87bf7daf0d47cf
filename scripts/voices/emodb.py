"""EMO-DB's hand labels as phone times that ``dxtalker.data.phones`` reads: real German voices for bench/languages.py.

    python scripts/voices/emodb.py emodb -o voices-emodb [--each 4]

A label tells where a phone begins, in SAMPA with marks (Burkhardt et al., A Database of German Emotional Speech, 2005);
the burst of a stop belongs to it here, as aligners have it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

SAMPA = {
    "a": "AA", "E": "EH", "e": "EY", "I": "IH", "i": "IY", "O": "AO", "o": "OW", "U": "UH", "u": "UW", "Y": "UW",
    "y": "UW", "2": "UH", "9": "OW", "@": "AH", "6": "AH", "aI": "AY", "aU": "AW", "OY": "OY", "E6": "EH", "I6": "IH",
    "p": "P", "b": "B", "m": "M", "f": "F", "v": "V", "t": "T", "d": "D", "n": "N", "l": "L", "s": "S", "z": "Z",
    "S": "SH", "Z": "ZH", "k": "K", "g": "G", "N": "NG", "C": "HH", "x": "HH", "X": "HH", "h": "HH", "R": "HH", "r": "HH",
    "j": "Y",
}  # fmt: skip


def phones(path: Path) -> list[tuple[float, float, str]]:
    """Start, end in seconds and name of each phone; what is not understood is silence."""
    begun: list[tuple[float, str]] = []
    for line in path.read_text(encoding="latin-1").partition("#")[2].splitlines():
        parts = line.split(None, 2)
        if len(parts) < 2:
            continue
        label = (parts[2] if len(parts) == 3 else "").split(";")[0]
        sign = label.split()[0] if label.split() else ""
        if not sign or sign[0] in "+-":  # a mark alone: more of what came before
            continue
        plain = sign.lstrip("!_").removesuffix("asp")
        name = SAMPA.get(plain) or SAMPA.get(plain.rstrip(":~"), "SIL")
        if not (begun and begun[-1][1] == name):
            begun.append((float(parts[0]), name))
    if not begun:
        return []
    ends = [start for start, _ in begun[1:]] + [begun[-1][0] + 0.1]
    return [(a, b, name) for (a, name), b in zip(begun, ends, strict=True) if b > a]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="EMO-DB, its labels in the folder labels")
    parser.add_argument("--each", type=int, default=4, help="clips of a speaker")
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    taken, index = Counter[str](), {}
    for path in sorted((given.folder / "labels").glob("*.lablaut")):
        name = path.stem.removesuffix("xx")
        sounds = list(given.folder.glob(f"{name}*.*"))
        found = phones(path)
        if taken[name[:2]] >= given.each or not sounds or not found:
            continue
        taken[name[:2]] += 1
        link = given.output / sounds[0].name
        link.unlink(missing_ok=True)
        link.symlink_to(sounds[0].resolve())
        index[sounds[0].stem] = {"language": "de", "voice": f"real {name[:2]}", "phones": found}
    (given.output / "phones.json").write_text(json.dumps(index))
    print(f"{len(index)} clips of {len(taken)} speakers -> {given.output}")


if __name__ == "__main__":
    main()
