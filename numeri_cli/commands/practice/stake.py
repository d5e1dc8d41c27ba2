"""numeri practice stake: NMR on a model of the participant's."""

from __future__ import annotations

from numeri_cli.commands.context import Context
from numeri_cli.practice.tournament import Stake, parsed_nmr


def stake(context: Context, *, model: str, nmr: str) -> Stake:
    """Make a model's stake so large. Raises ModelUnknown, UsageProblem, PracticeMissing."""
    return context.practice.set_stake(model, parsed_nmr(nmr))
