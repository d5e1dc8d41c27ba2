"""Diagnostics: the server's figures beside ours, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.commands.diagnostics.comparison import figure_labels
from numeri_cli.output.formats import number
from numeri_cli.output.text.tables import table
from numeri_cli.scoring.score_table import score_named

if TYPE_CHECKING:
    from numeri_cli.commands.diagnostics.diagnostics import ComparedDiagnostics


def diagnostics(record: ComparedDiagnostics) -> RenderableType:
    """Server and here side by side, then where they part."""
    right = ("server", "here", "difference")
    rows = table("", *right, "", right=right)
    labels = figure_labels()
    for pair in record.figures:
        rows.add_row(
            labels[pair.name],
            number(pair.server),
            number(pair.here),
            number(pair.difference, 6),
            Text("differs", "red") if pair.differs else "",
        )
    parts: list[RenderableType] = [
        Text(f"diagnostics {record.id}: {record.status}"),
        Text(f"{record.target}, {record.shared_eras} eras that both scored"),
        rows,
    ]
    parts += [Text(line, style="red") for line in _differing(record)]
    if record.only_server:
        words = f"the server's figures rest on {_eras(record.only_server)} not here, too"
        parts.append(Text(f"{words}: `numeri download validation` brings them", style="yellow"))
    if record.only_here:
        words = f"{_eras(record.only_here)} were scored here only and are left out"
        parts.append(Text(words, style="yellow"))
    if not record.differ:
        parts.append(Text(f"no figure and no era differs by more than {record.tolerance:g}"))
    parts += [Text(f"warning: {warning}", style="yellow") for warning in record.warnings]
    return Group(*parts)


def _eras(eras: tuple[str, ...]) -> str:
    """Such as "3 eras (0054–0056)"."""
    if len(eras) == 1:
        return f"1 era ({eras[0]})"
    return f"{len(eras)} eras ({eras[0]}–{eras[-1]})"


def _differing(record: ComparedDiagnostics) -> list[str]:
    return [
        f"{score_named(pair.score).label} differs by more than {record.tolerance:g} in "
        f"{pair.differing} of {pair.eras} eras, most in {pair.largest_era}: "
        f"{number(pair.largest, 6)}"
        for pair in record.eras
        if pair.differing
    ]
