"""Live Link Face tables: Motion -> the CSV that Epic's iPhone app records, and such CSVs -> Motion.

The app's timecode is ``HH:MM:SS:FF.mmm``. ``FF.mmm`` counts sixtieths of a second whatever the recording
rate (that is how the app writes it and how Unreal reads it), so one thousandth is 1/60000 s and every
frame rate keeps its exact instants: 29.97 fps steps by 2.002, 25 fps by 2.400. Wall clock, never drop-frame.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import atomic_path
from ..records import ARKIT_INDEX, ARKIT_NAMES, Motion, frame_rate
from .limits import read_limited

TICKS = 60_000  # a second: 60 frames of 1000 thousandths
DAY = 86_400  # seconds
# The app lists the right side first for these pairs, unlike ARKIT_NAMES.
_SWAPPED = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
CURVE_COLUMNS = tuple(_SWAPPED.get(name, name) for name in ARKIT_NAMES)
HEAD_COLUMNS = ("HeadYaw", "HeadPitch", "HeadRoll")
EYE_COLUMNS = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll")
COLUMNS = tuple(name[0].upper() + name[1:] for name in CURVE_COLUMNS) + HEAD_COLUMNS + EYE_COLUMNS

# Radians at weight 1, fitted to published recordings of the app (see docs/formats.md).
EYE_SIDEWAYS, EYE_DOWN, EYE_UP = 0.61, 0.61, 0.44

_TIMECODE = re.compile(r"\s*\"?(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3}(?:\.\d+)?)\"?\s*")
_WHOLE_RATES = tuple(Fraction(n) for n in (12, 15, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240))
_BROADCAST_RATES = tuple(Fraction(n * 1000, 1001) for n in (24, 30, 60, 120))
_BLOCK = 4096  # rows formatted at a time


def write_livelink(path: Path, motion: Motion) -> None:
    """Write ``motion`` as a Live Link Face CSV: timecode, 52 curves, head and eye angles in radians.

    The table has no place for head translation or for ``motion.info``. Raises BadInput when the folder
    cannot be written.
    """
    order = [ARKIT_INDEX[name] for name in CURVE_COLUMNS]
    pitch, yaw, roll = motion.rotation.T
    head = np.stack([yaw, -pitch, roll], axis=1)  # HeadPitch is positive when looking up
    table = np.concatenate([motion.curves[:, order], head, eye_angles(motion.curves)], axis=1)
    ticks = _ticks(motion)
    row = ",".join(["%s", "61", *["%.10f"] * len(COLUMNS)]) + "\r\n"
    with atomic_path(Path(path)) as temporary, temporary.open("w", encoding="ascii", newline="") as stream:
        stream.write(",".join(("Timecode", "BlendshapeCount", *COLUMNS)) + "\r\n")
        for first in range(0, len(motion), _BLOCK):
            times = [timecode(t) for t in ticks[first : first + _BLOCK].tolist()]
            values = table[first : first + _BLOCK].tolist()
            stream.write("".join([row % (t, *v) for t, v in zip(times, values, strict=True)]))


def eye_angles(curves: np.ndarray) -> np.ndarray:
    """Eye angles (T, 6) radians, columns as EYE_COLUMNS, that go with the gaze in ``curves`` (T, 52).

    Yaw is positive towards the head's own right, pitch downwards, as the app records them; roll is 0.
    """

    def curve(name: str) -> np.ndarray:
        return curves[:, ARKIT_INDEX[name]]

    angles = np.zeros((len(curves), 6), np.float32)
    inward = {side: curve(f"eyeLookIn{side}") - curve(f"eyeLookOut{side}") for side in ("Left", "Right")}
    angles[:, 0] = EYE_SIDEWAYS * inward["Left"]
    angles[:, 3] = -EYE_SIDEWAYS * inward["Right"]
    for column, side in ((1, "Left"), (4, "Right")):
        angles[:, column] = EYE_DOWN * curve(f"eyeLookDown{side}") - EYE_UP * curve(f"eyeLookUp{side}")
    return angles


def timecode(ticks: int) -> str:
    """``HH:MM:SS:FF.mmm`` for an instant in 1/60000 s, modulo 24 hours."""
    seconds, rest = divmod(ticks % (DAY * TICKS), TICKS)
    frame, thousandth = divmod(rest, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frame:02}.{thousandth:03}"


def _ticks(motion: Motion) -> np.ndarray:
    """(T,) int64, each frame's instant in 1/60000 s: rounded once, so errors do not add up."""
    num, den = motion.fps.numerator, motion.fps.denominator
    index = np.arange(len(motion), dtype=np.int64)
    return (2 * index * den * TICKS + num) // (2 * num) + round(motion.start * TICKS)


