"""The program, its profile and its homes for every test of the session."""

from tests.support.program import numeri, practice, profile, trained, trained_template
from tests.support.scored_rounds import past, past_served

__all__ = [
    "numeri",
    "past",
    "past_served",
    "practice",
    "profile",
    "trained",
    "trained_template",
]
