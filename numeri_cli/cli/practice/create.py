"""numeri practice create."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import UsageProblem


def create(
    call: Invocation,
    seed: Annotated[int | None, typer.Option(help="Every seed is another world.")] = None,
    stocks: Annotated[int | None, typer.Option(help="Stocks; 2,000 by default.")] = None,
    eras: Annotated[int | None, typer.Option(help="Weeks of history; 300 by default.")] = None,
    features: Annotated[int | None, typer.Option(help="Columns; 240 by default.")] = None,
    rivals: Annotated[int | None, typer.Option(help="Other participants; 64 by default.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Date of the first round's week, such as 2026-01-03.")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(help="v5.3: as large as the real files: half an hour and 18 GB."),
    ] = None,
) -> None:
    """Create the practice tournament: a market, its data, rivals and the first round.

    numeri practice create --seed 7
    """
    from numeri_cli.commands.practice.create import create
    from numeri_cli.output.text.practice import practice_status

    made = create(
        call.context,
        seed=seed,
        stocks=stocks,
        eras=eras,
        features=features,
        rivals=rivals,
        start=day(start),
        scale=scale,
    )
    call.show(made, practice_status)


def day(text: str | None) -> datetime | None:
    """Midnight UTC of a day such as "2026-01-03". Raises UsageProblem."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageProblem(f"{text[:40]!r} is no date", hint="write it as 2026-01-03") from None
