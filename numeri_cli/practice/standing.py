"""How everybody stands: reputations, ranks and returns, from the scores of live rounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from numeri_cli.practice.accounts import Model, all_models
from numeri_cli.practice.settlement import HORIZONS, SCORE_RULES
from numeri_cli.practice.store import Connection, Row, moment_of, moment_text

ROUNDS_PER_YEAR = 52
ROUNDS_PER_QUARTER = 13
SCORE_NAMES = tuple(rule.name for rule in SCORE_RULES)
RANKED_BY = "corr60"


@dataclass(frozen=True)
class Standing:
    """One model among all.

    reputations: trailing one-year mean of each score, by name, where there is one
    ranks: 1 is the best, by score name; rank: the place on the leaderboard
    returns: payouts over what was staked before, by number of rounds; 0 where nothing was staked
    """

    model: Model
    rank: int
    reputations: Mapping[str, float]
    ranks: Mapping[str, int]
    earned: Mapping[int, Decimal]
    returns: Mapping[int, float]


@dataclass(frozen=True)
class FinalScore:
    """One final score of one model in one round."""

    round_number: int
    model_id: str
    name: str
    value: float
    percentile: float


@dataclass(frozen=True)
class StakeMove:
    """One change of a stake: kind is initial, increase, decrease, payout or burn."""

    model_id: str
    kind: str
    round_number: int | None
    amount_nmr: Decimal
    stake_nmr: Decimal
    moved_at: datetime


def standings(
    connection: Connection,
    live_round: int,
    *,
    until_round: int | None = None,
    known_by: datetime | None = None,
) -> tuple[Standing, ...]:
    """Everybody, the best first: by reputation in CORR60, then by stake, then by name.

    until_round: the last round whose scores count; all that are known where None
    known_by: models, stakes and scores as they were at that moment; earnings are those of now
    """
    models = all_models(connection)
    if known_by is not None:
        models = _models_at(connection, models, known_by)
    last = live_round if until_round is None else until_round
    reputations = _reputations(
        connection, after=live_round - ROUNDS_PER_YEAR, last=last, known_by=known_by
    )
    places = {model.id: place for place, model in enumerate(models)}
    ranks = {name: _ranks(reputations, name, places=places) for name in SCORE_NAMES}
    earned = {
        rounds: _earned(connection, live_round - rounds)
        for rounds in (1, ROUNDS_PER_QUARTER, ROUNDS_PER_YEAR, live_round)
    }
    ordered = sorted(
        models,
        key=lambda model: (
            -reputations.get(model.id, {}).get(RANKED_BY, float("-inf")),
            -model.stake_nmr,
            model.name,
        ),
    )
    return tuple(
        Standing(
            model=model,
            rank=place,
            reputations=reputations.get(model.id, {}),
            ranks={name: found[model.id] for name, found in ranks.items() if model.id in found},
            earned={rounds: found.get(model.id, Decimal(0)) for rounds, found in earned.items()},
            returns={
                rounds: _return(model.stake_nmr, found.get(model.id, Decimal(0)))
                for rounds, found in earned.items()
            },
        )
        for place, model in enumerate(ordered, start=1)
    )


def scores_of(connection: Connection, model_id: str) -> tuple[FinalScore, ...]:
    """A model's final scores, newest round first."""
    rows = connection.execute(
        "SELECT * FROM scores WHERE model_id = ? ORDER BY round DESC, name", (model_id,)
    )
    return tuple(
        FinalScore(row["round"], model_id, row["name"], row["value"], row["percentile"])
        for row in rows
    )


def stake_moves_of(connection: Connection, model_id: str) -> tuple[StakeMove, ...]:
    """Every change of a model's stake, newest first."""
    rows = connection.execute(
        "SELECT * FROM stake_moves WHERE model_id = ? ORDER BY sequence DESC", (model_id,)
    )
    return tuple(_move(row) for row in rows)


def _move(row: Row) -> StakeMove:
    return StakeMove(
        row["model_id"],
        row["kind"],
        row["round"],
        Decimal(row["amount_nmr"]),
        Decimal(row["stake_nmr"]),
        moment_of(row["moved_at"]),
    )


def _models_at(
    connection: Connection, models: Sequence[Model], moment: datetime
) -> tuple[Model, ...]:
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


def _reputations(
    connection: Connection, *, after: int, last: int, known_by: datetime | None
) -> dict[str, dict[str, float]]:
    rows: Iterable[Row] = connection.execute(
        """SELECT model_id, name, avg(value) AS mean FROM scores
           WHERE round > ? AND round <= ? GROUP BY model_id, name""",
        (after, last),
    )
    if known_by is not None:
        rows = _means_known_by(connection, known_by, after=after, last=last)
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["model_id"], {})[row["name"]] = row["mean"]
    return found


def _means_known_by(
    connection: Connection, moment: datetime, *, after: int, last: int
) -> Iterable[Row]:
    for horizon in HORIZONS:
        names = [rule.name for rule in SCORE_RULES if rule.horizon_days == horizon]
        marks = ", ".join("?" * len(names))
        yield from connection.execute(
            f"""SELECT model_id, name, avg(value) AS mean
                FROM scores JOIN settlements ON settlements.round = scores.round
                WHERE horizon_days = ? AND settled_at <= ? AND name IN ({marks})
                AND scores.round > ? AND scores.round <= ? GROUP BY model_id, name""",  # noqa: S608 - marks alone
            (horizon, moment_text(moment), *names, after, last),
        )


def _ranks(
    reputations: Mapping[str, Mapping[str, float]], name: str, *, places: Mapping[str, int]
) -> dict[str, int]:
    """By model id; of equals the one that was opened first, since ids are drawn by lot."""
    scored = [(known[name], model) for model, known in reputations.items() if name in known]
    ordered = sorted(scored, key=lambda pair: (-pair[0], places.get(pair[1], len(places))))
    return {model: rank for rank, (_, model) in enumerate(ordered, start=1)}


def _earned(connection: Connection, settled_after_round: int) -> dict[str, Decimal]:
    """Payouts less burns of the rounds that were settled since that round was live."""
    rows = connection.execute(
        """SELECT model_id, amount_nmr FROM stake_moves
           WHERE kind IN ('payout', 'burn') AND round > ?""",
        (settled_after_round - ROUNDS_PER_QUARTER,),  # a round is settled a quarter later
    )
    earned: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row["amount_nmr"])
        earned[row["model_id"]] = earned.get(row["model_id"], Decimal(0)) + amount
    return earned


def _return(stake_nmr: Decimal, earned_nmr: Decimal) -> float:
    before = stake_nmr - earned_nmr
    return float(earned_nmr / before) if before > 0 else 0.0
