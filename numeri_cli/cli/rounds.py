"""The round: submit, run, status, rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session

Sources = Annotated[
    list[str] | None, typer.Argument(help="Models of the profile, or a prediction file.")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="The model a prediction file is for.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Everything but the upload.")]
Late = Annotated[
    bool, typer.Option("--late", help="After the deadline too: scored, without stake.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this room."""
    command(app)(submit)
    command(app)(run)
    command(app)(status)
    command(app)(rounds)


def submit(
    session: Session,
    sources: Sources = None,
    model: ModelOption = None,
    late: Late = False,
    dry_run: DryRun = False,
) -> None:
    """Check predictions, upload them to the open round and wait until they are accepted.

    numeri submit lighthouse
    """
    from numeri_cli.commands.submit import submit_sources
    from numeri_cli.output.text import tables

    keys = session.context.require_keys()
    result = submit_sources(
        session.context,
        sources or list(session.context.profile.models),
        account=keys.public_id,
        model=model,
        late=late,
        dry_run=dry_run,
    )
    session.exit_code = result.exit_code
    session.screen.show(result, tables.run_result)
    session.screen.own_up(result.problems)


def run(
    session: Session,
    train: Annotated[
        bool, typer.Option("--train", help="Train a new model even in a short window.")
    ] = False,
    wait: Annotated[
        str, typer.Option("--wait", help="How long to wait for the round, such as 50m.")
    ] = "0s",
    late: Late = False,
    dry_run: DryRun = False,
) -> None:
    """Take every model through the open round, once; whatever is missing is done.

    numeri run --tournament practice
    """
    from numeri_cli.cli.durations import seconds_of
    from numeri_cli.commands.outcomes import Allowed
    from numeri_cli.commands.round import Patience
    from numeri_cli.commands.run import run as run_round
    from numeri_cli.output.text import tables

    patience = Patience(wait_seconds=seconds_of(wait))
    session.context.require_profile()
    session.context.make_practice()
    keys = session.context.require_keys()
    allowed = Allowed(train=train, late=late, dry_run=dry_run)
    result = run_round(session.context, account=keys.public_id, allowed=allowed, patience=patience)
    session.exit_code = result.exit_code
    session.screen.show(session.with_next_steps(result), tables.run_result)
    session.screen.own_up(result.problems)


def status(session: Session) -> None:
    """Show where every model stands in the newest round; exit 0 only if all are accepted.

    numeri status
    """
    from numeri_cli.commands.status import standing
    from numeri_cli.output.text import tables

    session.context.require_keys()
    result = standing(session.context)
    session.exit_code = result.exit_code
    session.screen.show(result, tables.standing)
    session.screen.own_up((result.problem,) if result.problem else ())


def rounds(
    session: Session,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many rounds.")] = 10,
) -> None:
    """Show the rounds this machine has seen and what it submitted; reads the ledger alone.

    numeri rounds --limit 5
    """
    from numeri_cli.commands import views
    from numeri_cli.output.text import tables

    ledger, key = session.context.ledger, session.context.endpoint.key
    rows = tuple(
        views.RoundRow(
            number=seen.number,
            open_time=seen.open_time,
            deadline=seen.deadline,
            receipts=ledger.receipts(key, round_number=seen.number),
            attempts=ledger.attempts(key, round_number=seen.number),
        )
        for seen in ledger.rounds(key, limit=limit)
    )
    session.screen.show(views.RoundsView(key, rows), tables.rounds)
