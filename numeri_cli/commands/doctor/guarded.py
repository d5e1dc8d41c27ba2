"""What the guard holds against the models, as it would before the next submission."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import ModelError, NumeriError

name = "guard"
own_errors: tuple[type[NumeriError], ...] = (ModelError,)


def look(examination: Examination) -> Iterator[Finding]:
    """Every trained model of the profile beside the newest round."""
    # learning takes a while to import, during which the server can answer
    from numeri_cli.commands.artifacts import found_model, is_trained
    from numeri_cli.commands.guard import findings, round_facts

    context = examination.context
    facts = round_facts(context, examination.newest_round)
    found = [
        mend(name, one.code, one.message, hint=one.hint)
        for model in context.profile.models
        if is_trained(context, model)
        for one in findings(found_model(context, model), facts)
    ]
    yield from found or [fine(name, "nothing speaks against a model")]
