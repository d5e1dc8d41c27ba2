"""Rows of a record as a CSV file: whole or not there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from numeri_cli.files import atomic_file, expanded
from numeri_cli.inert_text import inert_cell
from numeri_cli.published import Published

Rows = Sequence[Published] | Sequence[Mapping[str, object]]


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write rows under these columns; what a row lacks is empty, what is more is left out.

    Texts are inert: one line, and never what a spreadsheet would take for a formula.
    Raises DiskFull, PathForbidden, DiskTrouble.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        plain = row.plain() if isinstance(row, Published) else row
        writer.writerow([_cell(plain.get(name)) for name in columns])
    with atomic_file(expanded(path)) as file:
        file.write(text.getvalue().encode())


def _cell(value: object) -> object:
    if value is None:
        return ""
    return inert_cell(value) if isinstance(value, str) else value
