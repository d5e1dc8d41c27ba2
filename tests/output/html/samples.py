"""Report contents made of scored random eras."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from numeri_cli.output.html.content import (
    Comparison,
    Origin,
    ReportContent,
)
from numeri_cli.scoring.scorecard import Era, score_eras
from numeri_cli.scoring.summary import PayoutRule, compare

FEATURES = tuple(f"feature_a_long_family_name_of_which_there_are_{n:02d}" for n in range(30))


def sample_content(*names: str, eras: int = 40, ids: int = 420) -> ReportContent:
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
                f"{1133 + number:04d}",
                predictions,
                target,
                meta_model=meta if number >= 5 else None,
                benchmark=0.5 * meta + generator.standard_normal(ids),
                features=features,
            )
        )
    cards = score_eras(made, names=names, features=FEATURES)
    return ReportContent(
        title=" · ".join(names),
        cards=cards,
        facts=(("data", "validation.parquet"), ("target", "target_ender_20")),
        origins=tuple(Origin(name, (("model", name), ("estimator", "lightgbm"))) for name in names),
        comparisons=tuple(
            Comparison("corr", a.name, b.name, compare(a.score("corr"), b.score("corr"), lags=4))
            for a, b in pairwise(cards)
        ),
        warnings=("2 of 40 scored eras are not out of sample",) if len(names) > 1 else (),
        benchmark="v53_lgbm_ender20",
        payout=PayoutRule((("corr", 3.0), ("mmc", 15.0)), clip=1.0),
        churn=(0.21, float("nan"), 0.11)[: len(names)],
    )
