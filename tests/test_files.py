from __future__ import annotations

import os
from pathlib import Path

import pytest

from dxtalker.errors import BadInput, NotReady
from dxtalker.files import asset, atomic_path, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_path(target) as temporary:
        assert temporary.suffix == ".txt"
        assert temporary.parent == tmp_path
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_when_the_block_fails(tmp_path: Path, interruption: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(interruption), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise interruption
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_nothing_is_left_when_a_first_write_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "frames") as temporary:
        temporary.mkdir()
        (temporary / "1.png").write_bytes(b"half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_folder_replaces_a_folder_whole(tmp_path: Path) -> None:
    target = tmp_path / "frames"
    target.mkdir()
    (target / "old.png").write_bytes(b"")
    with atomic_path(target) as temporary:
        temporary.mkdir()
        (temporary / "new.png").write_bytes(b"")
    assert names(target) == ["new.png"]
    assert names(tmp_path) == ["frames"]


def test_a_missing_parent_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"), atomic_path(tmp_path / "no" / "a.txt"):
        raise AssertionError("the block must not run")


def test_the_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 250 + ".csv")
    write_atomically(target, b"x")
    assert target.read_bytes() == b"x"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_bad_input(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BadInput, match="cannot write"):
            write_atomically(tmp_path / "a.txt", b"x")
    finally:
        tmp_path.chmod(0o700)


def test_assets() -> None:
    assert asset("head.npz").is_file()
    with pytest.raises(NotReady, match="reinstall"):
        asset("nothing.onnx")
