"""The one object that every command prints with --json."""

from __future__ import annotations

import json
from typing import Any, Protocol, TypeVar

from numeri_cli.errors import ExitCode
from numeri_cli.published import VERSION, Published

Record = TypeVar("Record", bound=Published | tuple[Published, ...])
_REFUSED = (ExitCode.refused, ExitCode.usage, ExitCode.keys, ExitCode.locked, ExitCode.no_round)


class Trouble(Protocol):
    """What an error says; also one that is kept in a record."""

    @property
    def code(self) -> str:
        """Stable; machines read it."""

    @property
    def message(self) -> str:
        """One sentence."""

    @property
    def hint(self) -> str:
        """Its cure."""


def plain(record: Published | tuple[Published, ...]) -> Any:
    """A record as JSON can hold it; several become a list. Raises TypeError for any other thing."""
    if isinstance(record, tuple):
        return [plain(one) for one in record]
    if not isinstance(record, Published):
        raise TypeError(f"{type(record).__name__} is not published")
    return record.plain()


def json_text(
    command: str,
    data: Any,
    error: Trouble | None,
    exit_code: ExitCode,
    *,
    in_ascii: bool = False,
) -> str:
    """The object every command prints with --json, on one line.

    in_ascii: other characters as JSON escapes, for an output that may not have them
    """
    if exit_code is ExitCode.done:
        status = "done"
    else:
        status = "refused" if exit_code in _REFUSED else "failed"
    told = None
    if error is not None:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
    content = {
        "version": VERSION,
        "command": command,
        "status": status,
        "data": data,
        "error": told,
    }
    written = json.dumps(content, ensure_ascii=in_ascii)
    # a terminal may read it, too; the escapes are the same text for a program
    return written if written.isprintable() else _escaped(written)


def _escaped(written: str) -> str:
    """JSON with every character that has no look of its own as an escape of JSON."""
    return "".join(
        letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in written
    )
