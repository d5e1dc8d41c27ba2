"""A round as the client knows it, with what a test is about and nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from numeri_cli.records import Round, ScoreConfig


def a_round(
    number: int,
    *,
    opens: datetime,
    closes: datetime | None = None,
    configs: Iterable[ScoreConfig] = (),
) -> Round:
    """Open for 26 hours, unless its close is given."""
    return Round(
        id=str(number),
        number=number,
        tournament=8,
        open_time=opens,
        deadline=closes or opens + timedelta(hours=26),
        close_time=None,
        resolve_time=None,
        data_datestamp=None,
        target=None,
        payout_factor=None,
        stake_threshold=None,
        score_configs=tuple(configs),
    )
