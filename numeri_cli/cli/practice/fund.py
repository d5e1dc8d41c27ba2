"""numeri practice fund."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.command import Invocation

if TYPE_CHECKING:
    from numeri_cli.practice.results.fund import FundReport


def fund(
    call: Invocation,
    from_era: Annotated[
        int | None, typer.Option(help="The first week; live rounds' first.")
    ] = None,
    eras: Annotated[int | None, typer.Option(min=1, help="So many weeks; to the newest.")] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option("--with", help="Your model as a fund beside them; repeatable."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page too, one portable file of 5 MB.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Trade the meta model, the in-house model and the best rival; see what they earn and risk.

    numeri practice fund --html fund.html
    """
    from numeri_cli.commands.practice.fund import fund
    from numeri_cli.files import expanded
    from numeri_cli.output.text import practice_fund as text

    def write_page(report: FundReport, page: Path) -> None:
        from numeri_cli.output.html.practice_fund import write_fund_page  # plotly comes with it

        write_fund_page(report, page, self_contained=html is not None)

    report = fund(
        call.context,
        from_era=from_era,
        eras=eras,
        beside=beside or (),
        page=expanded(html) if html else None,
        write_page=write_page if html is not None or show else None,
    )
    call.show(report, text.fund)
    if show and report.page is not None:
        typer.launch(report.page.as_uri())
