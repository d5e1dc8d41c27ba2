"""Standard output is data, standard error is talk; for a person or for a machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich.console import RenderableType

from numeri_cli.errors import ExitCode
from numeri_cli.output.console import InertConsole
from numeri_cli.output.json import Record, Trouble, json_text, plain
from numeri_cli.output.pager import is_read_in_pager
from numeri_cli.output.program import as_called
from numeri_cli.output.progress import Sentences
from numeri_cli.output.standard_streams import lost, lost_words
from numeri_cli.progress import SILENT, Listener


@dataclass(frozen=True)
class Unwritten:
    """Why standard output could not be written, in words, and the text that was to stand there."""

    words: str
    text: str


class Screen:
    """What one command shows: a record or nothing, then an error or nothing.

    output: where records go; standard output by default
    """

    def __init__(
        self,
        command: str,
        *,
        as_json: bool,
        quiet: bool,
        verbose: bool,
        output: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        self._command, self._quiet, self._verbose = command, quiet, verbose
        self._output = output or sys.stdout
        self._out = InertConsole(self._output)
        self._talk = InertConsole(sys.stderr)
        self._data: Any = {}
        self._error: Trouble | None = None
        self._trouble: OSError | None = None
        self._last = ""
        self.listener: Listener = SILENT
        if not as_json:
            watched = self._output.isatty() and sys.stderr.isatty() and not quiet
            kind = _bars() if watched else Sentences
            self.listener = kind(self._talk, quiet=quiet, verbose=verbose)

    def show(
        self,
        record: Record,
        view: Callable[[Record], RenderableType],
        *,
        paged: bool = False,
    ) -> None:
        """Show the command's record: `view` for a person, its fields for a machine.

        No line is broken at the screen's edge, so that ids, paths and commands can be copied;
        tables make narrow what has words to break between.
        paged: in the user's pager, where it is longer than the terminal
        """
        if self.as_json:
            self._data = plain(record)
        elif not self._quiet:
            with self._out.capture() as caught:
                self._out.print(view(record), crop=False, overflow="ignore")
            # what a table pads its lines with would be lines of its own on a narrow terminal
            text = re.sub(r" +\n", "\n", caught.get())
            is_long = self._output.isatty() and text.count("\n") >= self._out.size.height
            if not (paged and is_long and is_read_in_pager(text, output=self._output)):
                self._write(text)

    def announce(self, text: str) -> bool:
        """Write text at once, before the command is done; to standard error with --json.

        Returns False where nobody can read it any longer.
        """
        if self.as_json:
            sys.stderr.write(text)
            sys.stderr.flush()
            return True
        self._write(text)
        return self._trouble is None and getattr(self._output, "trouble", None) is None

    def _write(self, text: str) -> None:
        """Write to standard output, which may be a file on a full disk: no work ends for that."""
        self._last = text
        try:
            self._output.write(text)
            self._output.flush()
        except OSError as error:
            self._trouble = error

    @property
    def unwritten(self) -> Unwritten | None:
        """What standard output should hold and does not; None where its reader has left."""
        trouble = self._trouble or lost(self._output)
        if trouble is None or isinstance(trouble, BrokenPipeError):
            return None
        return Unwritten(lost_words(trouble), self._last)

    def own_up(self, troubles: Sequence[Trouble]) -> None:
        """Say the errors inside a record that was shown, where showing it has not said them.

        troubles: the worst first; it is the one that machines are told of
        """
        if self.as_json:
            self._error = next(iter(troubles), None)
        elif self._quiet:
            for trouble in troubles:
                self.fail(trouble)

    def printed(self, text: str) -> None:
        """Show a line that a library or somebody's class printed, where asked to be verbose."""
        if self._verbose:
            self._talk.print(text, markup=False, soft_wrap=True, style="dim")

    def warn(self, text: str) -> None:
        """Say on standard error what must not be lost, whatever was asked for."""
        self._talk.print(f"warning: {as_called(text)}", markup=False, soft_wrap=True)

    def fail(self, error: Trouble) -> None:
        """Show an error: one sentence, one cure."""
        self._error = error
        if not self.as_json:
            self._talk.print(f"error: {as_called(error.message)}", markup=False, soft_wrap=True)
            if error.hint:
                self._talk.print(f"hint:  {as_called(error.hint)}", markup=False, soft_wrap=True)

    def close(self, exit_code: ExitCode) -> None:
        """Write the one JSON object, where JSON was asked for."""
        if self.as_json:
            is_unicode = str(self._output.encoding).lower().startswith("utf")
            text = json_text(
                self._command, self._data, self._error, exit_code, in_ascii=not is_unicode
            )
            self._write(f"{text}\n")


def _bars() -> type[Sentences]:
    from numeri_cli.output.bars import Bars  # what a bar is drawn with, nobody else needs

    return Bars
