"""The program and a home with a trained model, for what commands print."""

from tests.support.program import numeri, profile, trained, trained_template

__all__ = ["numeri", "profile", "trained", "trained_template"]
