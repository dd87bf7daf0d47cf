"""Rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path

import pytest

from dxtalker.doctor import asset_sums

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/dxtalker"
ASSETS = SOURCE / "assets"
MODULES = sorted(SOURCE.rglob("*.py"))
OURS = sorted(
    path
    for folder in ("src", "tests", "scripts", "bench", "docs", "constraints")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md", ".txt", ".mjs", ".toml", ".json"}
    and not {"node_modules", "__pycache__", "data"} & set(path.relative_to(ROOT).parts[:-1])
) + [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "NOTICE", "Makefile", "pyproject.toml")]
PACKAGED = sorted(path for path in ASSETS.iterdir() if path.is_file() and path.name != "LICENSES.md")
MB = 1_000_000


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_torch_is_imported_in_train_only(path: Path) -> None:
    if path.relative_to(SOURCE).parts[0] == "train":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            imported = [node.module or ""]
        assert not {name.partition(".")[0] for name in imported} & {"torch", "safetensors"}


def test_no_path_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt|opt|srv)/\w")
    found = [
        f"{name_of(path)}:{number}"
        for path in OURS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if machine.search(line) and path != Path(__file__)
    ]
    assert found == []


def test_constraints_are_exact_pins_without_addresses() -> None:
    for path in (ROOT / "constraints").glob("*.txt"):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), path.name


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.name)
def test_every_asset_says_where_it_comes_from(path: Path) -> None:
    page = (ASSETS / "LICENSES.md").read_text(encoding="utf-8")
    section = next((part for part in page.split("\n## ") if path.name in part.partition("\n")[0]), "")
    for entry in ("- What:", "- Licence:", "- Source:", "- Command:", "- sha256:"):
        assert entry in section, f"{path.name} has no section in LICENSES.md with {entry}"
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert asset_sums()[path.name] == expected, "run: python scripts/update_sums.py"


def test_assets_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PACKAGED}
    assert sum(sizes.values()) <= 60 * MB
    assert max(sizes.values()) <= 30 * MB, sizes
