"""The report of a collection: counts, faces, hostile text, the same bytes each time, and a size that stays small."""

from __future__ import annotations

import io
import re
import time
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_up_clips import made_up_clip
from PIL import Image, ImageDraw

from dxtalker.curate.drafts import Drafts, Piece, Reject, Take, Through
from dxtalker.curate.faces import small_jpeg
from dxtalker.curate.reasons import REASONS
from dxtalker.curate.report import LIMITED, report_html, write_report
from dxtalker.curate.scores import SCORES
from dxtalker.curate.settings import Settings
from dxtalker.curate.tally import tally
from dxtalker.data.clip import ClipRecord
from dxtalker.data.manifest import Manifest
from dxtalker.data.shards import ClipWriter
from dxtalker.errors import BadInput

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202egpm.\u0007'
SETTINGS = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(Settings()).items()}
USUAL = {  # a plausible value of some scores, and its spread
    "picture.eye_distance": (80, 20), "picture.yaw": (14, 9), "picture.level": (120, 40), "sound.snr": (24, 9),
    "sync.offset": (0.04, 0.03), "sync.confidence": (0.8, 0.2), "track.error": (1.4, 0.4), "track.opening": (9, 3),
}  # fmt: skip


def made_up_records(count: int, seed: int = 0) -> list[ClipRecord]:
    """Records of clips that nobody filmed, kept and dropped."""
    rng = np.random.default_rng(seed)
    reasons = [reason for reason in REASONS if not reason.startswith("file.")]
    records = []
    for i in range(count):
        video = f"corpus_{i % 7}/video {i // 9}.mp4"
        scores = {name: float(rng.normal(*USUAL.get(name, (0.3, 0.1)))) for name in SCORES}
        scores["sync.offset"] = float(0.04 * (i % 7) - 0.08 + 0.004 * (i // 9 % 5))
        dropped = str(rng.choice(reasons)) if rng.random() < 0.4 else ""
        file = rng.random() < 0.01
        records.append(
            ClipRecord(
                name=f"clip-{i:06d}", source=video, sha256=f"{i:064x}", start=float(i % 9) * 4.0,
                frames=0 if file else int(rng.integers(50, 500)), speaker=f"speaker {i // 30}",
                licence=("CC BY 4.0", "CC0", "unknown")[i % 3], attribution=f"someone {i % 5}",
                scores={} if file else scores, dropped="file.unreadable" if file else dropped,
                remark="made up: 3.1; expected at least 4" if dropped or file else "",
            )
        )  # fmt: skip
    return records


def drawn_face(seed: int, side: int = 96) -> bytes:
    """A JPEG of an oval with two dots."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (side, side), tuple(int(v) for v in rng.integers(40, 200, 3)))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((20, 10, side - 20, side - 6), fill=tuple(int(v) for v in rng.integers(120, 240, 3)))
    for x in (38, side - 38):
        draw.ellipse((x - 4, 38, x + 4, 46), fill=(20, 20, 30))
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    return stream.getvalue()


def made_up_collection(folder: Path, hostile: str = "") -> Path:
    """Three clips that were kept and three that were not, with the draft of one of these."""
    with ClipWriter(folder, SETTINGS) as writer:
        for i in range(3):
            clip = replace(made_up_clip(f"kept-{i}", i), thumbnail=drawn_face(i))
            said = replace(
                clip.record, source=hostile or "a.mp4", attribution=hostile, licence=hostile or "CC0"
            )
            writer.add(replace(clip, record=said))
        for i, reason in enumerate(("sound.noisy", "picture.dark", "file.no_sound")):
            frames = 0 if reason.startswith("file") else 60
            record = ClipRecord(
                f"dropped-{i}", hostile or "b.mp4", f"{i:064x}", 2.0 * i, frames, hostile or "b",
                scores={"sound.snr": 3.0}, dropped=reason, remark=hostile or "too much of it",
            )  # fmt: skip
            writer.drop(record)
    drafts = Drafts(folder)
    drafts.open()
    record = ClipRecord("r000", "", f"{0:064x}", 0.0, 60, "", dropped="sound.noisy")
    drafts.set_piece(f"{0:032x}-abc", 0, Piece(2.0, rejects=(Reject(record, drawn_face(9)),)))
    drafts.set_through(Through(f"{0:032x}-abc", f"{0:064x}", 2.0, 1, 0))
    return folder


class Seen(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def seen(page: str) -> Seen:
    found = Seen()
    found.feed(page)
    found.close()
    assert not found.open  # every element is closed, in order
    return found


def test_a_collection_becomes_one_page(tmp_path: Path) -> None:
    path = write_report(made_up_collection(tmp_path / "clips"))
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "clips" / "report.html"
    assert seen(page).tags.count("img") == 4  # three that were kept, and the one whose draft is there
    for said in (
        "sound.noisy",
        "picture.dark",
        "file.no_sound",
        "CC0",
        "clips-00000.tar",
        "sound.snr",
        "≥ 10",
    ):
        assert said in page
    assert page.count("No pictures") == 1  # of what was too dark


def test_the_same_collection_gives_the_same_bytes(tmp_path: Path) -> None:
    first, again = (write_report(made_up_collection(tmp_path / n / "clips")).read_bytes() for n in "ab")
    assert first == again


def test_the_order_of_records_changes_nothing() -> None:
    records = made_up_records(800)
    one, other = (report_html("x", tally(part), Manifest(SETTINGS), {}) for part in (records, records[::-1]))
    assert [r.name for r in tally(records).draws[""].records] == [
        r.name for r in tally(records[::-1]).draws[""].records
    ]
    assert re.sub(r"\d+ h", "", one) == re.sub(r"\d+ h", "", other)


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    collection = made_up_collection(tmp_path / "clips", HOSTILE)
    page = write_report(collection).read_text(encoding="utf-8")
    found = seen(page)
    assert "script" not in found.tags and "alert(1)" in page
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert "\u202e" not in page and "\u0007" not in page
    for name, value in found.attributes:
        if name in ("src", "href", "data", "action"):
            assert value is not None and value.startswith("data:image/jpeg;base64,")
    assert not re.search(r"url\(|@import|https?:", page)  # nothing is fetched
    assert "default-src 'none'" in page


def test_a_collection_without_clips(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "none", SETTINGS):
        pass
    assert "There are no records" in write_report(tmp_path / "none").read_text(encoding="utf-8")
    with ClipWriter(tmp_path / "dropped", SETTINGS) as writer:
        writer.drop(ClipRecord("x", "x.mp4", "0", 0.0, 0, "", dropped="file.no_sound"))
    page = write_report(tmp_path / "dropped").read_text(encoding="utf-8")
    assert "x.mp4" in page and "Nothing was kept." in page


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    collection = made_up_collection(tmp_path / "clips")
    shard = collection / "clips-00000.tar"
    shard.write_bytes(shard.read_bytes()[:-4000])
    with (collection / "dropped.jsonl").open("ab") as stream:
        stream.write(b"{broken\n")
    page = write_report(collection).read_text(encoding="utf-8")
    assert "What could not be read" in page and "1 damaged lines" in page


def test_no_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="dxtalker curate made"):
        write_report(tmp_path)


def test_many_records_make_a_small_page() -> None:
    records = made_up_records(10_000)
    begin = time.process_time()
    counted = tally(records)
    faces = {r.name: drawn_face(1) for draw in counted.draws.values() for r in draw.records}
    page = report_html("many", counted, Manifest(SETTINGS), faces)
    assert time.process_time() - begin < 8
    assert len(page.encode()) < 5_000_000
    assert seen(page).tags.count("img") == len(faces) > 500
    assert f"{counted.kept.clips:,}" in page
    assert counted.kept.clips + counted.dropped.clips + counted.dropped.files == 10_000


def test_thresholds_are_those_of_the_settings() -> None:
    assert {field for pairs in LIMITED.values() for field, _ in pairs} <= set(SETTINGS)
    assert set(LIMITED) <= {*SCORES, "clip.seconds"}


def test_a_picture_is_made_anew() -> None:
    with Image.open(io.BytesIO(small_jpeg(drawn_face(0, 400) + b"<script>"))) as picture:
        assert picture.size == (96, 96)
    assert b"<script>" not in small_jpeg(drawn_face(0) + b"<script>")
    assert small_jpeg(b"\xff\xd8 no picture") == small_jpeg(b"") == small_jpeg(b"GIF89a") == b""


def test_a_clip_dropped_late_is_shown(tmp_path: Path) -> None:
    """Its draft is among the takes of a piece, for its sync was judged after all of them were made."""
    clip = replace(made_up_clip("c000", 3, 60), thumbnail=drawn_face(3))
    clip = replace(clip, record=replace(clip.record, sha256="7" * 64, start=4.0))
    drafts = Drafts(tmp_path)
    drafts.open()
    nothing = np.zeros(0, np.float32)
    drafts.set_piece(f"{'7' * 32}-abc", 0, Piece(2.0, takes=(Take(clip, nothing, nothing),)))
    late = replace(clip.record, name="late", source="l.mp4", dropped="sync.doubtful")
    with ClipWriter(tmp_path, SETTINGS) as writer:
        writer.drop(late)
        writer.drop(replace(late, name="other", start=8.0))
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert seen(page).tags.count("img") == 1
