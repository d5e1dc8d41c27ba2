"""The program, its profile and its homes for every test of the command line."""

from tests.support.program import (
    numeri,
    numeri_process,
    practice,
    profile,
    trained,
    trained_template,
)
from tests.support.scored_rounds import changeable, past, past_served

__all__ = [
    "changeable",
    "numeri",
    "numeri_process",
    "past",
    "past_served",
    "practice",
    "profile",
    "trained",
    "trained_template",
]
