"""The leaderboard as a participant reads it: who does well, by what technique, and what it paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from numeri_cli.practice.rounds.account_reputations import (
    AccountStanding,
    account_standings,
)
from numeri_cli.practice.rounds.create import PARTICIPANT
from numeri_cli.practice.rounds.reputations import (
    RANKED_BY,
    Period,
    Standing,
    ranked_rounds,
    standings,
)
from numeri_cli.practice.tournament import Tournament

PAID_BESIDE = "mmc60"
Kind = Literal["models", "accounts"]


@dataclass(frozen=True)
class Row:
    """One model or account; scores are means of the rounds resolved in the past year.

    rank, scores: None before the first of its rounds has resolved
    technique: what is known of a rival; is_own: the participant's
    earned_nmr: payouts less burns of the past year
    return_share: of the stake a year ago and what was staked since
    """

    rank: int | None
    name: str
    technique: str
    is_own: bool
    corr60: float | None
    mmc60: float | None
    stake_nmr: Decimal
    earned_nmr: Decimal
    return_share: float


@dataclass(frozen=True)
class Leaderboard:
    """Everybody by reputation, the best first; resolved_rounds: how many stand behind it."""

    round_number: int
    of: Kind
    resolved_rounds: int
    rows: tuple[Row, ...]


def leaderboard(tournament: Tournament, *, of: Kind = "models") -> Leaderboard:
    """How everybody stands now; an account's scores are those of its models, by their stakes."""
    techniques = {one.name: one.technique for one in tournament.world().participants()}
    number = tournament.state().live_round
    with tournament.store.reading() as connection:
        everybody = standings(connection, number)
        resolved = ranked_rounds(connection, number)
    found = everybody if of == "models" else account_standings(everybody)
    return Leaderboard(number, of, resolved, tuple(_row(one, techniques) for one in found))


def _row(one: Standing | AccountStanding, techniques: dict[str, str]) -> Row:
    if isinstance(one, Standing):
        name, owner, stake = one.model.name, one.model.account_name, one.model.stake_nmr
    else:
        name, owner, stake = one.username, one.username, one.stake_nmr
    year = one.earnings[Period.year]
    return Row(
        rank=one.rank if RANKED_BY in one.reputations else None,
        name=name,
        technique=techniques.get(name, ""),
        is_own=owner == PARTICIPANT,
        corr60=one.reputations.get(RANKED_BY),
        mmc60=one.reputations.get(PAID_BESIDE),
        stake_nmr=stake,
        earned_nmr=year.earned_nmr,
        return_share=year.share,
    )
