"""The program, its profile and its homes for every test of the command line."""

from tests.support.program import (
    numeri,
    numeri_process,
    practice,
    profile,
    trained,
    trained_template,
)

__all__ = ["numeri", "numeri_process", "practice", "profile", "trained", "trained_template"]
