"""The program, its profile and a home with data."""

from tests.support.program import numeri, profile, trained, trained_template

__all__ = ["numeri", "profile", "trained", "trained_template"]
