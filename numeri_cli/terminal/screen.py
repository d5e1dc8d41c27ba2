"""Standard output is data, standard error is talk; for a person or for a machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from rich.console import Console, RenderableType

from numeri_cli.errors import ExitCode, NumeriError
from numeri_cli.progress import SILENT, Listener
from numeri_cli.terminal.listening import Bars, Sentences
from numeri_cli.terminal.plain import to_plain

Record = TypeVar("Record")
_REFUSED = (ExitCode.refused, ExitCode.usage, ExitCode.keys, ExitCode.locked, ExitCode.no_round)


class Screen:
    """What one command shows: a record or nothing, then an error or nothing."""

    def __init__(self, command: str, *, as_json: bool, quiet: bool, verbose: bool) -> None:
        self._command, self._as_json, self._quiet = command, as_json, quiet
        self._out = Console(file=sys.stdout, highlight=False)
        self._talk = Console(file=sys.stderr, highlight=False)
        self._data: Any = {}
        self._error: NumeriError | None = None
        self.listener: Listener = SILENT
        if not as_json:
            watched = sys.stdout.isatty() and sys.stderr.isatty() and not quiet
            kind = Bars if watched else Sentences
            self.listener = kind(self._talk, quiet=quiet, verbose=verbose)

    def show(self, record: Record, view: Callable[[Record], RenderableType]) -> None:
        """Show the command's record: `view` for a person, its fields for a machine."""
        if self._as_json:
            self._data = to_plain(record)
        elif not self._quiet:
            self._out.print(view(record))

    def announce(self, text: str) -> None:
        """Write text at once, before the command is done; to standard error with --json."""
        stream = sys.stderr if self._as_json else sys.stdout
        stream.write(text)
        stream.flush()

    def fail(self, error: NumeriError) -> None:
        """Show an error: one sentence, one cure."""
        self._error = error
        if not self._as_json:
            self._talk.print(f"error: {error.message}", markup=False, soft_wrap=True)
            if error.hint:
                self._talk.print(f"hint:  {error.hint}", markup=False, soft_wrap=True)

    def close(self, exit_code: ExitCode) -> None:
        """Write the one JSON object, where JSON was asked for."""
        if self._as_json:
            sys.stdout.write(json_text(self._command, self._data, self._error, exit_code) + "\n")
            sys.stdout.flush()


def json_text(command: str, data: Any, error: NumeriError | None, exit_code: ExitCode) -> str:
    """The object every command prints with --json, on one line."""
    if exit_code is ExitCode.done:
        status = "done"
    else:
        status = "refused" if exit_code in _REFUSED else "failed"
    told = None
    if error is not None:
        told = {"code": error.code, "message": error.message, "hint": error.hint}
    content = {"command": command, "status": status, "data": data, "error": told}
    return json.dumps(content, ensure_ascii=False)
