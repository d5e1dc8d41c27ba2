"""How models did on the validation data, era by era, as `numeri validate` last found it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from numeri_cli.ledger.entries import time_of, time_text
from numeri_cli.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedModel:
    """A model's scores out of sample.

    eras: their numbers, ascending; corr, mmc: of each, None where an era has no such score
    horizon_days: business days that the target looks ahead
    seen_in_training: how many of the eras the model knew; then nothing can be expected of them
    """

    model: str
    artifact: str
    target: str
    horizon_days: int
    eras: Sequence[int]
    corr: Sequence[float | None]
    mmc: Sequence[float | None]
    seen_in_training: int
    time: datetime


def keep_validation(ledger: Ledger, tournament: str, found: ValidatedModel) -> None:
    """Remember it in place of an earlier one of the same model."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO validations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                tournament,
                found.model,
                found.artifact,
                found.target,
                found.horizon_days,
                json.dumps([list(found.eras), list(found.corr), list(found.mmc)]),
                found.seen_in_training,
                time_text(found.time),
            ),
        )


def validation(ledger: Ledger, tournament: str, model: str) -> ValidatedModel | None:
    """How a model did when it was last validated here; None where it never was."""
    with ledger.transaction() as connection:
        row = connection.execute(
            "SELECT artifact, target, horizon_days, eras, seen_in_training, time FROM validations"
            " WHERE tournament = ? AND model = ?",
            (tournament, model),
        ).fetchone()
    if row is None:
        return None
    artifact, target, days, content, seen, time = row
    eras, corr, mmc = json.loads(content)
    return ValidatedModel(
        model=model, artifact=artifact, target=target, horizon_days=days, eras=eras, corr=corr,
        mmc=mmc, seen_in_training=seen, time=time_of(time),
    )  # fmt: skip
