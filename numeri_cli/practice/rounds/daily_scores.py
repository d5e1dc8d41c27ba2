"""Scores on the returns so far: what a round's 20- and 60-day scores are on each of their days.

They are worked out when somebody first asks for them, all models and days of a round at once,
and kept as one array a round. The last day's scores are those that the round was settled with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.files import atomic_file
from numeri_cli.practice.calendar import DAYS_PER_WEEK, MOST_SCORE_DAYS, RoundTimes
from numeri_cli.practice.database.database import Connection
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.market.targets import LAG_DAYS
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.references import ScoreReferences
from numeri_cli.practice.rounds.settlement import (
    SCORE_RULES,
    FloatArray,
    ModelInRound,
    ScoreRule,
    predictions_of,
)
from numeri_cli.practice.rounds.terms import RoundTerms, terms_of
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.ranks import gaussianize, power
from numeri_cli.scoring.scores import SMALLEST_AGREEMENT, centred, correlation_with, pearson
from numeri_cli.threads import one_blas_thread

CROWD_KINDS = ("corr", "mmc", "cwmm")
REFERENCE_KINDS = ("bmc", "fnc", "mcwnm", "apcwnm")
KINDS = (*CROWD_KINDS, *REFERENCE_KINDS)


@dataclass(frozen=True, kw_only=True)
class DayScore:
    """One model's score of one kind on one day; final on the last day of the score's horizon."""

    rule: ScoreRule
    day: int
    value: float
    percentile: float
    is_final: bool


@dataclass(frozen=True, kw_only=True)
class RoundScores:
    """All daily scores of a round.

    values: (days, kinds, models) on the returns of the first 1 … days; models as in entries
    finals: by model id and score, value and percentile as settled
    """

    times: RoundTimes
    terms: RoundTerms
    entries: Mapping[str, ModelInRound]
    values: FloatArray
    finals: Mapping[tuple[str, str], tuple[float, float]]

    @property
    def days(self) -> int:
        """How many days of returns are known."""
        return len(self.values)

    def of_model(self, model_id: str) -> list[DayScore]:
        """A model's scores, by name, each with its newest day first."""
        if model_id not in self.entries:
            return []
        place = self._places[model_id]
        values, ranked = self.values[..., place], settlement.percentiles_of_one(self.values, place)
        found: list[DayScore] = []
        for rule in sorted(SCORE_RULES, key=lambda rule: rule.name):
            final = self._final(model_id, rule, day=rule.horizon_days)
            first = rule.horizon_days if final is None else rule.horizon_days - 1
            at = KINDS.index(rule.kind)
            found += [] if final is None else [final]
            found += [
                _so_far(rule, day=day, value=values[day - 1, at], percentile=ranked[day - 1, at])
                for day in range(min(first, self.days), 0, -1)
            ]
        return found

    def newest(self, model_id: str) -> dict[str, DayScore]:
        """A model's scores as they stand now, by name; nothing is ranked but the newest days."""
        found = {}
        for rule in sorted(SCORE_RULES, key=lambda rule: rule.name):
            is_final = (model_id, rule.name) in self.finals
            day = rule.horizon_days if is_final else min(self.days, rule.horizon_days)
            score = self.on_day(model_id, rule, day=day) if day else None
            if score is not None:
                found[rule.name] = score
        return found

    def on_day(self, model_id: str, rule: ScoreRule, *, day: int) -> DayScore | None:
        """A model's score on a day; None where the returns of that day are not known."""
        final = self._final(model_id, rule, day=day)
        if final is not None:
            return final
        if day > self.days or day > rule.horizon_days or model_id not in self.entries:
            return None
        column = self.values[day - 1, KINDS.index(rule.kind)]
        place = self._places[model_id]
        ranked = settlement.percentiles_of_one(column, place)
        return _so_far(rule, day=day, value=column[place], percentile=ranked)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {model_id: place for place, model_id in enumerate(self.entries)}

    def _final(self, model_id: str, rule: ScoreRule, *, day: int) -> DayScore | None:
        """The score that a model was settled with; None before, and on any other day."""
        final = self.finals.get((model_id, rule.name))
        if final is None or day != rule.horizon_days:
            return None
        value, percentile = final
        return DayScore(rule=rule, day=day, value=value, percentile=percentile, is_final=True)

    def payout(self, model_id: str, *, day: int | None = None) -> Decimal:
        """What the round would pay a model if it ended with the scores of a day, or of now."""
        values = self._scores_of(model_id, day=day)
        return self.terms.payout(self.entries[model_id].at_risk_nmr, values)

    def payout_parts(
        self, model_id: str, *, day: int, whole: Decimal | None = None
    ) -> dict[str, Decimal]:
        """The payout of a day by the paid score that it comes from.

        whole: what was paid; by default what the scores of the day would pay
        """
        values = self._scores_of(model_id, day=day)
        if whole is None:
            whole = self.terms.payout(self.entries[model_id].at_risk_nmr, values)
        return self.terms.parts(whole, values)

    def _scores_of(self, model_id: str, *, day: int | None) -> dict[str, float]:
        if day is None:
            return {name: score.value for name, score in self.newest(model_id).items()}
        paid = [rule for rule in SCORE_RULES if rule.name in self.terms.multipliers]
        known = (
            (rule, self.on_day(model_id, rule, day=min(day, rule.horizon_days))) for rule in paid
        )
        return {rule.name: score.value for rule, score in known if score is not None}


