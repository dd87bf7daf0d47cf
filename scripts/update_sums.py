"""Brings the sha256 lines of ``src/dxtalker/assets/LICENSES.md`` up to date: run it after an asset was made again.

python scripts/update_sums.py
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "src/dxtalker/assets"
SUM = re.compile(r"([\w.-]+) `[0-9a-f]{64}`")


def renewed(line: str) -> str:
    """``line`` with the sums of the files it names; lines that list no sums come back unchanged."""
    if not line.startswith("- sha256:"):
        return line
    return SUM.sub(
        lambda found: f"{found[1]} `{hashlib.sha256((ASSETS / found[1]).read_bytes()).hexdigest()}`", line
    )


def main() -> None:
    page = ASSETS / "LICENSES.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    after = [renewed(line) for line in lines]
    page.write_text("\n".join(after) + "\n", encoding="utf-8")
    print(f"{sum(a != b for a, b in zip(lines, after, strict=True))} line(s) changed in {page.name}")


if __name__ == "__main__":
    main()
