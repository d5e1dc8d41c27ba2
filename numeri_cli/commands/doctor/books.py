"""Whether the ledger is sound, and whether a damaged one was set aside."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import DiskError, LedgerDamaged, LedgerNewer, NumeriError, PathForbidden
from numeri_cli.ledger.connection import connected
from numeri_cli.ledger.recovery import all_set_aside, set_aside_before

name = "ledger"
own_errors: tuple[type[NumeriError], ...] = (DiskError,)


def look(examination: Examination) -> Iterator[Finding]:
    """Every page of it, as it lies there; damage is left for the next command."""
    path = examination.context.home.ledger
    found = []
    if kept := set_aside_before(path):
        words = "a damaged ledger was" if len(kept) == 1 else f"{len(kept)} damaged ledgers were"
        found.append(
            mend(
                name,
                "ledger_set_aside",
                f"{words} set aside, the last as {kept[-1]}; what could be read is in the new one",
                hint=f"look at the disk; `rm -r {all_set_aside(path)}` once nothing is missed",
            )
        )
    try:
        if path.exists():
            connected(path, checked_bytes=sys.maxsize).close()
    except LedgerNewer as newer:
        words = f"{newer.message}: it is left alone, and runs are not written down"
        found.append(mend(name, "ledger_newer", words, hint=newer.hint))
    except (LedgerDamaged, PathForbidden) as damage:
        if isinstance(damage, PathForbidden) and path.is_file():
            raise
        found.append(
            mend(
                name,
                "ledger_damaged",
                damage.message,
                hint="the next command that needs it sets it aside and makes a new one",
            )
        )
    yield from found or [fine(name, "it is sound" if path.exists() else "there is none yet")]
