"""What counts as a video, whose it is, and how far a folder reaches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dxtalker.curate.provenance import Provenance
from dxtalker.curate.sources import find_videos
from dxtalker.errors import BadInput

MP4 = b"\0\0\0\x18ftypisom" + bytes(64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "videos"
    for name, data in {
        "b.mp4": MP4, "a/c.MKV": b"anything", "a/hidden.txt": MP4, "a/notes.txt": b"words", "a/voice.wav": b"RIFF",
        "a/.secret.mp4": MP4, ".git/x.mp4": MP4, "song.m4a": b"\0\0\0\x18ftypM4A ", "empty.mp4": b"",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def names(folder: Path, output: Path | None = None) -> list[str]:
    return [video.name for video in find_videos(folder, output).videos]


def test_videos_are_found_by_extension_and_by_content_in_order(folder: Path) -> None:
    found = find_videos(folder)
    assert [video.name for video in found.videos] == ["a/c.MKV", "a/hidden.txt", "b.mp4", "empty.mp4"]
    assert found.others == 3
    assert {video.provenance for video in found.videos} == {Provenance()}


def test_what_was_made_is_not_curated_again(folder: Path) -> None:
    (folder / "clips").mkdir()
    (folder / "clips/x.mp4").write_bytes(MP4)
    assert "clips/x.mp4" in names(folder)
    assert "clips/x.mp4" not in names(folder, folder / "clips")


def test_links_do_not_lead_out_nor_in_circles(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else/x.mp4").write_bytes(MP4)
    (folder / "out.mp4").symlink_to(tmp_path / "else/x.mp4")
    (folder / "way").symlink_to(tmp_path / "else")
    (folder / "circle").symlink_to(folder)
    (folder / "gone.mp4").symlink_to(folder / "nothing.mp4")
    (folder / "inside.mp4").symlink_to(folder / "b.mp4")
    found = {video.name: video.refused for video in find_videos(folder).videos}
    assert "leads out" in found["out.mp4"]
    assert "leads out" in found["way"]
    assert "not followed" in found["circle"]
    assert "leads nowhere" in found["gone.mp4"]
    assert found["inside.mp4"] == ""
    assert len(found) == 9


def test_a_pipe_does_not_hold_us_up(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "pipe" not in names(folder)


def test_a_name_that_cannot_be_written_is_written_otherwise(folder: Path) -> None:
    with Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.mp4")).open("wb") as file:
        file.write(MP4)
    assert "\\udcff\\n.mp4" in names(folder)


def test_the_nearest_word_counts(folder: Path) -> None:
    (folder / "licence.json").write_text(
        '{"licence": "CC BY 4.0", "attribution": "A. B.", "url": "https://x.org"}'
    )
    (folder / "a/clips.json").write_text('{"speaker": "one", "videos": {"c.MKV": {"license": "CC0"}}}')
    (folder / "b.licence.json").write_text('{"licence": "mine"}')
    found = {video.name: video.provenance for video in find_videos(folder).videos}
    assert found["a/c.MKV"] == Provenance("CC0", "A. B.", "https://x.org", "one")
    assert found["a/hidden.txt"].licence == "CC BY 4.0"
    assert found["b.mp4"].licence == "mine"
    assert found["b.mp4"].credit == "A. B., https://x.org"
    assert find_videos(folder / "b.mp4").videos[0].provenance.licence == "mine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[1]", "no object"),
        ('{"licens": "CC0"}', "licens"),
        ('{"licence": 3}', "plain text"),
        ('{"licence": "a\\nb"}', "plain text"),
        ('{"videos": {"b.mp4": "CC0"}}', "entry is no object"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_licence_that_is_misread_is_refused(folder: Path, text: str, said: str) -> None:
    (folder / "licence.json").write_text(text)
    with pytest.raises(BadInput, match=said):
        find_videos(folder)


def test_two_words_in_one_folder_are_refused(folder: Path) -> None:
    (folder / "licence.json").write_text("{}")
    (folder / "clips.json").write_text("{}")
    with pytest.raises(BadInput, match="keep one"):
        find_videos(folder)
