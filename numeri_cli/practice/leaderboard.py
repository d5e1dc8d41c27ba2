"""The leaderboard as a participant reads it: who does well, by what technique, and what it paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from numeri_cli.practice.furnishing import PARTICIPANT
from numeri_cli.practice.standing import RANKED_BY, ROUNDS_PER_YEAR, Standing, standings
from numeri_cli.practice.tournament import Tournament

PAID_BESIDE = "mmc60"


@dataclass(frozen=True)
class Row:
    """One model; scores are means of the past year's resolved rounds, None before there are any.

    rank: None before the first of its rounds has resolved
    technique: what is known of a rival; is_own: one of the participant's
    earned_nmr: payouts less burns of the past year; return_share: of what was staked before
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
    resolved_rounds: int
    rows: tuple[Row, ...]


def leaderboard(tournament: Tournament) -> Leaderboard:
    """How everybody stands now."""
    techniques = {one.name: one.technique for one in tournament.world().participants()}
    number = tournament.state().live_round
    with tournament.store.reading() as connection:
        found = standings(connection, number)
        [own] = connection.execute("SELECT id FROM accounts WHERE username = ?", (PARTICIPANT,))
        [resolved] = connection.execute(
            "SELECT count(DISTINCT round) AS rounds FROM scores WHERE name = ?", (RANKED_BY,)
        )
    rows = tuple(_row(one, techniques, own["id"]) for one in found)
    return Leaderboard(number, resolved["rounds"], rows)


def _row(standing: Standing, techniques: dict[str, str], own_id: str) -> Row:
    model = standing.model
    return Row(
        rank=standing.rank if RANKED_BY in standing.reputations else None,
        name=model.name,
        technique=techniques.get(model.name, ""),
        is_own=model.account_id == own_id,
        corr60=standing.reputations.get(RANKED_BY),
        mmc60=standing.reputations.get(PAID_BESIDE),
        stake_nmr=model.stake_nmr,
        earned_nmr=standing.earned[ROUNDS_PER_YEAR],
        return_share=standing.returns[ROUNDS_PER_YEAR],
    )
