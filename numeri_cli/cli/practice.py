"""numeri practice: the tournament in miniature."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import (
    NumeriError,
    PracticeExists,
    PracticeMissing,
    UsageProblem,
)

MOST_ROUNDS = 520  # ten years


def status(session: Invocation) -> None:
    """Show the clock, the round and your models.

    numeri practice status
    """
    from numeri_cli.output.text import tables

    session.show(session.context.practice.status(), tables.practice)


def create(
    session: Invocation,
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
    from numeri_cli.output.text import tables
    from numeri_cli.practice.tournament import SCALES, Tournament, WorldSettings

    if Tournament.exists(session.context.home.practice):
        raise PracticeExists(
            f"a practice tournament is already in {session.context.home.practice}",
            hint="`numeri practice reset` removes it",
        )
    asked = {
        "seed": seed,
        "stocks": stocks,
        "eras": eras,
        "features": features,
        "rivals": rivals,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if scale is not None and scale not in SCALES:
        raise UsageProblem(f"there is no scale {scale[:40]!r}", hint=f"give {' or '.join(SCALES)}")
    settings = replace(WorldSettings() if scale is None else SCALES[scale], **given)
    session.context.listener.say(
        f"Creating a practice tournament in {session.context.home.practice} …"
    )
    Tournament.create(
        session.context.home.practice,
        settings,
        start=_day(start),
        field=scale is None,  # so large a world is made for its data; models come when asked for
        listener=session.context.listener,
    ).close()
    session.show(session.context.practice.status(), tables.practice)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageProblem(f"{text[:40]!r} is no date", hint="write it as 2026-01-03") from None


def advance(
    session: Invocation,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_ROUNDS, help="How many rounds; 1 by default."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="To the last round that opens by this day.")
    ] = None,
) -> None:
    """Let time pass until the next round opens: rivals submit, targets resolve, scores settle.

    numeri practice advance --rounds 4
    """
    from numeri_cli.output.text import tables

    if rounds is not None and until is not None:
        raise UsageProblem(
            "--rounds and --until are two ways to say how far", hint="give one of them"
        )
    state = session.context.practice.state()
    day = _day(until)
    count = (rounds or 1) if day is None else state.rounds_until(day.date())
    if count > MOST_ROUNDS:
        raise UsageProblem(
            f"until {until} {count:,} rounds open", hint=f"advance by at most {MOST_ROUNDS} at once"
        )
    if count:
        with _saying_how_far(session, state.live_round + count):
            session.context.practice.advance(count, listener=session.context.listener)
    else:
        opens_at = state.calendar.opening(state.live_round + 1)
        session.context.listener.say(
            f"No round opens until {until}; the next one on {opens_at:%Y-%m-%d}"
        )
    session.show(session.context.practice.status(), tables.practice)


@contextmanager
def _saying_how_far(session: Invocation, goal: int) -> Iterator[None]:
    """Where time stops on its way to a round, say where, and what goes on from there."""
    from numeri_cli.cli.signals import (
        TerminationAsked,
        interrupted,
        terminated,
    )

    def told(error: NumeriError) -> NumeriError:
        state = session.context.practice.state()
        error.message += f" at round {state.live_round} of {goal}"
        day = state.calendar.opening(goal)
        again = f"`numeri practice advance --until {day:%Y-%m-%d}` goes on"
        error.hint = f"nothing was lost; {again}"
        return error

    try:
        yield
    except KeyboardInterrupt:
        raise told(interrupted()) from None
    except TerminationAsked:
        raise told(terminated()) from None


def serve(
    session: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    clock: Annotated[
        str, typer.Option(help="standing, running, or running:60 for a minute each second.")
    ] = "standing",
    rate_limits: Annotated[
        bool,
        typer.Option("--rate-limits", help="Refuse questions above the real API's limits."),
    ] = False,
) -> None:
    """Serve the practice tournament on 127.0.0.1, for other programs, until Ctrl-C.

    numeri practice serve --port 8000
    """
    from numeri_cli.practice.server.rate_limits import RateLimiter
    from numeri_cli.practice.server.server import serve as serve_practice

    tournament = session.context.practice
    public_id, secret = tournament.participant_keys()

    def announce(address: str) -> None:
        session.screen.announce(
            f"The practice tournament listens on {address}; in another terminal:\n\n"
            f"export NUMERI_API_URL={address}\n"
            f"export NUMERAI_PUBLIC_ID={public_id}\n"
            f"export NUMERAI_SECRET_KEY={secret}\n"
        )

    tournament.field_world()  # nobody over a socket is kept waiting for the rivals' training
    limiter = RateLimiter() if rate_limits else None
    serve_practice(tournament, port=port, clock=clock, announce=announce, limiter=limiter)


def add_model(
    session: Invocation, name: Annotated[str, typer.Argument(help="The model's name.")]
) -> None:
    """Give your practice account one more model.

    numeri practice add-model nightwatch
    """
    from numeri_cli.commands import views
    from numeri_cli.output.text import tables

    session.show(views.Added(name, session.context.practice.add_model(name)), tables.added)


def stake(
    session: Invocation,
    model: Annotated[str, typer.Argument(help="One of your models.")],
    nmr: Annotated[str, typer.Argument(help="What its stake shall be; 0 withdraws all.")],
) -> None:
    """Stake practice NMR on a model: it counts in the meta model, and earns or burns.

    numeri practice stake lighthouse 25
    """
    from numeri_cli.output.text import tables
    from numeri_cli.practice.tournament import parsed_nmr

    staked = session.context.practice.set_stake(model, parsed_nmr(nmr))
    session.show(staked, tables.staked)


def reset(
    session: Invocation,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the practice tournament and what was downloaded and trained from it.

    numeri practice reset --yes
    """
    from numeri_cli.commands import views
    from numeri_cli.output.text import tables
    from numeri_cli.practice.tournament import is_left, removal

    home = session.context.home
    if not is_left(home.practice):
        raise PracticeMissing(
            f"there is no practice tournament in {home.practice}",
            hint="`numeri practice create` makes one",
        )
    if not yes and not typer.confirm(
        f"Remove {home.practice} and everything made from it?", err=True
    ):
        raise UsageProblem("nothing was removed", hint="say yes, or give --yes")
    with removal(home.practice, run_lock=lambda public_id: home.lock("practice", public_id)):
        session.context.ledger.forget("practice")
        for folder in (
            home.datasets("practice"),
            home.models("practice"),
            home.predictions("practice"),
            home.reports("practice"),
            home.binned("practice"),
        ):
            if folder.exists():
                shutil.rmtree(folder)
    session.show(views.Removed(home.practice), tables.removed)
