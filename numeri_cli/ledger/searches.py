"""Every trial of every search, and how often a model's held-out eras were looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from numeri_cli.ledger.entries import time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import mended


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTrial:
    """A trial; study: the name of its search.

    tried: values by name; figures: by aim, none of a trial that is not done
    """

    study: str
    model: str
    number: int
    state: str
    tried: Mapping[str, Any]
    figures: Mapping[str, float]
    windows: int
    seconds: float | None
    note: str
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOutLook:
    """One time that the taken trial of a search was scored on what was held out.

    outcome: by aim what it came to, for a record
    """

    study: str
    model: str
    trial: int
    first_era: str
    last_era: str
    outcome: Mapping[str, Any]
    time: datetime


@mended
def keep_trials(ledger: Ledger, tournament: str, trials: Sequence[KeptTrial]) -> None:
    """Remember trials, each in place of what was known of it."""
    with ledger.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    tournament,
                    one.study,
                    one.number,
                    one.model,
                    one.state,
                    json.dumps(dict(one.tried)),
                    json.dumps(dict(one.figures)),
                    one.windows,
                    one.seconds,
                    one.note,
                    time_text(one.time),
                )
                for one in trials
            ],
        )


@mended
def trials(ledger: Ledger, tournament: str, model: str) -> tuple[KeptTrial, ...]:
    """Every trial of a model's searches, in the order in which they began."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT study, number, model, state, tried, figures, windows, seconds, note, time"
            " FROM trials WHERE tournament = ? AND model = ? ORDER BY time, study, number",
            (tournament, model),
        ).fetchall()
    return tuple(
        KeptTrial(
            study=study, number=number, model=name, state=state, tried=json.loads(tried),
            figures=json.loads(figures), windows=windows, seconds=seconds, note=note,
            time=time_of(time),
        )
        for study, number, name, state, tried, figures, windows, seconds, note, time in rows
    )  # fmt: skip


@mended
def keep_look(ledger: Ledger, tournament: str, look: HoldOutLook) -> None:
    """Remember that held-out eras were looked at; the same trial of a search counts once."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO hold_out_looks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tournament,
                look.study,
                look.trial,
                look.model,
                look.first_era,
                look.last_era,
                json.dumps(dict(look.outcome)),
                time_text(look.time),
            ),
        )


@mended
def looks(ledger: Ledger, tournament: str, model: str) -> tuple[HoldOutLook, ...]:
    """Every look of a model's searches at held-out eras, in order of time."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT study, model, trial, first_era, last_era, outcome, time FROM hold_out_looks"
            " WHERE tournament = ? AND model = ? ORDER BY time, study, trial",
            (tournament, model),
        ).fetchall()
    return tuple(
        HoldOutLook(
            study=study, model=name, trial=trial, first_era=first, last_era=last,
            outcome=json.loads(outcome), time=time_of(time),
        )
        for study, name, trial, first, last, outcome, time in rows
    )  # fmt: skip
