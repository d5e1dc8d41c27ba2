"""Live rounds beside what validation led one to expect of them, score by score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from numeri_cli.commands.context import Context
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.scores import Kind, KnownRules
from numeri_cli.ledger.validations import ValidatedModel, validation
from numeri_cli.scoring.expectation import (
    LEAST_ERAS,
    LEAST_ROUNDS,
    Expectation,
    LiveJudgement,
)
from numeri_cli.scoring.ranks import FloatArray

CORR_KINDS: Mapping[int, Kind] = {20: ("v2_corr20", "6"), 60: ("corr60", "3")}
MMC_KINDS: Mapping[int, Kind] = {20: ("mmc", "5"), 60: ("mmc60", "3")}


@dataclass(frozen=True, eq=False, kw_only=True)
class LiveAgainstValidated:
    """One score of one model; kind: which, by the horizon of the target that was validated.

    numbers: (n_rounds,) of the resolved rounds, ascending; values: (n_rounds,)
    low, high: (n_rounds,) of the running sum, in 95 % of cases; empty where nothing is expected
    judgement: None where there is nothing to expect or too little to judge; why: then the reason
    """

    model: str
    kind: Kind
    numbers: tuple[int, ...]
    values: FloatArray
    low: FloatArray
    high: FloatArray
    judgement: LiveJudgement | None
    why: str = ""


def against_validated(
    context: Context, models: Mapping[str, Sequence[RoundScore]]
) -> Iterator[LiveAgainstValidated]:
    """CORR and MMC of each model that was validated here.

    models: by name, all rows of their rounds
    """
    ledger, key = context.ledger, context.tournament
    rules = kept.rules(ledger, key)
    for name, rows in models.items():
        known = validation(ledger, key, name)
        if known is None or known.horizon_days not in CORR_KINDS:
            continue
        for kind, expected in (
            (CORR_KINDS[known.horizon_days], known.corr),
            (MMC_KINDS[known.horizon_days], known.mmc),
        ):
            yield _one(known, kind, expected, rows=rows, rules=rules)


def _one(
    known: ValidatedModel,
    kind: Kind,
    expected: Sequence[float | None],
    *,
    rows: Sequence[RoundScore],
    rules: Mapping[int, KnownRules],
) -> LiveAgainstValidated:
    own = sorted(
        (row.round_number, row.value)
        for row in rows
        if (row.score, row.version) == kind and row.resolved and row.round_number in rules
    )
    numbers = tuple(number for number, _ in own)
    values = np.array([value for _, value in own], dtype=np.float64)
    nothing = np.empty(0)

    def without(why: str) -> LiveAgainstValidated:
        return LiveAgainstValidated(
            model=known.model, kind=kind, numbers=numbers, values=values, low=nothing, high=nothing,
            judgement=None, why=why,
        )  # fmt: skip

    if known.seen_in_training:
        return without("it was validated on eras of its own training, which promise nothing")
    there = [value is not None for value in expected]
    if sum(there) < LEAST_ERAS:
        return without(f"it was validated on {sum(there)} eras, and {LEAST_ERAS} are the least")
    if not numbers:
        return without("no round of it has resolved yet")
    try:
        expectation = Expectation(_by_week(known.eras, expected), horizon_days=known.horizon_days)
    except ValueError:
        return without("its validated score never changes")
    weeks = _weeks(numbers, rules)
    low, high = expectation.band(weeks)
    judgement = None if len(numbers) < LEAST_ROUNDS else expectation.judge(values, weeks)
    return LiveAgainstValidated(
        model=known.model,
        kind=kind,
        numbers=numbers,
        values=values,
        low=low,
        high=high,
        judgement=judgement,
        why="" if judgement else f"{len(numbers)} rounds are too few to judge by",
    )


def _by_week(eras: Sequence[int], values: Sequence[float | None]) -> FloatArray:
    """(last era − first + 1,): eras are a week apart; NaN where one is missing."""
    made = np.full(eras[-1] - eras[0] + 1, np.nan)
    for era, value in zip(eras, values, strict=True):
        made[era - eras[0]] = np.nan if value is None else value
    return made


def _weeks(numbers: Sequence[int], rules: Mapping[int, KnownRules]) -> FloatArray:
    """When rounds closed, in weeks after the first."""
    first = rules[numbers[0]].deadline
    return np.array([(rules[at].deadline - first) / timedelta(weeks=1) for at in numbers])
