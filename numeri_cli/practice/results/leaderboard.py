"""The leaderboard as a participant reads it: who does well, by what technique, and what it paid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from numeri_cli.practice.participants.accounts import PARTICIPANT
from numeri_cli.practice.results.own_predictions import require_own
from numeri_cli.practice.rounds.account_reputations import RankedAccount, ranked_accounts
from numeri_cli.practice.rounds.reputations import (
    RANKED_BY,
    RankedModel,
    Trailing,
    ranked_models,
    ranked_rounds,
)
from numeri_cli.practice.tournament import Tournament
from numeri_cli.published import Published

PAID_BESIDE = "mmc60"
Kind = Literal["models", "accounts"]


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow(Published):
    """One model or account; scores are means of the rounds resolved in the past year.

    rank, scores: None before the first of its rounds has resolved
    technique: what is known of a rival; is_own: the participant's
    earned_nmr: payouts less burns of the past year
    return_share: of the stake a year ago and what was staked since
    corr60_lead: CORR60 less that of the model beside whom all are shown
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
    corr60_lead: float | None = None


@dataclass(frozen=True, kw_only=True)
class Leaderboard(Published):
    """Everybody by reputation, the best first, or the best and the participant's own.

    entrants: how many models or accounts there are in all
    resolved_rounds: how many rounds stand behind the scores
    beside: the participant's model with which everybody is compared; None for none
    """

    round_number: int
    of: Kind
    entrants: int
    resolved_rounds: int
    rows: tuple[LeaderboardRow, ...]
    beside: str | None = None


def leaderboard(
    tournament: Tournament,
    *,
    of: Kind = "models",
    top: int | None = None,
    beside: str | None = None,
) -> Leaderboard:
    """How everybody stands now; an account's scores are those of its models, by their stakes.

    top: only the best so many, and all that are the participant's
    beside: a model of the participant's with which everybody is compared
    Raises ModelUnknown.
    """
    if beside is not None:
        require_own(tournament, beside)
    techniques = {one.name: one.technique for one in tournament.world().participants()}
    number = tournament.state().live_round
    with tournament.store.reading() as connection:
        everybody = ranked_models(connection, number)
        resolved = ranked_rounds(connection, number)
    found = everybody if of == "models" else ranked_accounts(everybody)
    rows = [_row(one, techniques) for one in found]
    if beside is not None:
        own = next((row.corr60 for row in rows if row.name == beside), None)
        rows = [replace(row, corr60_lead=_lead(row.corr60, own)) for row in rows]
    shown = (row for place, row in enumerate(rows) if top is None or place < top or row.is_own)
    return Leaderboard(
        round_number=number,
        of=of,
        entrants=len(rows),
        resolved_rounds=resolved,
        rows=tuple(shown),
        beside=beside,
    )


def _lead(corr60: float | None, own: float | None) -> float | None:
    return None if corr60 is None or own is None else corr60 - own


def _row(one: RankedModel | RankedAccount, techniques: dict[str, str]) -> LeaderboardRow:
    if isinstance(one, RankedModel):
        name, owner, stake = one.model.name, one.model.account_name, one.model.stake_nmr
    else:
        name, owner, stake = one.username, one.username, one.stake_nmr
    year = one.earnings[Trailing.year]
    return LeaderboardRow(
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
