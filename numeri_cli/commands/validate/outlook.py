"""What a source's scores amount to: how sure its CORR is, what a year of stake earns or loses."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from numeri_cli.commands.validate.validation import Validation
from numeri_cli.dataset.eras import era_number
from numeri_cli.published import Published
from numeri_cli.scoring.paired_test import PairedTest, compare
from numeri_cli.scoring.quarters import Quarters, quarters
from numeri_cli.scoring.ranks import FloatArray
from numeri_cli.scoring.score_table import CORR
from numeri_cli.scoring.scorecard import Scorecard

_QUARTERS_A_YEAR = 4


@dataclass(frozen=True, kw_only=True)
class SourceOutlook(Published):
    """One source in the figures that a stake depends on; NaN where one is not known.

    corr_error: Newey and West's standard error of the mean CORR; above_zero: whether that mean is
    above zero by more than noise
    corr_t: that mean over its error; corr_t_limit: beyond which it is more than noise, infinite for
    too few eras; corr_lags: with so many eras before it an era shares days
    payout_a_year: mean payout of a round × how often a year the whole stake is at risk
    losing_quarters: share of the spans of 13 weeks in which the payout is below zero, or the CORR
    where no payout is known; quarters: how many spans, which overlap
    worst_quarter: what the worst span would have brought, as a share of the stake, or the mean CORR
    in it; worst_first, worst_last: its eras, None where there is no span
    ahead_of_benchmark: mean CORR − the benchmark's, ahead_told: whether it is more than noise
    """

    corr_error: float
    above_zero: bool
    corr_t: float
    corr_t_limit: float
    corr_lags: int
    payout_a_year: float
    losing_quarters: float
    quarters: int
    worst_quarter: float
    worst_first: str | None
    worst_last: str | None
    ahead_of_benchmark: float = math.nan
    ahead_told: bool = False


def outlook(validation: Validation, card: Scorecard) -> SourceOutlook:
    """The outlook of one of a validation's cards."""
    corr = card.score(CORR.name)
    above = compare(corr, np.zeros(len(corr)), lags=validation.lags)
    ahead = _ahead(validation, corr)
    paid, share = paid_series(validation, card)
    spans = spans_of(validation, paid)
    worst = spans.worst
    return SourceOutlook(
        corr_error=above.standard_error,
        above_zero=above.beyond_noise and above.mean_difference > 0,
        corr_t=above.t,
        corr_t_limit=above.limit,
        corr_lags=above.lags,
        payout_a_year=_a_year(validation, card),
        losing_quarters=spans.losing,
        quarters=len(spans.means),
        worst_quarter=math.nan if worst is None else float(spans.means[worst]) * share,
        worst_first=None if worst is None else card.eras[spans.first[worst]],
        worst_last=None if worst is None else card.eras[spans.last[worst]],
        ahead_of_benchmark=math.nan if ahead is None else ahead.mean_difference,
        ahead_told=ahead is not None and ahead.beyond_noise,
    )


def paid_series(validation: Validation, card: Scorecard) -> tuple[FloatArray, float]:
    """What each era would have paid, and what a quarter's mean of it is of the stake.

    returns: (n_eras,), and a factor; CORR and 1 where the payout is not known
    """
    rule = validation.payout
    if rule is None or validation.payout_summary(card) is None:
        return card.score(CORR.name), 1.0
    turns = rule.turns_a_year
    return card.payout(rule), 1.0 if turns is None else turns / _QUARTERS_A_YEAR


def spans_of(validation: Validation, values: FloatArray) -> Quarters:
    """The spans of 13 weeks among a validation's eras; none where eras have no place in time."""
    weeks = np.array([era_number(era) for era in validation.eras])
    if not np.isfinite(weeks).all():
        values = np.full(len(values), np.nan)
    return quarters(values, weeks)


def _a_year(validation: Validation, card: Scorecard) -> float:
    paid, rule = validation.payout_summary(card), validation.payout
    if paid is None or rule is None or rule.turns_a_year is None:
        return math.nan
    return paid.mean * rule.turns_a_year


def _ahead(validation: Validation, corr: FloatArray) -> PairedTest | None:
    bench = validation.benchmark_card
    if bench is None or not bench.has(CORR.name):
        return None
    return compare(corr, bench.score(CORR.name), lags=validation.lags)
