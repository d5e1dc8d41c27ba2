"""What a validation leaves behind, so that live rounds can be held against it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from numeri_cli.commands.context import Context
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.dataset.eras import era_number
from numeri_cli.errors import NumeriError
from numeri_cli.ledger.validations import ValidatedModel, keep_validation
from numeri_cli.scoring.ranks import FloatArray


def keep(context: Context, scored: Validation) -> None:
    """Remember the models of a validation as they are submitted; files are no models.

    What goes wrong is said, never raised: the validation itself is whole.
    """
    for source, card, coverage in zip(scored.sources, scored.cards, scored.coverage, strict=True):
        made_by = dict(source.contract)
        weeks = [era_number(era) for era in card.eras]
        is_model = "file" not in made_by and made_by.get("model") == source.name
        if not is_model or not all(map(math.isfinite, weeks)):  # no era that has no date, either
            continue
        found = ValidatedModel(
            model=source.name,
            artifact=made_by["artifact"],
            target=scored.target,
            horizon_days=scored.horizon_days,
            eras=[round(week) for week in weeks],
            corr=_plain(card.score("corr")),
            mmc=_plain(card.score("mmc")),
            seen_in_training=coverage.seen_in_training,
            time=datetime.now(UTC),
        )
        try:
            keep_validation(context.ledger, context.tournament, found)
        except NumeriError as error:
            context.listener.say(f"not kept for `numeri scores --html`: {error.message}")


def _plain(values: FloatArray) -> list[float | None]:
    return [None if math.isnan(value) else float(value) for value in values]
