"""The photo door: what is read, how it looks afterwards, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import photo_files as make
import pytest
from PIL import Image, ImageOps

from dxtalker.errors import BadInput, LimitExceeded, Unsupported
from dxtalker.face.photo import Photo, load_photo
from dxtalker.face.photo.limits import MAX_BYTES, MAX_SIDE
from dxtalker.face.photo.load import upright

READABLE = make.readable()
FOREIGN = make.foreign()


def load(folder: Path, name: str, content: bytes) -> Photo:
    (folder / name).write_bytes(content)
    return load_photo(folder / name)


def corners(pixels: np.ndarray) -> np.ndarray:
    """(4, 3) mean colour near the corners: top left, top right, bottom left, bottom right."""
    h, w = pixels.shape[0] // 4, pixels.shape[1] // 4
    parts = (pixels[:h, :w], pixels[:h, -w:], pixels[-h:, :w], pixels[-h:, -w:])
    return np.array([part.reshape(-1, 3).mean(axis=0) for part in parts])


EXPECTED = corners(np.asarray(make.scene()))


@pytest.mark.parametrize("name", READABLE)
def test_every_kind_is_read_as_the_same_picture(name: str, tmp_path: Path) -> None:
    photo = load(tmp_path, name, READABLE[name])
    assert photo.pixels.shape == (64, 96, 3)
    assert photo.pixels.dtype == np.uint8
    seen, expected = corners(photo.pixels), EXPECTED
    if any("grey" in note for note in photo.notes):
        seen, expected = seen.mean(axis=1), expected @ (0.299, 0.587, 0.114)
    if name == "one bit.png" or "alpha" in name or "clear" in name:
        assert (seen[-1] > 200).all()  # the white corner, through every dither and on every background
        return
    tolerance = 25 if "cmyk" in name or "quant" in name or name.endswith(".gif") else 12
    np.testing.assert_allclose(seen, expected, atol=tolerance)


@pytest.mark.parametrize(("name", "remark"), [
    ("grey.jpg", "grey"), ("grey 16.png", "reduced to 8"), ("colour 16.png", "reduced to 8"), ("float.tif", "reduced to 8"),
    ("cmyk.jpg", "CMYK"), ("alpha.png", "laid on white"), ("palette clear.png", "laid on white"), ("animated.gif", "first frame"),
    ("animated.webp", "first frame"), ("animated.png", "first frame"), ("pages.tif", "the first is used"),
    ("bad profile.jpg", "left aside"), ("profile.jpg", "converted from 'rrrr"),
])  # fmt: skip
def test_remarks(name: str, remark: str, tmp_path: Path) -> None:
    assert any(remark in note for note in load(tmp_path, name, READABLE[name]).notes)


@pytest.mark.parametrize(
    "name", ["plain.jpg", "plain.png", "plain.webp", "plain.tif", "plain.bmp", "plain.gif"]
)
def test_plain_pictures_need_no_remark(name: str, tmp_path: Path) -> None:
    assert load(tmp_path, name, READABLE[name]).notes == ()


def test_transparency_is_white(tmp_path: Path) -> None:
    pixels = load(tmp_path, "alpha.png", READABLE["alpha.png"]).pixels
    assert (pixels[:, 0] > 250).all()  # wholly transparent there
    assert pixels[5, 90, 1] > 190
    assert pixels[5, 90, 0] < 60


def test_cmyk_without_adobe_is_not_inverted(tmp_path: Path) -> None:
    data = READABLE["cmyk.jpg"]
    at = data.index(b"\xff\xee")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    # Pillow writes Adobe's inverted inks; without the marker the same numbers mean the opposite.
    pixels = load(tmp_path, "plain inks.jpg", data[:at] + data[at + 2 + length :]).pixels
    assert corners(pixels)[3].mean() < 60


@pytest.mark.parametrize("value", range(1, 9))
def test_exif_orientation(value: int, tmp_path: Path) -> None:
    photo = load(tmp_path, "turned.jpg", make.oriented(value))
    np.testing.assert_allclose(corners(photo.pixels), EXPECTED, atol=12)
    assert any("EXIF" in note for note in photo.notes) == (value != 1)


@pytest.mark.parametrize("value", range(1, 9))
def test_upright_is_what_pillow_does(value: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = value
    np.testing.assert_array_equal(upright(pixels, value), np.asarray(ImageOps.exif_transpose(image)))


def test_a_turned_tiff_is_turned_once(tmp_path: Path) -> None:
    stored = make.scene().transpose(Image.Transpose.ROTATE_90)
    photo = load(tmp_path, "turned.tif", make.encoded(stored, "TIFF", tiffinfo={0x0112: 6}))
    np.testing.assert_allclose(corners(photo.pixels), EXPECTED, atol=2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_photos_are_reduced(kind: str, tmp_path: Path) -> None:
    photo = load(tmp_path, "large", make.encoded(make.scene(6000, 4000), kind))
    assert photo.pixels.shape == (round(MAX_SIDE * 2 / 3), MAX_SIDE, 3)
    assert any("6,000 x 4,000" in note for note in photo.notes)
    np.testing.assert_allclose(corners(photo.pixels), EXPECTED, atol=12)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_given_by_mistake_is_named(name: str, tmp_path: Path) -> None:
    content, said = FOREIGN[name]
    with pytest.raises(BadInput) as caught:
        load(tmp_path, name, content)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, Unsupported) or "known" in said


def test_no_file_folder_empty_and_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    for path, said in (
        ("none.jpg", "no such file"),
        (".", "folder"),
        ("empty.jpg", "empty"),
        ("a\0b", "name of a file"),
    ):
        with pytest.raises(BadInput, match=said):
            load_photo(tmp_path / path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        with pytest.raises(BadInput, match="pipe"):
            load_photo(tmp_path / "pipe.jpg")
    if Path("/dev/zero").exists():
        with pytest.raises(BadInput, match="device"):
            load_photo("/dev/zero")


def test_limits(tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    with large.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(LimitExceeded, match="MB"):
        load_photo(large)
    with pytest.raises(BadInput, match="at least 16"):
        load(tmp_path, "dot.png", make.encoded(make.scene(8, 8), "PNG"))
