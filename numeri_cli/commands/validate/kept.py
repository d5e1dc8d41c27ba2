"""What a validation leaves behind, so that live rounds can be held against it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from numeri_cli.commands.context import Context
from numeri_cli.commands.validate.validation import PredictionSource, Validation
from numeri_cli.dataset.eras import era_number
from numeri_cli.errors import NumeriError
from numeri_cli.ledger.validations import ValidatedModel, keep_validation
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.scorecard import Scorecard


def keep(context: Context, scored: Validation) -> None:
    """Remember the models of a validation as they are submitted; files are no models.

    What goes wrong is said, never raised: the validation itself is whole.
    """
    for source, card, coverage in zip(scored.sources, scored.cards, scored.coverage, strict=True):
        made_by = dict(source.contract)
        if "file" in made_by or made_by.get("model") != source.name:
            continue
        found = _validated(scored, source, card, seen=coverage.seen_in_training)
        try:
            keep_validation(context.ledger, context.tournament, found)
        except NumeriError as error:
            context.listener.say(f"not kept for `numeri scores --html`: {error.message}")


def _validated(
    scored: Validation, source: PredictionSource, card: Scorecard, *, seen: int
) -> ValidatedModel:
    return ValidatedModel(
        model=source.name,
        artifact=dict(source.contract)["artifact"],
        target=scored.target,
        horizon_days=scored.horizon_days,
        eras=[era_number(era) for era in card.eras],
        corr=_plain(card.score("corr")),
        mmc=_plain(card.score("mmc")),
        seen_in_training=seen,
        time=datetime.now(UTC),
    )


def _plain(values: FloatArray) -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in values]
