"""numeri scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.command import Invocation

if TYPE_CHECKING:
    from numeri_cli.commands.scores import ScorePage


def scores(
    call: Invocation,
    models: Annotated[list[str] | None, typer.Argument(help="Your models; all by default.")] = None,
    of: Annotated[
        str | None, typer.Option("--of", help="Somebody's model instead; needs no keys.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every score into a CSV file, too.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page too, one portable file of 5 MB.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show how your models did: open rounds so far, resolved ones, the mean of a year.

    numeri scores lighthouse
    """
    from numeri_cli.commands.scores import scores
    from numeri_cli.files import expanded
    from numeri_cli.output.csv import write_csv
    from numeri_cli.output.text.scores import CSV_COLUMNS, score_report

    def write_page(found: ScorePage, page: Path) -> None:
        from numeri_cli.output.html.scores import write_score_page  # plotly comes with it

        write_score_page(found, page, self_contained=html is not None)

    found = scores(
        call.context,
        models or (),
        of=of,
        page=expanded(html) if html else None,
        write_page=write_page if html is not None or show else None,
    )
    if csv is not None:
        write_csv(csv, CSV_COLUMNS, found.rows)
    call.show(found, score_report)
    if show and found.page is not None:
        typer.launch(found.page.as_uri())
