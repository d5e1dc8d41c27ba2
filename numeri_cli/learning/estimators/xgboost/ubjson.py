"""Universal Binary JSON as XGBoost writes it, read with every length held against the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_MOST_DEPTH = 40
_NUMBERS: Mapping[bytes, np.dtype[Any]] = {
    b"i": np.dtype("i1"),
    b"U": np.dtype("u1"),
    b"I": np.dtype(">i2"),
    b"l": np.dtype(">i4"),
    b"L": np.dtype(">i8"),
    b"d": np.dtype(">f4"),
    b"D": np.dtype(">f8"),
}
_WORDS: dict[bytes, Any] = {b"T": True, b"F": False, b"Z": None, b"N": None}


class UbjsonBroken(ValueError):
    """The bytes are no such document; the message says where."""


def read_ubjson(content: bytes) -> Any:
    """The document: dicts, lists, strings, numbers; arrays of one type as numpy arrays.

    Raises UbjsonBroken, whatever the bytes are; what is taken of memory is bounded by their number.
    """
    reader = _Reader(content)
    value = reader.value(reader.take(1), depth=0)
    if reader.place != len(content):
        raise UbjsonBroken(f"{len(content) - reader.place:,} bytes follow the end")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self.place = content, 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._content) - self.place:
            raise UbjsonBroken(f"it ends at byte {len(self._content):,} too early")
        found = self._content[self.place : self.place + count]
        self.place += count
        return found

    def value(self, kind: bytes, *, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise UbjsonBroken("it is nested too deeply")
        if kind in _NUMBERS:
            return self._numbers(kind, 1)[0].item()
        if kind in _WORDS:
            return _WORDS[kind]
        if kind == b"S":
            return self._text()
        if kind == b"C":
            return self.take(1).decode("latin-1")
        if kind == b"[":
            return self._array(depth)
        if kind == b"{":
            return self._object(depth)
        raise UbjsonBroken(f"{kind!r} at byte {self.place - 1:,} begins nothing")

    def _numbers(self, kind: bytes, count: int) -> Any:
        dtype = _NUMBERS[kind]
        return np.frombuffer(self.take(count * dtype.itemsize), dtype=dtype)

    def _length(self) -> int:
        kind = self.take(1)
        if kind not in (b"i", b"U", b"I", b"l", b"L"):
            raise UbjsonBroken(f"{kind!r} at byte {self.place - 1:,} is no length")
        return int(self._numbers(kind, 1)[0])

    def _text(self) -> str:
        try:
            return self.take(self._length()).decode()
        except UnicodeDecodeError as error:
            raise UbjsonBroken(f"what ends at byte {self.place:,} is no text") from error

    def _array(self, depth: int) -> Any:
        kind = self.take(1)
        if kind == b"$":
            of = self.take(1)
            if of not in _NUMBERS or self.take(1) != b"#":
                raise UbjsonBroken(f"an array of {of!r} at byte {self.place:,}")
            return self._numbers(of, self._length())
        found: list[Any] = []
        if kind == b"#":
            return [self.value(self.take(1), depth=depth + 1) for _ in range(self._length())]
        while kind != b"]":
            found.append(self.value(kind, depth=depth + 1))
            kind = self.take(1)
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            if self._content[self.place : self.place + 1] == b"}":
                self.place += 1
                return found
            name = self._text()
            if name in found:
                raise UbjsonBroken(f"{name[:30]!r} stands twice")
            found[name] = self.value(self.take(1), depth=depth + 1)
