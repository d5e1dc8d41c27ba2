"""Predictions → checked → uploaded → confirmed → Receipt."""

from numeri_cli.submission.predictions import CheckedPredictions, check_predictions
from numeri_cli.submission.sending import already_accepted, submit

__all__ = ["CheckedPredictions", "already_accepted", "check_predictions", "submit"]
