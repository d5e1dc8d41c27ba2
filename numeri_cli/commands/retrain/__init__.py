"""Retraining: an errand of its own, started by a run that is done."""
