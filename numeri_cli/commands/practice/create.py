"""numeri practice create: a market, its data, rivals and the first round."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from numeri_cli.commands.context import Context
from numeri_cli.errors import PracticeExists, UsageProblem
from numeri_cli.practice.tournament import SCALES, PracticeStatus, Tournament, WorldSettings


def create(
    context: Context,
    *,
    seed: int | None = None,
    stocks: int | None = None,
    eras: int | None = None,
    features: int | None = None,
    rivals: int | None = None,
    start: datetime | None = None,
    scale: str | None = None,
) -> PracticeStatus:
    """Create the practice tournament of this home.

    start: a day of the first round's week; scale: the name of one in SCALES; what is not given is
    as the default or the scale has it
    Raises PracticeExists, PracticeSettings, UsageProblem, DiskError.
    """
    root = context.home.practice
    if Tournament.exists(root):
        raise PracticeExists(
            f"a practice tournament is already in {root}",
            hint="`numeri practice reset` removes it",
        )
    if scale is not None and scale not in SCALES:
        raise UsageProblem(f"there is no scale {scale[:40]!r}", hint=f"give {' or '.join(SCALES)}")
    measures = (
        ("seed", seed),
        ("stocks", stocks),
        ("eras", eras),
        ("features", features),
        ("rivals", rivals),
    )
    given = {name: value for name, value in measures if value is not None}
    settings = replace(WorldSettings() if scale is None else SCALES[scale], **given)
    context.listener.say(f"Creating a practice tournament in {root} …")
    Tournament.create(
        root,
        settings,
        start=start,
        field=scale is None,  # so large a world is made for its data; models come when asked for
        listener=context.listener,
    ).close()
    return context.practice.status()
