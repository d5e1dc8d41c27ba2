"""The old model beside the retrained one, on eras that neither has seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.validate.model_sources import model_source
from numeri_cli.commands.validate.purge import overlapping_eras
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.dataset.eras import era_number, horizon_days
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import PredictionsIds, TargetMissing
from numeri_cli.learning.contract import Contract
from numeri_cli.scoring.paired_test import PairedTest, compare, overlap_lags
from numeri_cli.scoring.score_table import score_named

LEAST_ERAS = 20
NOISE_T = -1.645  # worse than this by chance in one of twenty
CORR = "corr"


@dataclass(frozen=True)
class Judgement:
    """Mean CORR of both on the same eras; NaN where there are too few to judge by.

    test: of the new less the old
    """

    eras: int
    old_mean: float
    new_mean: float
    test: PairedTest | None

    @property
    def judged(self) -> bool:
        """Whether there were eras enough."""
        return self.test is not None

    @property
    def is_worse(self) -> bool:
        """Whether the new one is worse beyond noise, or has no CORR at all."""
        if self.test is None:
            return False
        if math.isnan(self.new_mean):
            return True
        if math.isnan(self.test.t):  # the difference is the same in every era
            return self.test.mean_difference < 0
        return self.test.t < NOISE_T

    @property
    def words(self) -> str:
        """Why it was decided so."""
        if self.test is None:
            return f"{self.eras} eras that neither model has seen are fewer than {LEAST_ERAS}"
        return (
            f"CORR {self.new_mean:.4f} against {self.old_mean:.4f} of the old one on {self.eras}"
            f" eras that neither has seen, t {self.test.t:.2f}"
        )


def judge(old: OpenModel, new: OpenModel) -> Judgement:
    """Score both on the validation data. Raises what predicting and scoring raise."""
    context = new.context
    data = context.file(context.files.validation)
    target = new.artifact.contract.spec.targets[0]
    eras = unseen_eras(
        DataFile.open(data).eras().names, (old.artifact.contract, new.artifact.contract)
    )
    nan = float("nan")
    if len(eras) < LEAST_ERAS:
        return Judgement(len(eras), nan, nan, None)
    try:
        scored = score_sources(
            [model_source(old, data), model_source(new, data)],
            data,
            target=target,
            eras=eras,
            table=(score_named(CORR),),
            listener=context.listener,
        )
    except (TargetMissing, PredictionsIds):  # none of these eras has a value of the target yet
        return Judgement(0, nan, nan, None)
    count = len(scored.eras)
    if count < LEAST_ERAS:
        return Judgement(count, nan, nan, None)
    before, after = (card.score(CORR) for card in scored.cards)
    test = compare(after, before, lags=overlap_lags(horizon_days(target)))
    means = (card.summary(CORR).mean for card in scored.cards)
    old_mean, new_mean = means
    return Judgement(count, old_mean, new_mean, test)


def unseen_eras(names: Sequence[str], contracts: Sequence[Contract]) -> tuple[str, ...]:
    """The eras that lie in no model's training, nor within the purge of it.

    Eras that stopped a training early count as seen; they follow its last one.
    """
    seen: set[str] = set()
    for contract in contracts:
        for target in contract.spec.targets:
            seen.update(overlapping_eras(contract.eras, names, target=target))
        held_out = contract.spec.early_stopping_eras * contract.spec.era_stride
        if held_out:
            last = max(era_number(era) for era in contract.eras)
            until = last + held_out + 2 * contract.purge_eras
            seen.update(name for name in names if last <= era_number(name) <= until)
    return tuple(name for name in names if name not in seen)
