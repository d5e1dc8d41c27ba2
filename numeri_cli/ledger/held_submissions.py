"""What the server held of each model when it was last asked, for when it cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from numeri_cli.ledger.entries import marks, time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import decoding, mended
from numeri_cli.records import Submission


@mended
def keep_held(
    ledger: Ledger,
    tournament: str,
    *,
    asker: str,
    held: Mapping[str, Sequence[Submission]],
    every: bool,
    seen: datetime,
) -> None:
    """Remember each model's submissions in place of those that were known of it.

    asker: a digest that stands for the API key that asked; held: by the model's name
    every: these are all the models of the account; what is known of others goes
    """
    rows = (
        (
            tournament, asker, model, one.id, one.round_number, one.status, one.selected,
            one.filename, None if one.inserted_at is None else time_text(one.inserted_at),
            one.error_info, time_text(seen),
        )
        for model, submissions in held.items()
        for one in submissions
    )  # fmt: skip
    with ledger.transaction() as connection:
        for model in [None] if every else held:
            connection.execute(
                "DELETE FROM held_submissions WHERE tournament = ? AND asker = ?"
                " AND model = coalesce(?, model)",
                (tournament, asker, model),
            )
        connection.executemany(
            f"INSERT OR REPLACE INTO held_submissions VALUES ({marks(11)})",  # noqa: S608  # our own
            rows,
        )


@mended
def held(
    ledger: Ledger, tournament: str, *, asker: str
) -> Mapping[str, tuple[datetime, tuple[Submission, ...]]]:
    """By the model's name: when the server was asked for its submissions, and what it held."""
    found: dict[str, tuple[datetime, list[Submission]]] = {}
    rows = ledger.read(
        "SELECT model, id, round_number, status, selected, filename, time, error_info, seen"
        " FROM held_submissions WHERE tournament = ? AND asker = ? ORDER BY model",
        tournament,
        asker,
    )
    with decoding("times of submissions"):
        for model, id_, number, status, selected, filename, time, error_info, seen in rows:
            one = Submission(
                id=id_,
                status=status,
                error_info=error_info,
                selected=bool(selected),
                filename=filename,
                filtered_count=None,
                submitted_count=None,
                round_number=number,
                inserted_at=None if time is None else time_of(time),
            )
            found.setdefault(model, (time_of(seen), []))[1].append(one)
    return {model: (seen, tuple(submissions)) for model, (seen, submissions) in found.items()}
