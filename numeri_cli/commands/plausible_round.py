"""Whether a round can be the newest, by the last one that this machine knows.

Whoever answers for the server could name any number; files, submissions and the ledger of all
later rounds would be judged by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from numeri_cli.errors import ServerTrouble
from numeri_cli.ledger.entries import RoundSeen
from numeri_cli.records import Round

MOST_AHEAD = 1_000  # rounds; practice may be advanced by hundreds at once
MOST_A_DAY = 2


def require_reachable(found: Round, known: RoundSeen, *, host: str) -> None:
    """Raise ServerTrouble where a tournament cannot have come so far since the known round."""
    until = min(found.open_time, max(datetime.now(UTC), known.seen))
    days = max(0, (until - known.open_time).days)
    most = known.number + MOST_AHEAD + MOST_A_DAY * days
    if found.number <= most:
        return
    raise ServerTrouble(
        f"{host} calls round {found.number:,} the newest, and the last one known here is round"
        f" {known.number:,} of {known.open_time:%d %b %Y}: no tournament comes so far in that time",
        hint="look at the address of the tournament; nothing was sent or kept",
    )


def without_jumps(rounds: Sequence[Round]) -> tuple[Round, ...]:
    """The rounds of one list, in order of number, up to where a number jumps by thousands."""
    ordered = sorted(rounds, key=lambda item: item.number)
    kept = ordered[:1]
    for found in ordered[1:]:
        if found.number - kept[-1].number > MOST_AHEAD:
            break
        kept.append(found)
    return tuple(kept)