def read_livelink(path: Path, fps: Fraction | None = None) -> Motion:
    """Read a Live Link Face CSV by column name; head angles, eye angles and extra columns may be missing.

    Without ``fps`` the rate comes from the timecodes, and rows that are not evenly spaced (dropped frames,
    a phone's own clock) are interpolated to an even grid. With ``fps`` the rows are taken as consecutive
    frames at that rate and timecodes are ignored. Frame 0 is at 0 s; the first timecode is kept in
    ``info["timecode"]``. Gaze comes from the eyeLook curves; eye angles are ignored.

    Raises BadInput, naming row (the header is row 1) and column, for anything else.
    """
    table = _Table(path)
    curves = np.clip(table.numbers([name.lower() for name in ARKIT_NAMES], (-0.5, 1.5)), 0, 1)
    yaw, pitch, roll = table.numbers([name.lower() for name in HEAD_COLUMNS], (-6.3, 6.3)).T
    rotation = np.stack([-pitch, yaw, roll], axis=1)
    values = np.concatenate([curves, rotation], axis=1)  # (T, 55)
    info = {"source": "livelink"}
    if "timecode" in table.columns:
        info["timecode"] = table.cell(0, table.columns["timecode"])
    if fps is None:
        values, fps = _even(values, table.instants(), table)
    return Motion(
        curves=values[:, :52].astype(np.float32),
        rotation=values[:, 52:].astype(np.float32),
        translation=np.zeros((len(values), 3), np.float32),
        fps=fps,
        info=info,
    )


