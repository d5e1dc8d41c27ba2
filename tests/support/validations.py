"""Validations made of scored random eras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from numeri_cli.commands.validate.validation import Coverage, PredictionSource, Validation
from numeri_cli.dataset.prediction_files import IdColumn
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.score_table import SCORES, Score, score_named
from numeri_cli.scoring.scorecard import Scorecard, collect, score_era
from numeri_cli.scoring.summary import PayoutRule

FEATURES = tuple(f"feature_a_long_family_name_of_which_there_are_{n:02d}" for n in range(30))


def sample_validation(
    *names: str, eras: int = 40, ids: int = 420, table: Sequence[Score] = SCORES
) -> Validation:
    """The meta model starts at the sixth era."""
    generator = np.random.default_rng(5)
    made = []
    for number in range(eras):
        features = generator.integers(0, 5, (ids, len(FEATURES))).astype(np.int8)
        signal = generator.standard_normal(ids)
        target = np.searchsorted([-1.6, -0.7, 0.7, 1.6], signal) / 4
        noise = generator.standard_normal((ids, len(names)))
        meta = 0.05 * signal + generator.standard_normal(ids)
        tilt = 0.02 * features @ np.arange(len(FEATURES)) / 10
        predictions = noise + 0.05 * signal[:, None] + 0.3 * meta[:, None] + tilt[:, None]
        made.append(
            Era(
                name=f"{1133 + number:04d}",
                predictions=predictions,
                target=target,
                meta_model=meta if number >= 5 else None,
                benchmark=0.5 * meta + generator.standard_normal(ids),
                features=features,
            )
        )
    sources = tuple(
        replace(source_of(name), contract=(("model", name), ("estimator", "lightgbm")), churn=churn)
        for name, churn in zip(names, (0.21, float("nan"), 0.11), strict=False)
    )
    return replace(
        validation_of(made, *names, table=table),
        sources=sources,
        benchmark="v53_lgbm_ender20",
        features=len(FEATURES),
        warnings=("2 of 40 scored eras are not out of sample",) if len(names) > 1 else (),
        payout=PayoutRule(
            multipliers=((score_named("corr"), 3.0), (score_named("mmc"), 15.0)), clip=1.0
        ),
    )


def validation_of(eras: list[Era], *names: str, table: Sequence[Score] = SCORES) -> Validation:
    """What the eras come to, and nothing beside."""
    scored = [score_era(era, table=table) for era in eras]
    return Validation(
        data=Path("validation.parquet"),
        target="target_ender_20",
        sources=tuple(map(source_of, names)),
        cards=collect(scored, names=names, features=FEATURES, table=table),
        coverage=tuple(
            Coverage(
                rows=sum(era.ids for era in scored),
                predicted=sum(int(era.predicted[place]) for era in scored),
                surplus=0,
                eras=len(scored),
            )
            for place in range(len(names))
        ),
        eras=tuple(era.name for era in eras),
        unresolved=(),
        benchmark=None,
        features=0,
        warnings=(),
    )


def source_of(name: str) -> PredictionSource:
    """A source of this name, without its predictions."""
    return PredictionSource(predictions=IdColumn(name, pa.array([], pa.string()), np.empty(0)))


def card_of(validation: Validation, name: str) -> Scorecard:
    """The scorecard of a source."""
    return next(card for card in validation.cards if card.name == name)
