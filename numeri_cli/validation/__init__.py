"""Predictions and data with targets → scorecards → report: the official scores, locally.

The report (`validation.report`) brings plotly and is imported by who wants one.
"""

from numeri_cli.validation.following import weekly_churn
from numeri_cli.validation.result import Coverage, Difference, PredictionSource, Validation
from numeri_cli.validation.scoring import META_MODEL, overlapping_eras, validate

__all__ = [
    "META_MODEL",
    "Coverage",
    "Difference",
    "PredictionSource",
    "Validation",
    "overlapping_eras",
    "validate",
    "weekly_churn",
]