class _Table:
    """The rows of one CSV, addressed by lower-case column name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = read_limited(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput(f"{path} is not a text table; expected a Live Link Face CSV in UTF-8") from None
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        kept = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        if len(kept) < 2:
            raise BadInput(f"{path} holds no frames; expected a header row and at least one row of values")
        header = kept[0][1]
        self.delimiter = ";" if ";" in header and "," not in header else ","
        self.rows = [number for number, _ in kept[1:]]
        self.lines = [line for _, line in kept[1:]]
        if self.delimiter == ";":  # spreadsheets that use it write decimal commas
            self.lines = [line.replace(",", ".") for line in self.lines]
        self.names = [name.strip().strip('"') for name in header.split(self.delimiter)]
        self.columns = {name.lower(): i for i, name in reversed(list(enumerate(self.names)))}
        self._check_header()

    def _check_header(self) -> None:
        named = [name.lower() for name in self.names if name]
        twice = sorted({name for name in named if named.count(name) > 1})
        missing = [c for c in COLUMNS[:52] if c.lower() not in self.columns and c != "TongueOut"]
        if twice:
            raise BadInput(
                f"{self.path}, row 1: the column {twice[0]} appears twice; expected each name once"
            )
        if missing:
            few = ", ".join(missing[:4]) + (f" and {len(missing) - 4} more" if len(missing) > 4 else "")
            raise BadInput(
                f"{self.path}, row 1: no column {few}; expected the 52 ARKit names, such as {COLUMNS[0]}"
            )

    def cell(self, row: int, column: int) -> str:
        cells = self.lines[row].split(self.delimiter)
        return cells[column].strip().strip('"') if column < len(cells) else ""

    def numbers(self, wanted: list[str], allowed: tuple[float, float]) -> np.ndarray:
        """(T, len(wanted)) float64, finite, within ``allowed``; a column that is missing is 0."""
        found = [(i, self.columns[name]) for i, name in enumerate(wanted) if name in self.columns]
        out = np.zeros((len(self.lines), len(wanted)))
        if not found:
            return out
        places, columns = zip(*found, strict=True)
        try:
            values = np.loadtxt(
                self.lines, delimiter=self.delimiter, usecols=columns, comments=None, quotechar='"', ndmin=2
            )
        except ValueError:
            raise self._first_fault(columns) from None
        if values.shape != (len(self.lines), len(columns)):
            raise BadInput(f"{self.path}: a quoted cell runs over several rows; expected one frame a row")
        low, high = allowed
        wrong = np.argwhere(~((values >= low) & (values <= high)))  # catches NaN as well
        if len(wrong):
            row, place = wrong[0]
            unit = "a weight from 0 to 1" if high < 2 else "an angle in radians"
            raise self._fault(int(row), columns[place], f"is not {unit}")
        out[:, places] = values
        return out

    def _fault(self, row: int, column: int, problem: str) -> BadInput:
        return BadInput(
            f"{self.path}, row {self.rows[row]}, column {self.names[column]}: {self.cell(row, column)!r} {problem}"
        )

    def _first_fault(self, columns: tuple[int, ...]) -> BadInput:
        for row in range(len(self.lines)):
            for column in columns:
                try:
                    float(self.cell(row, column))
                except ValueError:
                    return self._fault(row, column, "is not a number")
        return BadInput(f"{self.path}: the table is malformed; expected numbers separated by commas")

    def instants(self) -> np.ndarray:
        """(T,) float64 seconds after the first row, from the timecodes. Raises BadInput naming the row."""
        column = self.columns.get("timecode")
        if column is None or len(self.lines) < 2:
            raise BadInput(f"{self.path} does not tell its frame rate (no second timecode); give fps")
        whole, frames = np.zeros(len(self.lines)), np.zeros(len(self.lines))
        for row in range(len(self.lines)):
            match = _TIMECODE.fullmatch(self.cell(row, column))
            if match is None:
                raise self._fault(row, column, "is not a timecode; expected HH:MM:SS:FF.mmm, or give fps")
            hours, minutes, seconds, frame = match.groups()
            whole[row] = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
            frames[row] = float(frame)
        if frames.max() >= 240:
            raise self._fault(int(frames.argmax()), column, "counts more than 240 frames a second; give fps")
        steps = _steps(whole, frames)
        backwards = np.flatnonzero(steps > DAY / 2)
        if len(backwards):
            raise self._fault(int(backwards[0]) + 1, column, "goes back in time; sort the rows or give fps")
        return np.concatenate([[0.0], np.cumsum(steps)])


def _steps(whole: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """(T-1,) seconds between rows. Frames count sixtieths, unless another tool's count is plainly even."""
    best, least = np.zeros(0), np.inf
    for base in (60, 24, 25, 30, 48, 50, 100, 120, 240):
        if frames.max() >= base:
            continue
        steps = np.diff(whole + frames / base) % DAY
        unevenness = np.abs(steps - np.median(steps)).max() / max(np.median(steps), 1e-9)
        if unevenness < 0.5 * least:
            best, least = steps, unevenness
    return best


def _even(values: np.ndarray, instants: np.ndarray, table: _Table) -> tuple[np.ndarray, Fraction]:
    """``values`` (T, C) at an even, common frame rate, and that rate."""
    steps = np.diff(instants)
    typical = float(np.median(steps))
    if typical <= 0:
        raise BadInput(f"{table.path}: the timecodes do not advance; give fps")
    whole = np.maximum(np.round(steps / typical), 1).sum()  # frames spanned, dropped ones included
    measured = whole / instants[-1]
    fps = _likely_rate(measured)
    grid = np.arange(len(values)) / float(fps)
    if np.abs(grid - instants).max() < 0.25 / float(fps):
        return values, fps
    count = int(np.floor(instants[-1] * float(fps) + 1e-6)) + 1
    if count > 4 * len(values) + 1000:
        row = int(np.argmax(steps))
        raise BadInput(
            f"{table.path}, row {table.rows[row + 1]}: the timecode jumps by {steps[row]:.1f} s; "
            "cut the table there or give fps"
        )
    grid = np.arange(count) / float(fps)
    return np.stack([np.interp(grid, instants, column) for column in values.T], axis=1), fps


def _likely_rate(measured: float) -> Fraction:
    """The rate that was meant: exact timecodes tell 29.97 from 30, a phone's clock is half a percent off."""
    for rates, tolerance in ((_WHOLE_RATES + _BROADCAST_RATES, 3e-4), (_WHOLE_RATES, 5e-3)):
        nearest = min(rates, key=lambda rate: abs(float(rate) - measured))
        if abs(float(nearest) - measured) < tolerance * measured:
            return nearest
    return frame_rate(Fraction(measured).limit_denominator(1000))
