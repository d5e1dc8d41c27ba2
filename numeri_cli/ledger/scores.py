"""Scores of models and what their rounds paid, kept as they were seen, read without a server."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from numeri_cli.ledger.entries import marks, nmr_of, nmr_text, time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import decoding, mended
from numeri_cli.records import ModelHistory, PerformanceRow, Round, ScoreConfig

Kind = tuple[str, str]  # display name and version: what tells one score from another


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScore:
    """The newest day that is known of one score of a model in a round."""

    model_id: str
    round_number: int
    display_name: str
    version: str
    day: int
    value: float
    percentile: float | None
    date: date | None
    resolved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRules:
    """A round's times and score configurations."""

    deadline: datetime
    resolve_time: datetime | None
    configs: tuple[ScoreConfig, ...]


# a day that was told before may have been a later one
_KEEP_NEWEST = """INSERT INTO newest_scores (tournament, model_id, round_number, display_name,
    version, day, value, percentile, date, resolved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET day = excluded.day, value = excluded.value,
    percentile = excluded.percentile, date = excluded.date, resolved = excluded.resolved
    WHERE excluded.day >= newest_scores.day"""


@mended
def keep_history(
    ledger: Ledger,
    tournament: str,
    model_id: str,
    *,
    history: ModelHistory,
    newest_round: int,
    seen: datetime,
) -> None:
    """Remember a model's rows, and that they were brought when `newest_round` was the newest.

    All of it or nothing: who is killed in between asks for this model again.
    """
    scores = [
        (
            tournament, model_id, row.round_number, row.display_name, row.version, row.day,
            row.value, row.percentile, None if row.date is None else row.date.date().isoformat(),
            row.resolved,
        )
        for row in history.scores
    ]  # fmt: skip
    scores.sort(key=lambda row: row[2:6])  # in any other order pages of the file stay half empty
    newest = {(*row[3:5], row[2]): row for row in scores}  # of each the last, which is the newest
    performances = (
        (
            tournament, model_id, row.round_number, nmr_text(row.at_risk_nmr),
            nmr_text(row.payout_factor), row.resolved,
            None if row.resolve_time is None else time_text(row.resolve_time),
            json.dumps([[*words, str(value)] for *words, value in row.multipliers]),
            nmr_text(row.pending_nmr), nmr_text(row.settled_nmr), time_text(seen),
        )
        for row in history.performances
    )  # fmt: skip
    with ledger.transaction() as connection:
        connection.executemany(
            f"INSERT OR REPLACE INTO scores VALUES ({marks(10)})",  # noqa: S608  # our own
            scores,
        )
        connection.executemany(_KEEP_NEWEST, (newest[place] for place in sorted(newest)))
        connection.executemany(
            f"INSERT OR REPLACE INTO performances VALUES ({marks(11)})",  # noqa: S608  # our own
            performances,
        )
        connection.execute(
            "UPDATE account_models SET synced_round = ? WHERE tournament = ? AND model_id = ?",
            (newest_round, tournament, model_id),
        )


@mended
def newest_scores(
    ledger: Ledger, tournament: str, *, model_ids: Sequence[str], since_round: int = 0
) -> tuple[KnownScore, ...]:
    """The newest known day of every score of these models, the newest round first."""
    with ledger.transaction() as connection:
        rows: list[Any] = []
        for model_id in model_ids:
            rows += connection.execute(
                "SELECT model_id, round_number, display_name, version, day, value, percentile,"
                " date, resolved FROM newest_scores"
                " WHERE tournament = ? AND model_id = ? AND round_number >= ?"
                " ORDER BY round_number DESC, display_name, version",
                (tournament, model_id, since_round),
            ).fetchall()
    with decoding("dates of scores"):
        return tuple(
            KnownScore(
                model_id=model_id, round_number=number, display_name=name, version=version,
                day=day, value=value, percentile=percentile,
                date=None if on is None else date.fromisoformat(on), resolved=bool(resolved),
            )
            for model_id, number, name, version, day, value, percentile, on, resolved in rows
        )  # fmt: skip


@mended
def kinds(ledger: Ledger, tournament: str, model_id: str) -> tuple[Kind, ...]:
    """Every score and version that is known of a model, in order; found without reading them."""
    found: list[Kind] = []
    last = ("", "")
    while rows := ledger.read(_NEXT_KIND, tournament, model_id, *last):
        last = rows[0]
        found.append(last)
    return tuple(found)


_NEXT_KIND = """SELECT display_name, version FROM newest_scores
    WHERE tournament = ? AND model_id = ? AND (display_name, version) > (?, ?)
    ORDER BY display_name, version LIMIT 1"""


def final_values(
    ledger: Ledger, tournament: str, model_id: str, *, kind: Kind
) -> list[tuple[int, float]]:
    """Round and value of one score of a model where it is its last, the newest round first.

    A hundred models have a quarter of a million: rows are plain, and tell no more than is needed.
    """
    return ledger.read(
        "SELECT round_number, value FROM newest_scores WHERE tournament = ? AND model_id = ?"
        " AND display_name = ? AND version = ? AND resolved ORDER BY round_number DESC",
        tournament,
        model_id,
        *kind,
    )


