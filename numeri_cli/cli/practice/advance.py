"""numeri practice advance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.practice.create import day
from numeri_cli.cli.signals import interrupted, terminated
from numeri_cli.errors import NumeriError, TerminationAsked

if TYPE_CHECKING:
    from numeri_cli.commands.practice.advance import Goal


def advance(
    call: Invocation,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, max=520, help="How many rounds; 1 by default."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="To the last round that opens by this day.")
    ] = None,
) -> None:
    """Let time pass until the next round opens: rivals submit, targets resolve, scores settle.

    numeri practice advance --rounds 4
    """
    from numeri_cli.commands.practice.advance import advance, goal
    from numeri_cli.output.text.practice import advanced

    last = day(until)
    aim = goal(call.context, rounds=rounds, until=last.date() if last else None)
    with _saying_how_far(call, aim):
        found = advance(call.context, aim)
    call.show(found, advanced)


@contextmanager
def _saying_how_far(call: Invocation, aim: Goal) -> Iterator[None]:
    """Where time stops on its way to a round, say where, and what goes on from there."""

    def told(error: NumeriError) -> NumeriError:
        reached = call.context.practice.state().live_round
        error.message += f" at round {reached} of {aim.round_number}"
        again = f"`numeri practice advance --until {aim.opens_on:%Y-%m-%d}` goes on"
        error.hint = f"nothing was lost; {again}"
        return error

    try:
        yield
    except KeyboardInterrupt:
        raise told(interrupted()) from None
    except TerminationAsked:
        raise told(terminated()) from None
