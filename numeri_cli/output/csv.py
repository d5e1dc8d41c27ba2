"""Rows of a record as a CSV file: whole or not there."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from numeri_cli.files import atomic_file
from numeri_cli.published import Published

Rows = Sequence[Published] | Sequence[Mapping[str, object]]


def write_csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    """Write rows under these columns; what a row lacks is empty, what is more is left out.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    Raises DiskFull, PathForbidden, DiskTrouble.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        plain = row.plain() if isinstance(row, Published) else row
        writer.writerow([_cell(plain.get(name)) for name in columns])
    with atomic_file(path.expanduser()) as file:
        file.write(text.getvalue().encode())


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and value[:1] in ("=", "@", "\t", "\r"):
        return f"'{value}"
    return value