def _so_far(rule: ScoreRule, *, day: int, value: Any, percentile: Any) -> DayScore:
    """A score that may change: of the returns of its first days."""
    return DayScore(
        rule=rule, day=day, value=float(value), percentile=float(percentile), is_final=False
    )


@dataclass(frozen=True, kw_only=True)
class Scoreboard:
    """Where daily scores come from; `moment` is the tournament's time."""

    world: World
    folders: Folders
    moment: datetime

    def of_round(self, connection: Connection, times: RoundTimes) -> RoundScores:
        """All scores of a round that are known by now; none before its window closed."""
        entries = settlement.entries_of(connection, times.number)
        days = self.days_known(times) if entries else 0
        rows = connection.execute("SELECT * FROM scores WHERE round = ?", (times.number,))
        finals = {(row["model_id"], row["name"]): (row["value"], row["percentile"]) for row in rows}
        return RoundScores(
            times=times,
            terms=terms_of(connection, times.number),
            entries={entry.model_id: entry for entry in entries},
            values=self._values(times.number, entries, days=days),
            finals=finals,
        )

    def days_known(self, times: RoundTimes) -> int:
        """How many days of a round's returns are published by now."""
        drawn = DAYS_PER_WEEK * (self.world.live_era - times.number) - LAG_DAYS
        return min(times.days_scored(self.moment), max(drawn, 0), MOST_SCORE_DAYS)

    def _values(self, number: int, entries: tuple[ModelInRound, ...], *, days: int) -> FloatArray:
        if not days:
            return np.empty((0, len(KINDS), len(entries)))
        path = self.folders.scores / f"{number:04d}.npy"
        kept = _kept(path)
        if kept is None or len(kept) < days or kept.shape[1:] != (len(KINDS), len(entries)):
            kept = self._worked_out(number, entries, days=days)
            with atomic_file(path) as file:
                np.save(file, kept, allow_pickle=False)
        return kept[:days]

    def _worked_out(
        self, number: int, entries: tuple[ModelInRound, ...], *, days: int
    ) -> FloatArray:
        predictions = predictions_of(self.world, self.folders, number=number, entries=entries)
        meta = settlement.meta_model(predictions, [entry.at_risk_nmr for entry in entries])
        targets = self.world.era_records.targets_so_far(number, days=days).astype(np.float64)
        references = ScoreReferences.of(self.world, number)
        with one_blas_thread():  # sums of many rows depend on it
            crowd = daily_scores(predictions, meta, targets=targets)
            return np.concatenate(
                [crowd, reference_scores(predictions, references, targets=targets)], axis=1
            )


def _kept(path: Path) -> FloatArray | None:
    try:
        values: FloatArray = np.load(path)
    except Exception:  # numpy has many words for bytes that are none of its; it is made again
        return None
    return values if values.ndim == 3 and values.dtype == np.float64 else None


