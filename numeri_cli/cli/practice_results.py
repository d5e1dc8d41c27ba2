"""numeri practice leaderboard and fund: who does well, and what all of them together earn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def leaderboard(
    session: Invocation,
    top: Annotated[int, typer.Option(min=1, help="How many of the best beside yours.")] = 10,
    accounts: Annotated[
        bool, typer.Option("--accounts", help="Accounts, each with all its models.")
    ] = False,
) -> None:
    """Show who has done well over the past year, what it paid, and your models among them.

    numeri practice leaderboard
    """
    from numeri_cli.output.text import practice_leaderboard as ranking
    from numeri_cli.practice.results.leaderboard import leaderboard as leaderboard_of

    found = leaderboard_of(
        session.context.practice, of="accounts" if accounts else "models", top=top
    )
    session.show(found, ranking.ranking)


def fund(
    session: Invocation,
    from_era: Annotated[
        int | None, typer.Option(help="The first week; live rounds' first.")
    ] = None,
    eras: Annotated[int | None, typer.Option(min=1, help="So many weeks; to the newest.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page too, one portable file of 5 MB.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Trade the meta model, the in-house model and the best rival; see what they earn and risk.

    numeri practice fund --html fund.html
    """
    from numeri_cli.output.text import practice_fund as funding
    from numeri_cli.practice.results.fund import fund_report

    context = session.context
    report = fund_report(
        session.context.practice, from_era=from_era, eras=eras, listener=session.context.listener
    )
    page = None
    if html is not None or show:
        from numeri_cli.output.html.practice_fund import write_fund_page

        page = (
            html.expanduser().absolute() if html else context.home.reports("practice") / "fund.html"
        )
        write_fund_page(report, page, self_contained=html is not None)
    session.show(replace(report, page=page), funding.fund)
    if show and page is not None:
        typer.launch(page.as_uri())
