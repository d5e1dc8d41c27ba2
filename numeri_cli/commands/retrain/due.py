"""Which models the profile wants trained again by now; nothing heavy is imported for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from numeri_cli.commands.context import Context
from numeri_cli.ledger.retrainings import retrainings
from numeri_cli.model_spec import ModelSpec

CANDIDATES = "candidates"
SLACK = timedelta(hours=12)  # weekly runs are never a week apart to the second
_DECIDED = ("kept the old", "kept aside")  # a failed one is tried again by the next run


def due_models(context: Context) -> tuple[str, ...]:
    """Models whose period has passed since the last training, or the last decision against one.

    Raises what the client raises for its clock.
    """
    periods = {name: period_of(spec) for name, spec in context.profile.models.items()}
    wanted = {name: period for name, period in periods.items() if period is not None}
    if not wanted:
        return ()
    now = context.client.now()
    return tuple(name for name, period in wanted.items() if _is_due(context, name, period, now))


def period_of(spec: ModelSpec) -> timedelta | None:
    """After how long a model is due again; None for never."""
    if spec.retrain == "never":
        return None
    return timedelta(weeks=int(spec.retrain.split(maxsplit=1)[0])) - SLACK


def _is_due(context: Context, name: str, period: timedelta, now: datetime) -> bool:
    kept = context.ledger.models(context.tournament, model=name)
    if not kept:
        return False  # never trained: a run does that
    here = context.workspace.artifacts(name)
    aside = context.home.data / CANDIDATES / context.tournament / name
    if any((aside / x.artifact).is_dir() and not (here / x.artifact).exists() for x in kept):
        return True  # an adoption has to be finished
    decided = [
        one.time
        for one in retrainings(context.ledger, context.tournament)
        if one.model == name and one.state in _DECIDED
    ]
    # one that was vouched for and never got its name, since its process was killed, is none
    present = [one.time for one in kept if (here / one.artifact).is_dir()]
    last = max([*(present or [kept[0].time]), *decided])
    return now - last >= period
