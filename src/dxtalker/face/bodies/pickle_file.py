"""The values in a pickle, read without running anything of it.

A pickle is a small program that may call any function. This interpreter knows its instructions but no
functions: the few names that a FLAME file needs become inert records (array, sparse matrix, attribute
holder), and any other name ends the reading. Nothing is allocated from a length that the file claims.
Format: Python's pickletools; protocols 0 to 5.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...errors import BadInput, LimitExceeded

MAX_STEPS = 2_000_000  # instructions; a FLAME file has some thousands
MAX_TEXT = 1 << 20  # bytes of one number written as text
_MARK = object()
_RECONSTRUCT = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
_FROM_BUFFER = {("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer")}
_SCALAR = {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}
_PLAIN = {("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor"), ("copyreg", "__newobj__")}
_CLASSES = {("numpy", "ndarray"), ("numpy", "dtype"), ("__builtin__", "object"), ("builtins", "object")}
_ENCODE = ("_codecs", "encode")
_ORDERED = ("collections", "OrderedDict")
_HOLDERS = ("chumpy.", "scipy.sparse.")  # classes of these modules only hold attributes


@dataclass(frozen=True)
class Name:
    """A class or function that the file names; it is never looked up."""

    module: str
    name: str

    @property
    def pair(self) -> tuple[str, str]:
        return self.module, self.name


@dataclass(eq=False)
class Holder:
    """An object of the class ``kind``: what was given to it, and its attributes."""

    kind: Name
    given: tuple[Any, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    raw: Any = None  # a state that is no dictionary


class Refused(ValueError):
    """Why the file is not read on."""


def read_pickle(data: bytes, where: str) -> Any:
    """The value in the pickle ``data``; ``where`` names it in errors. Text of Python 2 stays bytes.

    Raises BadInput for anything that FLAME files do not contain, LimitExceeded for too many instructions.
    """
    try:
        return _Machine(data).run()
    except Refused as error:
        raise BadInput(f"{where} is damaged or hostile: {error}; nothing of it was run") from None
    except (
        IndexError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        struct.error,
        OverflowError,
    ) as error:
        raise BadInput(
            f"{where} is no whole pickle ({type(error).__name__}); expected a FLAME model"
        ) from None


class _Machine:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.spent = 0  # bytes of text encoded again

    def run(self) -> Any:
        for _ in range(MAX_STEPS):
            code = self.take(1)
            if code == b".":
                return self.pop()
            action = _ACTIONS.get(code)
            if action is None:
                raise Refused(f"it has the instruction {code!r}, which a FLAME file should never contain")
            action(self)
        raise LimitExceeded(
            f"the pickle has more than {MAX_STEPS} instructions; a FLAME file has some thousands"
        )

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if count < 0 or len(piece) != count:
            raise Refused(f"it is cut off, or claims {count} bytes that are not there")
        self.at += count
        return piece

    def number(self, form: str) -> int:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at, self.at + MAX_TEXT)
        if end < 0:
            raise Refused("it is cut off within a line")
        piece = self.data[self.at : end]
        self.at = end + 1
        return piece

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise Refused("its stack is out of order")
        return value

    def to_mark(self) -> list[Any]:
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] is _MARK:
                values = self.stack[at + 1 :]
                del self.stack[at:]
                return values
        raise Refused("its stack is out of order")

    def put(self, index: int) -> None:
        if self.stack[-1] is _MARK:
            raise Refused("its stack is out of order")
        self.memo[index] = self.stack[-1]

    def name(self, module: Any, name: Any) -> None:
        found = Name(as_text(module), as_text(name))
        pair = found.pair
        known = pair in _RECONSTRUCT | _FROM_BUFFER | _SCALAR | _PLAIN | _CLASSES | {_ENCODE, _ORDERED}
        if not known and not f"{found.module}.".startswith(_HOLDERS):
            shown = f"{found.module}.{found.name}"[:60]
            raise Refused(f"it asks for {shown!r}, which a FLAME file should never contain")
        self.push(found)

    def call(self, function: Any, given: Any) -> Any:
        """What calling ``function`` would hold, without calling anything."""
        if not isinstance(function, Name) or not isinstance(given, tuple):
            raise Refused("it calls something that is no name, which a FLAME file should never contain")
        pair = function.pair
        if pair == _ENCODE:
            text, coding = given[0], as_text(given[1]) if len(given) > 1 else "latin1"
            if not isinstance(text, str) or coding not in ("latin1", "latin-1"):
                raise Refused(f"it encodes text as {coding[:20]!r}")
            self.spent += len(text)
            if self.spent > 2 * len(self.data):
                raise Refused("it encodes the same text again and again")
            return text.encode("latin1")
        if pair in _RECONSTRUCT:
            return Holder(Name("numpy", "ndarray"))
        if pair in _FROM_BUFFER:
            return Holder(Name("numpy", "ndarray"), raw=(1, given[2], given[1], given[3] == "F", given[0]))
        if pair in _SCALAR:
            return Holder(Name("numpy", "ndarray"), raw=(1, (), given[0], False, given[1]))
        if pair in _PLAIN:
            return Holder(given[0]) if isinstance(given[0], Name) else self.call(given[0], given)
        if pair == _ORDERED:
            return {}
        return Holder(function, given)

    def build(self) -> None:
        state = self.pop()
        target = self.stack[-1]
        if isinstance(target, dict):
            return
        if not isinstance(target, Holder):
            raise Refused("it gives attributes to a plain value")
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict) and not state[0]:
            state = state[1]  # attributes in slots
        if isinstance(state, dict):
            target.state.update(
                {as_text(key): value for key, value in state.items() if isinstance(key, str | bytes)}
            )
        else:
            target.raw = state

    def dictionary(self, target: Any, items: list[Any]) -> None:
        if not isinstance(target, dict) or len(items) % 2:
            raise Refused("it puts entries into what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | bytes | int | float | None):
                raise Refused("a dictionary has a key that is no text and no number")
            target[as_text(key) if isinstance(key, bytes) else key] = value

    def extend(self, target: Any, items: list[Any]) -> None:
        if not isinstance(target, list):
            raise Refused("it appends to what is no list")
        target.extend(items)

    def long(self, size: int) -> None:
        if size > 32:
            raise Refused(f"it has a whole number of {size} bytes")
        self.push(int.from_bytes(self.take(size), "little", signed=True))


def as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value[:MAX_TEXT].decode("latin1")
    if not isinstance(value, str):
        raise Refused("a name is no text")
    return value


def _quoted(machine: _Machine) -> None:
    line = machine.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"') or b"\\" in line:
        raise Refused("a text of protocol 0 is not plain")
    machine.push(line[1:-1])


def _integer(machine: _Machine) -> None:
    line = machine.line().strip().removesuffix(b"L")
    if len(line) > 40:
        raise Refused("a whole number has more than 40 digits")
    machine.push({b"00": False, b"01": True}.get(line, int(line)))


def _reduce(machine: _Machine) -> None:
    given, function = machine.pop(), machine.pop()
    machine.push(machine.call(function, given))


def _instance(machine: _Machine) -> None:
    module, name = machine.line(), machine.line()
    given = tuple(machine.to_mark())
    machine.name(module, name)
    machine.push(machine.call(machine.pop(), given))


def _object(machine: _Machine) -> None:
    function, *given = machine.to_mark()
    machine.push(machine.call(function, tuple(given)))


def _new_with_names(machine: _Machine) -> None:
    machine.pop()
    _reduce(machine)


def _stack_global(machine: _Machine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.name(module, name)


def _discard_mark(machine: _Machine) -> None:
    machine.to_mark()


def _setitem(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.dictionary(machine.stack[-1], [key, value])


def _setitems(machine: _Machine) -> None:
    items = machine.to_mark()
    machine.dictionary(machine.stack[-1], items)


def _append(machine: _Machine) -> None:
    value = machine.pop()
    machine.extend(machine.stack[-1], [value])


def _appends(machine: _Machine) -> None:
    items = machine.to_mark()
    machine.extend(machine.stack[-1], items)


def _new_dictionary(machine: _Machine) -> None:
    items = machine.to_mark()
    machine.push({})
    machine.dictionary(machine.stack[-1], items)


def _tuple_of(count: int) -> Callable[[_Machine], None]:
    def act(machine: _Machine) -> None:
        machine.push(tuple([machine.pop() for _ in range(count)][::-1]))

    return act


def _float(machine: _Machine) -> None:
    value = float(machine.line()[:60])
    machine.push(value if math.isfinite(value) else 0.0)


_ACTIONS: dict[bytes, Callable[[_Machine], object]] = {
    b"\x80": lambda m: m.take(1),
    b"\x95": lambda m: m.take(8),  # a frame's length: a hint that is not needed
    b"(": lambda m: m.push(_MARK),
    b"0": lambda m: m.stack.pop(),
    b"1": _discard_mark,
    b"2": lambda m: m.push(m.stack[-1]),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"F": _float,
    b"G": lambda m: m.push(m.number(">d")),
    b"I": _integer,
    b"L": _integer,
    b"J": lambda m: m.push(m.number("<i")),
    b"K": lambda m: m.push(m.number("<B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"\x8a": lambda m: m.long(m.number("<B")),
    b"\x8b": lambda m: m.long(m.number("<I")),
    b"S": _quoted,
    b"T": lambda m: m.push(m.take(m.number("<I"))),
    b"U": lambda m: m.push(m.take(m.number("<B"))),
    b"B": lambda m: m.push(m.take(m.number("<I"))),
    b"C": lambda m: m.push(m.take(m.number("<B"))),
    b"\x8e": lambda m: m.push(m.take(m.number("<Q"))),
    b"\x96": lambda m: m.push(m.take(m.number("<Q"))),
    b"V": lambda m: m.push(m.line().decode("raw_unicode_escape")),
    b"X": lambda m: m.push(m.take(m.number("<I")).decode("utf-8", "surrogatepass")),
    b"\x8c": lambda m: m.push(m.take(m.number("<B")).decode("utf-8", "surrogatepass")),
    b"\x8d": lambda m: m.push(m.take(m.number("<Q")).decode("utf-8", "surrogatepass")),
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.to_mark())),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"]": lambda m: m.push([]),
    b"l": lambda m: m.push(m.to_mark()),
    b"a": _append,
    b"e": _appends,
    b"}": lambda m: m.push({}),
    b"d": _new_dictionary,
    b"s": _setitem,
    b"u": _setitems,
    b"g": lambda m: m.push(m.memo[int(m.line()[:20])]),
    b"h": lambda m: m.push(m.memo[m.number("<B")]),
    b"j": lambda m: m.push(m.memo[m.number("<I")]),
    b"p": lambda m: m.put(int(m.line()[:20])),
    b"q": lambda m: m.put(m.number("<B")),
    b"r": lambda m: m.put(m.number("<I")),
    b"\x94": lambda m: m.put(len(m.memo)),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": _stack_global,
    b"R": _reduce,
    b"\x81": _reduce,
    b"\x92": _new_with_names,
    b"b": lambda m: m.build(),
    b"i": _instance,
    b"o": _object,
}
