"""Numbers as CSV inside a page: a link that works offline, moved, and without a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from numeri_cli.commands.validate.per_era import per_era_table
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.inert_text import inert_cell
from numeri_cli.output.html.page import Table


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that a page holds; address: a data: address of its whole content."""

    name: str
    words: str
    address: Markup


def csv_of(table: Table, *, name: str, words: str) -> Download:
    """A table of the page as it is shown."""
    return _download(name, words, rows=[table.headers, *table.rows])


def eras_csv(validation: Validation) -> Download:
    """Every score of every era and source, to all digits; the day of each era where it is known."""
    table = per_era_table(validation)
    days = validation.days
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    if days is not None:
        day = [days.of(era).isoformat() for era in columns["era"]]
        columns = {"era": columns.pop("era"), "date": day, **columns}
    rows = zip(*columns.values(), strict=True)
    return _download("scores-by-era.csv", "every score of every era", rows=[[*columns], *rows])


def _download(name: str, words: str, *, rows: Iterable[Sequence[object]]) -> Download:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([inert_cell(one) if isinstance(one, str) else one for one in row])
    content = quote(text.getvalue(), safe=",.")
    return Download(
        name=name,
        words=words,
        address=Markup(f"data:text/csv;charset=utf-8,{content}"),  # noqa: S704 - quoted
    )
