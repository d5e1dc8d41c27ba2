"""numeri practice reset: the practice tournament and all that was made from it go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.errors import PracticeMissing, UsageProblem
from numeri_cli.practice.tournament import is_left, removal
from numeri_cli.published import Published

PRACTICE = "practice"  # under this key its data, models and ledger rows are kept


@dataclass(frozen=True)
class RemovedTournament(Published):
    """A practice tournament that is gone."""

    folder: Path


def reset(context: Context, *, agreed: Callable[[str], bool]) -> RemovedTournament:
    """Remove the tournament, its ledger rows, and what was downloaded and trained from it.

    agreed: is asked a question before anything goes
    Raises PracticeMissing, UsageProblem where it is not agreed, LockHeld, DiskError.
    """
    home = context.home
    if not is_left(home.practice):
        raise PracticeMissing(
            f"there is no practice tournament in {home.practice}",
            hint="`numeri practice create` makes one",
        )
    if not agreed(f"Remove {home.practice} and everything made from it?"):
        raise UsageProblem("nothing was removed", hint="say yes, or give --yes")
    with removal(home.practice, run_lock=lambda public_id: home.lock(PRACTICE, public_id)):
        context.kept_ledger.forget(PRACTICE)
        for folder in (
            home.datasets(PRACTICE),
            home.models(PRACTICE),
            home.predictions(PRACTICE),
            home.reports(PRACTICE),
            home.searches(PRACTICE),
            home.binned(PRACTICE),
        ):
            if folder.exists():
                shutil.rmtree(folder)
    return RemovedTournament(home.practice)
