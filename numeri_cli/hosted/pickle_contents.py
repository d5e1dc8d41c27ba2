"""What a pickle holds, read operation by operation; nothing in it is executed."""

from __future__ import annotations

import pickletools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from numeri_cli.files import disk_errors
from numeri_cli.hosted.byte_code import versions_of

_NUMBERS_BEFORE_CODE = 6  # of the arguments that make a code object
_MODULE_MAKERS = ("subimport",)  # of cloudpickle: the next text is a module's name
_TEXTS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING")
_BYTES = ("SHORT_BINBYTES", "BINBYTES", "BINBYTES8")
_INTEGERS = ("BININT", "BININT1", "BININT2", "INT", "LONG1", "LONG")
_STORES = ("MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT")
_FETCHES = ("BINGET", "LONG_BINGET", "GET")


@dataclass(frozen=True)
class PickleContents:
    """What a file says about itself.

    by_reference: modules that it takes things from by their names, the outermost name of each
    pythons: versions that its byte code can be of; empty where none that is known
    holds_code: whether there is byte code in it at all
    damage: why it is no whole pickle; "" where it is one
    """

    by_reference: tuple[str, ...]
    pythons: tuple[str, ...]
    holds_code: bool
    damage: str = ""


@dataclass
class _PickleReader:
    """Follows the operations as far as names, modules and byte code need it."""

    texts: list[str] = field(default_factory=list)
    memo: dict[int, str] = field(default_factory=dict)
    stored: int = 0
    numbers: int = 0
    last: str | None = None
    awaits_module: bool = False
    modules: dict[str, None] = field(default_factory=dict)
    code: list[bytes] = field(default_factory=list)

    def hear(self, name: str, argument: object) -> None:
        """Take in one operation."""
        if name in _STORES:
            place = self.stored if name == "MEMOIZE" else int(str(argument))
            self.stored += name == "MEMOIZE"
            if self.last is not None:
                self.memo[place] = self.last
            return
        was_numbers = self.numbers
        self.numbers = self.numbers + 1 if name in _INTEGERS else 0
        self.last = None
        if name in _TEXTS or name in _FETCHES:
            text = str(argument) if name in _TEXTS else self.memo.get(int(str(argument)))
            if text is not None:
                self._text(text)
        elif name in ("GLOBAL", "INST"):
            self._taken(*str(argument).split(" ", maxsplit=1))
        elif name == "STACK_GLOBAL" and len(self.texts) >= 2:
            self._taken(*self.texts[-2:])
        elif name in _BYTES and was_numbers >= _NUMBERS_BEFORE_CODE:
            self.code.append(bytes(argument))  # type: ignore[call-overload]

    def _text(self, text: str) -> None:
        self.last = text
        self.texts = [*self.texts[-1:], text]
        if self.awaits_module:
            self.modules.setdefault(text)
            self.awaits_module = False

    def _taken(self, module: str, name: str) -> None:
        self.modules.setdefault(module)
        self.awaits_module = name in _MODULE_MAKERS


def look_into(path: Path) -> PickleContents:
    """Read a pickle without making anything of it. Raises DiskError."""
    reader, damage = _PickleReader(), ""
    with disk_errors(path), path.open("rb") as file:
        try:
            for operation, argument, _ in pickletools.genops(file):
                reader.hear(operation.name, argument)
            if file.read(1):
                damage = "something follows its end"
        except (ValueError, UnicodeDecodeError, OverflowError, IndexError, TypeError) as error:
            damage = (str(error) or type(error).__name__).splitlines()[0][:200]
    roots = dict.fromkeys(module.split(".", maxsplit=1)[0] for module in reader.modules)
    return PickleContents(
        by_reference=tuple(sorted(roots)),
        pythons=versions_of(reader.code) if reader.code else (),
        holds_code=bool(reader.code),
        damage=damage,
    )


def mentions(path: Path, words: tuple[str, ...]) -> Iterator[str]:
    """Those words that stand anywhere in a file, as the names of what its code imports do."""
    with disk_errors(path):
        content = path.read_bytes()
    yield from (word for word in words if word.encode() in content)


def is_of_python(module: str) -> bool:
    """Whether a module comes with Python itself."""
    return module in sys.stdlib_module_names or module in ("__builtin__", "copy_reg")
