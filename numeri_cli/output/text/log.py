"""Runs of the log, and its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.inert_text import visible
from numeri_cli.output.text.tables import table

if TYPE_CHECKING:
    from numeri_cli.commands.log import LoggedRun, LogView
    from numeri_cli.log import LogLine

NO_END = "no end: killed or still at work"


def log_view(record: LogView) -> RenderableType:
    """Runs, newest first; below them the lines of the one that was asked for."""
    if not record.runs:
        return Text("the log is empty")
    rows = table("run", "command", "seconds", "end", right=("seconds",))
    for run in record.runs:
        style = "" if run.exit_code == 0 else "red" if run.exit_code else "yellow"
        rows.add_row(
            visible(run.run), visible(run.command), f"{run.seconds:.1f}", Text(_end(run), style)
        )
    if not record.lines:
        return rows
    return Group(rows, Text(), *(Text(line_text(line)) for line in record.lines))


def _end(run: LoggedRun) -> str:
    if run.exit_code is None:
        return NO_END
    return visible(f"exit {run.exit_code}: {run.error}" if run.error else f"exit {run.exit_code}")


def line_text(line: LogLine, *, with_run: bool = False) -> str:
    """One line for people; with_run: name the run, where lines of several are mixed."""
    end = "" if line.exit_code is None else f" exit {line.exit_code}"
    run = f" {line.run}" if with_run else ""
    level = "" if line.level == "info" else f" {line.level}:"
    text = f"{line.time:%Y-%m-%d %H:%M:%SZ}{run} {line.event}{end}{level} {line.words}"
    return visible(text.rstrip())