def daily_scores(predictions: FloatArray, meta: FloatArray, *, targets: FloatArray) -> FloatArray:
    """The scores of settlement.scores_of on many targets; 0 where a score has no meaning.

    predictions: (n_ids, n_models); meta: (n_ids,); targets: (n_days, n_ids) in [0, 1]; no NaN
    returns: (n_days, CROWD_KINDS, n_models)
    """
    gaussian = gaussianize(predictions).T
    aims = np.array([centred(target) for target in targets])
    values = np.zeros((len(targets), len(CROWD_KINDS), len(gaussian)))
    values[:, 0] = _corrs(gaussian, aims)
    values[:, 1] = _contributions(gaussian, gaussianize(meta), aims=aims)
    columns = predictions.T
    values[:, 2] = np.nan_to_num([correlation_with(column, meta) for column in columns])
    return values


def reference_scores(
    predictions: FloatArray, references: ScoreReferences, *, targets: FloatArray
) -> FloatArray:
    """The scores that do not depend on the crowd, on many targets; 0 where one has no meaning.

    predictions: (n_ids, n_models); targets: (n_days, n_ids) in [0, 1]; no NaN
    returns: (n_days, REFERENCE_KINDS, n_models)
    """
    gaussian = gaussianize(predictions).T
    aims = np.array([centred(target) for target in targets])
    values = np.zeros((len(targets), len(REFERENCE_KINDS), len(gaussian)))
    values[:, 0] = _contributions(gaussian, gaussianize(references.benchmark), aims=aims)
    values[:, 1] = _corrs(gaussianize(references.neutral(gaussian.T)).T, aims)
    likeness = _pearsons(gaussian, references.organisers.T)
    values[:, 2], values[:, 3] = likeness.max(axis=0), likeness.mean(axis=0)
    return values


def reference_finals(
    predictions: FloatArray, references: ScoreReferences, *, target: FloatArray, horizon_days: int
) -> dict[str, FloatArray]:
    """The scores that do not depend on the crowd, on a final target: by name, (n_models,) each.

    predictions: (n_ids, n_models); target: (n_ids,) in [0, 1]
    """
    rules = [
        rule
        for rule in SCORE_RULES
        if rule.kind in REFERENCE_KINDS and rule.horizon_days == horizon_days
    ]
    if not rules:
        return {}
    with one_blas_thread():
        values = reference_scores(predictions, references, targets=target[None])[0]
    return {rule.name: values[REFERENCE_KINDS.index(rule.kind)] for rule in rules}


def _corrs(gaussian: FloatArray, aims: FloatArray) -> FloatArray:
    """(n_days, n_models) CORR; gaussian: (n_models, n_ids), aims: (n_days, n_ids) centred."""
    powered = power(aims)
    telling = np.array([_agrees(one, plain) for one, plain in zip(powered, aims, strict=True)])
    return np.where(telling[:, None], _pearsons(gaussian, powered), 0.0)


def _pearsons(gaussian: FloatArray, others: FloatArray) -> FloatArray:
    """(n_others, n_models) of gaussianized predictions, powered, with rows as they are."""
    raised = power(gaussian)
    agree = np.array([_agrees(one, plain) for one, plain in zip(raised, gaussian, strict=True)])
    return np.where(agree, np.einsum("dn,mn->dm", _unit(others), _unit(raised)), 0.0)


def _contributions(gaussian: FloatArray, model: FloatArray, *, aims: FloatArray) -> FloatArray:
    """(n_days, n_models) what predictions add to a gaussianized model, (n_ids,)."""
    square = float(model @ model)
    if not square:
        return np.zeros((len(aims), len(gaussian)))
    neutral = gaussian - np.outer(gaussian @ model / square, model)
    added: FloatArray = np.einsum("dn,mn->dm", 4 * aims, neutral) / len(model)
    return added


def _agrees(raised: FloatArray, plain: FloatArray) -> bool:
    """Whether the power transform left a column what it was, as numerai-tools demands."""
    return pearson(raised, plain) >= SMALLEST_AGREEMENT  # False for NaN, a constant column


def _unit(rows: FloatArray) -> FloatArray:
    """Rows centred and of length 1; 0 where they are constant."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("rn,rn->r", rows, rows))[:, None]
    unit: FloatArray = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit
