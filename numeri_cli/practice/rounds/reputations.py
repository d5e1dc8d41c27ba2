"""How everybody stands: reputations, ranks and returns, from the scores of live rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum

from numeri_cli.practice.calendar import Calendar
from numeri_cli.practice.database.database import Connection, Row, moment_of, moment_text
from numeri_cli.practice.participants.accounts import ParticipantModel, all_models
from numeri_cli.practice.rounds.settlement import HORIZONS, SCORE_RULES
from numeri_cli.practice.rounds.state import read_state

ROUNDS_PER_YEAR = 52
SCORE_NAMES = tuple(rule.name for rule in SCORE_RULES)
RANKED_BY = "corr60"
RANKED_HORIZON_DAYS = next(rule.horizon_days for rule in SCORE_RULES if rule.name == RANKED_BY)
STAKED = ("initial", "increase")
EARNED = ("payout", "burn")

Reputations = Mapping[str, Mapping[str, float]]


class Trailing(Enum):
    """A stretch of the past; its value is the number of rounds that opened in it, None for all."""

    week = 1
    quarter = 13
    year = ROUNDS_PER_YEAR
    ever = None

    def begins(self, calendar: Calendar, live_round: int) -> datetime:
        """The opening after which things are in it; what is settled at an opening is so then."""
        rounds = live_round - calendar.first_round if self.value is None else self.value
        return calendar.opening(max(live_round - rounds, calendar.first_round))


@dataclass(frozen=True)
class Earnings:
    """What came of a stake in a period.

    earned_nmr: payouts less burns
    staked_nmr: the stake when the period began, and what was staked in it
    """

    earned_nmr: Decimal = Decimal(0)
    staked_nmr: Decimal = Decimal(0)

    def __add__(self, other: Earnings) -> Earnings:
        """Those of two models together."""
        return Earnings(self.earned_nmr + other.earned_nmr, self.staked_nmr + other.staked_nmr)

    @property
    def share(self) -> float:
        """The return: earned over staked, 0 where nothing was."""
        return float(self.earned_nmr / self.staked_nmr) if self.staked_nmr else 0.0


@dataclass(frozen=True, kw_only=True)
class RankedModel:
    """One model among all.

    rank: the place on the leaderboard
    reputations: trailing one-year mean of each score, by name, where there is one
    ranks: 1 is the best, by score name
    """

    model: ParticipantModel
    rank: int
    reputations: Mapping[str, float]
    ranks: Mapping[str, int]
    earnings: Mapping[Trailing, Earnings]


@dataclass(frozen=True, kw_only=True)
class StakeMove:
    """One change of a stake: kind is initial, increase, decrease, payout or burn."""

    model_id: str
    kind: str
    round_number: int | None
    amount_nmr: Decimal
    stake_nmr: Decimal
    moved_at: datetime


def ranked_models(
    connection: Connection, live_round: int, *, known_by: datetime | None = None
) -> tuple[RankedModel, ...]:
    """Everybody, the best first: by reputation in CORR60, then by stake, then by name.

    live_round: the one at that moment
    known_by: models, stakes, scores and earnings as they were at that moment; now where None
    """
    calendar = read_state(connection).calendar
    models = all_models(connection)
    if known_by is not None:
        models = _models_at(connection, models, moment=known_by)
    means = reputations(connection, live_round, known_by=known_by)
    places = [model.id for model in models]
    ranks = {name: ranks_by(means, name, places=places) for name in SCORE_NAMES}
    earnings = {
        period: _earnings(connection, since=period.begins(calendar, live_round), known_by=known_by)
        for period in Trailing
    }
    ordered = sorted(
        models,
        key=lambda model: (
            -means.get(model.id, {}).get(RANKED_BY, float("-inf")),
            -model.stake_nmr,
            model.name,
        ),
    )
    return tuple(
        RankedModel(
            model=model,
            rank=place,
            reputations=means.get(model.id, {}),
            ranks={name: found[model.id] for name, found in ranks.items() if model.id in found},
            earnings={period: of.get(model.id, Earnings()) for period, of in earnings.items()},
        )
        for place, model in enumerate(ordered, start=1)
    )


def reputations(
    connection: Connection, live_round: int, *, known_by: datetime | None = None
) -> Reputations:
    """By model id and score name: the mean of the scores that became final in the past year.

    live_round: the one at that moment; known_by: scores that were final by then, now where None
    """
    since = Trailing.year.begins(read_state(connection).calendar, live_round)
    until = None if known_by is None else moment_text(known_by)
    found: dict[str, dict[str, float]] = {}
    for horizon in HORIZONS:
        names = [rule.name for rule in SCORE_RULES if rule.horizon_days == horizon]
        marks = ", ".join("?" * len(names))
        rows = connection.execute(  # a cross join: SQLite reads the year's rounds, not all scores
            f"""SELECT model_id, name, avg(value) AS mean
                FROM settlements CROSS JOIN scores ON settlements.round = scores.round
                WHERE horizon_days = ? AND name IN ({marks})
                AND settled_at > ? AND (? IS NULL OR settled_at <= ?)
                GROUP BY model_id, name""",  # noqa: S608 - marks alone
            (horizon, *names, moment_text(since), until, until),
        )
        for row in rows:
            found.setdefault(row["model_id"], {})[row["name"]] = row["mean"]
    return found


def ranks_by(means: Reputations, name: str, *, places: Sequence[str]) -> dict[str, int]:
    """Ranks in one score by model id; of equals the one that was opened first is the better.

    places: the ids of all models, oldest first; they are drawn by lot and say nothing
    """
    opened = {model: place for place, model in enumerate(places)}
    scored = [(known[name], model) for model, known in means.items() if name in known]
    ordered = sorted(scored, key=lambda pair: (-pair[0], opened.get(pair[1], len(opened))))
    return {model: rank for rank, (_, model) in enumerate(ordered, start=1)}


def ranked_rounds(connection: Connection, live_round: int) -> int:
    """How many rounds stand behind the reputations in CORR60."""
    since = Trailing.year.begins(read_state(connection).calendar, live_round)
    (rounds,) = connection.execute(
        "SELECT count(*) FROM settlements WHERE horizon_days = ? AND settled_at > ?",
        (RANKED_HORIZON_DAYS, moment_text(since)),
    ).fetchone()
    return int(rounds)


def settling_moments(connection: Connection) -> tuple[datetime, ...]:
    """When scores became final, newest first."""
    rows = connection.execute(
        "SELECT DISTINCT settled_at FROM settlements ORDER BY settled_at DESC"
    )
    return tuple(moment_of(row["settled_at"]) for row in rows)


def stake_moves_of(connection: Connection, model_id: str) -> tuple[StakeMove, ...]:
    """Every change of a model's stake, newest first."""
    rows = connection.execute(
        "SELECT * FROM stake_moves WHERE model_id = ? ORDER BY sequence DESC", (model_id,)
    )
    return tuple(_move(row) for row in rows)


