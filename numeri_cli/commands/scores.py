"""numeri scores: how models did in each round so far, and in the mean of a year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.commands.payouts import PayoutRow, payout_rows
from numeri_cli.errors import UsageProblem
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.scores import KnownRules, KnownScore
from numeri_cli.published import Published
from numeri_cli.scoring.summary import compare

YEAR = timedelta(days=365)
_DAYS_A_BUSINESS_DAY = 7 / 5
_ROUNDS_LOOKED_AT = 100  # to know how often one opens

Kind = tuple[str, str]  # display name and version: what tells one score from another


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


@dataclass(frozen=True)
class MeanScore(Published):
    """The mean of one score over a model's resolved rounds of the last year.

    standard_error: Newey–West over `lags` rounds that share days; None where there are too few
    """

    score: str
    version: str
    name: str | None
    days: int | None
    rounds: int
    mean: float
    standard_error: float | None
    lags: int


@dataclass(frozen=True)
class ModelScores(Published):
    """One model's rounds, the newest first, and its means of a year."""

    model: str
    model_id: str
    open_rounds: tuple[RoundScore, ...]
    resolved_rounds: tuple[RoundScore, ...]
    means: tuple[MeanScore, ...]


@dataclass(frozen=True)
class ScoreReport(Published):
    """Models' scores as of a time; offline: the server could not be asked; page: the HTML page."""

    tournament: str
    account: str
    as_of: datetime
    offline: bool
    models: tuple[ModelScores, ...]
    page: Path | None = None

    @property
    def rows(self) -> tuple[RoundScore, ...]:
        """Every score of every model and round, for a table."""
        return tuple(
            row for model in self.models for row in (*model.open_rounds, *model.resolved_rounds)
        )


PageWriter = Callable[[ScoreReport, Sequence[PayoutRow], Path], object]


def scores(
    context: Context,
    names: Sequence[str],
    *,
    of: str | None = None,
    page: Path | None = None,
    write_page: PageWriter | None = None,
) -> ScoreReport:
    """Bring what is new and tell how models did; of: somebody's model, without keys.

    write_page: writes the HTML page; page: where to, among this home's reports where None

    Raises UsageProblem where both are named, and what `standing.own` and `somebodys` raise.
    """
    if of is not None and names:
        raise UsageProblem(
            "--of names somebody's model, and the words before it your own",
            hint="leave one of them out",
        )
    whose = standing.own(context, names) if of is None else standing.somebodys(context, of)
    ledger, key = context.ledger, context.tournament
    rules = kept.rules(ledger, key)
    found: defaultdict[str, list[KnownScore]] = defaultdict(list)
    for one in kept.newest_scores(ledger, key, model_ids=whose.ids):
        found[one.model_id].append(one)
    report = ScoreReport(
        tournament=key,
        account=whose.account,
        as_of=whose.as_of,
        offline=whose.offline,
        models=tuple(
            _of_model(found[one.id], name=one.name, model_id=one.id, rules=rules, now=whose.as_of)
            for one in whose.models
        ),
    )
    if write_page is None:
        return report
    where = page or context.home.reports(key) / "scores.html"
    write_page(report, payout_rows(context, whose), where)
    return replace(report, page=where)


def _of_model(
    found: Sequence[KnownScore],
    *,
    name: str,
    model_id: str,
    rules: Mapping[int, KnownRules],
    now: datetime,
) -> ModelScores:
    rows = [round_score(one, model=name, rules=rules) for one in found]
    unsettled = {row.round_number for row in rows if not row.resolved}
    return ModelScores(
        model=name,
        model_id=model_id,
        open_rounds=tuple(row for row in rows if row.round_number in unsettled),
        resolved_rounds=tuple(row for row in rows if row.round_number not in unsettled),
        means=_means(rows, rules=rules, now=now),
    )


def round_score(one: KnownScore, *, model: str, rules: Mapping[int, KnownRules]) -> RoundScore:
    """A kept score with what its round's configuration says of it."""
    configs = rules[one.round_number].configs if one.round_number in rules else ()
    config = next(
        (c for c in configs if (c.display_name, c.version) == (one.display_name, one.version)), None
    )
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


def _means(
    rows: Sequence[RoundScore], *, rules: Mapping[int, KnownRules], now: datetime
) -> tuple[MeanScore, ...]:
    """One mean for each score, version and horizon; never over two of them."""
    series: defaultdict[tuple[str, str, int | None], list[RoundScore]] = defaultdict(list)
    for row in rows:
        if row.resolved and _closed_within_a_year(row, rules=rules, now=now):
            series[row.score, row.version, row.days].append(row)
    return tuple(_mean(one, rules=rules) for _, one in sorted(series.items(), key=_order))


def _order(item: tuple[tuple[str, str, int | None], object]) -> tuple[str, str, int]:
    score, version, days = item[0]
    return score, version, days or 0


def _closed_within_a_year(
    row: RoundScore, *, rules: Mapping[int, KnownRules], now: datetime
) -> bool:
    if row.round_number in rules:
        return rules[row.round_number].deadline >= now - YEAR
    return row.date is not None and row.date >= (now - YEAR).date()


def _mean(rows: Sequence[RoundScore], *, rules: Mapping[int, KnownRules]) -> MeanScore:
    """Rounds are in the order of their numbers, a round that is missing in between as NaN."""
    by_number = {row.round_number: row.value for row in rows}
    first, last = min(by_number), max(by_number)
    values = np.array([by_number.get(at, np.nan) for at in range(first, last + 1)])
    days = rows[0].days
    lags = overlapping(tuple(by_number), days=days, rules=rules)
    test = compare(values, np.zeros(len(values)), lags=lags)
    # over few rounds more than overlap the sum of covariances says next to nothing
    is_known = len(by_number) >= 2 * (lags + 1) and test.standard_error > 0
    return MeanScore(
        score=rows[0].score,
        version=rows[0].version,
        name=next((row.name for row in rows if row.name), None),
        days=days,
        rounds=len(by_number),
        mean=float(np.mean(list(by_number.values()))),
        standard_error=test.standard_error if is_known else None,
        lags=lags,
    )


def overlapping(
    numbers: Sequence[int], *, days: int | None, rules: Mapping[int, KnownRules]
) -> int:
    """How many later rounds share days with a round: 60 business days at a round a week are 12.

    days: business days that a score looks ahead; 60 where nobody told
    """
    gap = timedelta(weeks=1)
    newest = sorted(rules)[-_ROUNDS_LOOKED_AT:]
    if len(newest) > 1 and rules[newest[-1]].deadline > rules[newest[0]].deadline:
        passed = rules[newest[-1]].deadline - rules[newest[0]].deadline
        gap = passed / (newest[-1] - newest[0])
    return round(timedelta(days=(days or 60) * _DAYS_A_BUSINESS_DAY) / gap)
