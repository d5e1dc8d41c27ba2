"""What a search may aim at: each a figure of a model's scores over its eras; more is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from numeri_cli.errors import UsageProblem, did_you_mean
from numeri_cli.scoring.optimism import sharpe_series
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.score_table import score_named
from numeri_cli.scoring.summary import PayoutRule

Scores = Mapping[str, FloatArray]  # by a score's name (n_eras,), NaN where an era has none


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One thing to search for.

    name: as it is typed; label: as tables call it
    scores: of the score table, that it rests on; is_payout: those of the payout rule as well
    series: scores → (n_eras,) values, the mean of which is the figure
    """

    name: str
    label: str
    meaning: str
    scores: tuple[str, ...]
    series: Callable[[Scores, PayoutRule | None], FloatArray]
    is_payout: bool = False

    def figure(self, scores: Scores, rule: PayoutRule | None) -> float:
        """The figure over all eras; NaN where no era has its scores."""
        values = self.series(scores, rule)
        there = values[known(values)]
        return float(there.mean()) if len(there) else float("nan")


def _score(name: str) -> Callable[[Scores, PayoutRule | None], FloatArray]:
    def series(scores: Scores, rule: PayoutRule | None) -> FloatArray:
        return scores[name]

    return series


def _sharpe(scores: Scores, rule: PayoutRule | None) -> FloatArray:
    return sharpe_series(scores["corr"])


def _payout(scores: Scores, rule: PayoutRule | None) -> FloatArray:
    if rule is None:
        return np.full(len(scores["corr"]), np.nan)
    return rule.per_era([scores[score.name] for score, _ in rule.multipliers])


_ALL = (
    Aim(
        name="corr",
        label=score_named("corr").label,
        meaning="mean CORR of the eras",
        scores=("corr",),
        series=_score("corr"),
    ),
    Aim(
        name="sharpe",
        label="Sharpe",
        meaning="mean CORR over its standard deviation",
        scores=("corr",),
        series=_sharpe,
    ),
    Aim(
        name="mmc",
        label=score_named("mmc").label,
        meaning="mean of what it adds to the meta model",
        scores=("mmc",),
        series=_score("mmc"),
    ),
    Aim(
        name="bmc",
        label=score_named("bmc").label,
        meaning="mean of what it adds to the benchmark",
        scores=("bmc",),
        series=_score("bmc"),
    ),
    Aim(
        name="payout",
        label="payout",
        meaning="mean payout of an era, as a share of the stake",
        scores=("corr",),
        series=_payout,
        is_payout=True,
    ),
)
AIMS: Mapping[str, Aim] = {aim.name: aim for aim in _ALL}


def aims_named(names: tuple[str, ...]) -> tuple[Aim, ...]:
    """The aims of these names, each once. Raises UsageProblem for a name that is none."""
    found: dict[str, Aim] = {}
    for name in names:
        if name not in AIMS:
            cure = did_you_mean(name, AIMS, otherwise=f"known: {', '.join(AIMS)}")
            raise UsageProblem(f"{name!r} is nothing to aim at", hint=cure)
        found[name] = AIMS[name]
    return tuple(found.values())
