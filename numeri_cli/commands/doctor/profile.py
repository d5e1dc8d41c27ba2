"""Whether the profile can be read, and names models that can be."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine
from numeri_cli.errors import DiskError, NumeriError, ProfileError, TargetAlias, UsageProblem

name = "profile"
own_errors: tuple[type[NumeriError], ...] = (ProfileError, TargetAlias, UsageProblem, DiskError)


def look(examination: Examination) -> Iterator[Finding]:
    """Every model of the profile is asked for once."""
    context = examination.context
    names = list(context.profile.models)
    for model in names:
        context.profile.model(model)
    where = context.profile_path or "the starter's"
    yield fine(name, f"{where}, for {context.tournament}: {', '.join(names)[:200]}")