def mean_within(
    ledger: Ledger, tournament: str, model_id: str, *, kind: Kind, rounds: range, others: range
) -> tuple[float | None, bool]:
    """The mean of one score of a model over `rounds` where it is its last; None without any.

    With it whether there are values of it outside of `rounds` and of `others`. SQLite adds them up:
    a hundred models' values take a tenth of a second more where each becomes a row of Python's.
    """
    found = ledger.read(
        "SELECT avg(value) FILTER (WHERE round_number >= ?1 AND round_number < ?2),"
        " count(*) FILTER (WHERE (round_number < ?1 OR round_number >= ?2)"
        " AND (round_number < ?3 OR round_number >= ?4))"
        " FROM newest_scores WHERE tournament = ?5 AND model_id = ?6 AND display_name = ?7"
        " AND version = ?8 AND resolved",
        *(rounds.start, rounds.stop, others.start, others.stop),
        *(tournament, model_id, *kind),
    )
    mean, outside = found[0]
    return mean, bool(outside)


def rounds_going_on(ledger: Ledger, tournament: str, model_id: str) -> frozenset[int]:
    """The rounds of a model with a score that is not its last."""
    where = "resolved = 0 AND tournament = ? AND model_id = ?"
    return _rounds(ledger, where, tournament, model_id)


def scored_rounds(ledger: Ledger, tournament: str, model_id: str) -> frozenset[int]:
    """The rounds that a model has scores of."""
    return _rounds(ledger, "tournament = ? AND model_id = ?", tournament, model_id)


def _rounds(ledger: Ledger, where: str, *values: str) -> frozenset[int]:
    rows = ledger.read(
        f"SELECT DISTINCT round_number FROM newest_scores WHERE {where}",  # noqa: S608  # our own
        *values,
    )
    return frozenset(row[0] for row in rows)


def performances(
    ledger: Ledger, tournament: str, *, model_ids: Sequence[str]
) -> tuple[tuple[str, PerformanceRow], ...]:
    """Model and money of every kept round, the newest round first."""
    with ledger.transaction() as connection:
        rows: list[Any] = []
        for model_id in model_ids:
            rows += connection.execute(
                "SELECT model_id, round_number, at_risk_nmr, payout_factor, resolved,"
                " resolve_time, multipliers, pending_nmr, settled_nmr FROM performances"
                " WHERE tournament = ? AND model_id = ? ORDER BY round_number DESC",
                (tournament, model_id),
            ).fetchall()
    with decoding("multipliers"):
        return tuple((row[0], _performance(row)) for row in rows)


def _performance(row: Any) -> PerformanceRow:
    _, number, at_risk, factor, resolved, resolves, multipliers, pending, settled = row
    return PerformanceRow(
        round_number=number,
        at_risk_nmr=nmr_of(at_risk),
        payout_factor=nmr_of(factor),
        resolved=bool(resolved),
        resolve_time=None if resolves is None else time_of(resolves),
        multipliers=tuple(
            (name, version, shown, Decimal(value))
            for name, version, shown, value in json.loads(multipliers)
        ),
        pending_nmr=nmr_of(pending),
        settled_nmr=nmr_of(settled),
    )


@mended
def keep_rules(
    ledger: Ledger, tournament: str, rounds: Collection[Round], *, seen: datetime
) -> None:
    """Remember rounds with their configurations; what a round had before is replaced."""
    with ledger.transaction() as connection:
        for one in rounds:
            connection.execute(
                "INSERT OR REPLACE INTO round_rules VALUES (?, ?, ?, ?, ?, ?)",
                (
                    tournament,
                    one.number,
                    time_text(one.deadline),
                    None if one.resolve_time is None else time_text(one.resolve_time),
                    json.dumps([_config_text(config) for config in one.score_configs]),
                    time_text(seen),
                ),
            )


@mended
def rules(ledger: Ledger, tournament: str) -> dict[int, KnownRules]:
    """What is known of rounds, by number."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT round_number, deadline, resolve_time, configs FROM round_rules"
            " WHERE tournament = ?",
            (tournament,),
        ).fetchall()
    with decoding("score configurations"):
        return {
            number: KnownRules(
                deadline=time_of(deadline),
                resolve_time=None if resolves is None else time_of(resolves),
                configs=tuple(_config(one) for one in json.loads(configs)),
            )
            for number, deadline, resolves, configs in rows
        }


def _config_text(one: ScoreConfig) -> list[Any]:
    return [
        one.name, one.version, one.display_name, one.is_payout, one.multiplier,
        one.clip_threshold, one.total_score_days, one.returns_lag_days, nmr_text(one.payout_factor),
    ]  # fmt: skip


def _config(one: list[Any]) -> ScoreConfig:
    name, version, shown, is_payout, multiplier, clip, days, lag, factor = one
    return ScoreConfig(
        name=name, version=version, display_name=shown, is_payout=is_payout,
        multiplier=multiplier, clip_threshold=clip, total_score_days=days, returns_lag_days=lag,
        payout_factor=nmr_of(factor),
    )  # fmt: skip