def _move(row: Row) -> StakeMove:
    return StakeMove(
        model_id=row["model_id"],
        kind=row["kind"],
        round_number=row["round"],
        amount_nmr=Decimal(row["amount_nmr"]),
        stake_nmr=Decimal(row["stake_nmr"]),
        moved_at=moment_of(row["moved_at"]),
    )


def _models_at(
    connection: Connection, models: Sequence[ParticipantModel], *, moment: datetime
) -> tuple[ParticipantModel, ...]:
    """The models there were at a moment, with the stakes they had."""
    rows = connection.execute(
        """SELECT model_id, stake_nmr FROM stake_moves WHERE sequence IN
           (SELECT max(sequence) FROM stake_moves WHERE moved_at <= ? GROUP BY model_id)""",
        (moment_text(moment),),
    )
    stakes = {row["model_id"]: Decimal(row["stake_nmr"]) for row in rows}
    return tuple(
        replace(model, stake_nmr=stakes.get(model.id, Decimal(0)))
        for model in models
        if model.inserted_at <= moment
    )


def _earnings(
    connection: Connection, *, since: datetime, known_by: datetime | None
) -> dict[str, Earnings]:
    """By model id: of the time after a moment."""
    begun, until = moment_text(since), None if known_by is None else moment_text(known_by)
    rows = connection.execute(
        """SELECT model_id, kind, amount_nmr, moved_at <= ? AS is_before FROM stake_moves
           WHERE ? IS NULL OR moved_at <= ?""",
        (begun, until, until),
    )
    earned: dict[str, Decimal] = {}
    staked: dict[str, Decimal] = {}
    for model, kind, nmr, is_before in rows:
        if is_before or kind in STAKED:
            staked[model] = staked.get(model, Decimal(0)) + Decimal(nmr)
        elif kind in EARNED:
            earned[model] = earned.get(model, Decimal(0)) + Decimal(nmr)
    return {
        model: Earnings(earned.get(model, Decimal(0)), staked.get(model, Decimal(0)))
        for model in earned.keys() | staked.keys()
    }
