"""One score of one model in one round, and the rounds of a model as the ledger has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from numeri_cli.ledger.scores import KnownRules, KnownScore
from numeri_cli.published import Published
from numeri_cli.records import ScoreConfig

# CORR and MMC of both horizons: scores that have a column of their own, and stand before others
SHOWN = (("corr60", "3"), ("mmc60", "3"), ("v2_corr20", "6"), ("mmc", "5"))


@dataclass(frozen=True)
class RoundScore(Published):
    """A score of one model in one round.

    score, version, name: as the server shows it, its version, what the server calls it (None where
    the round's configuration is not known); day, days: how far it has come; days is None where
    nobody told; resolved: its last day
    """

    round_number: int
    model: str
    score: str
    version: str
    name: str | None
    day: int
    days: int | None
    value: float
    percentile: float | None
    date: date | None
    resolved: bool


def round_score(one: KnownScore, *, model: str, rules: Mapping[int, KnownRules]) -> RoundScore:
    """A kept score with what its round's configuration says of it."""
    config = config_of(rules.get(one.round_number), one.display_name, one.version)
    days = one.day if one.resolved else None
    if config is not None and config.total_score_days is not None:
        days = config.total_score_days
    return RoundScore(
        round_number=one.round_number,
        model=model,
        score=one.display_name,
        version=one.version,
        name=None if config is None else config.name,
        day=one.day,
        days=days,
        value=one.value,
        percentile=one.percentile,
        date=one.date,
        resolved=one.resolved,
    )


def place_of(kind: tuple[str, str]) -> int:
    """Where a score and version stands among others: those of SHOWN first, then all alike."""
    return SHOWN.index(kind) if kind in SHOWN else len(SHOWN)


def config_of(rules: KnownRules | None, display_name: str, version: str) -> ScoreConfig | None:
    """A score's configuration in a round; None where none is known."""
    configs: Iterable[ScoreConfig] = () if rules is None else rules.configs
    return next(
        (one for one in configs if (one.display_name, one.version) == (display_name, version)), None
    )
