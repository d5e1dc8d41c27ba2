"""numeri leaderboard: models or accounts as the server ranks them, and where one stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from numeri_cli.api.standing import board
from numeri_cli.commands import standing
from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiError, ModelUnknown, RateLimited, ServerTrouble, Unreachable
from numeri_cli.ledger import accounts
from numeri_cli.published import Published
from numeri_cli.records import BoardRow

PAGE = 500
MOST_PAGES = 20  # of 500 each: more than there are
_FIRST_SECONDS = 8.0  # of tries, before what is known is shown
_GONE = (Unreachable, ServerTrouble, RateLimited)


@dataclass(frozen=True)
class BoardLine(Published):
    """A row of the board: means as the server has them, of 20 and of 60 days apart.

    is_own: the account of the keys, or a model of it; is_asked: named by --of
    return_1y: a share of the stake
    """

    rank: int | None
    name: str
    is_own: bool
    is_asked: bool
    stake_nmr: Decimal | None
    corr20: float | None
    mmc20: float | None
    corr60: float | None
    mmc60: float | None
    return_1y: float | None


@dataclass(frozen=True)
class Board(Published):
    """The best, then one's own and who was asked for; of: "models" or "accounts".

    entrants: how many there are, as far as the board was read
    """

    tournament: str
    of: str
    as_of: datetime
    offline: bool
    entrants: int
    rows: tuple[BoardLine, ...]


def leaderboard(
    context: Context, *, top: int, of_accounts: bool = False, of: Sequence[str] = ()
) -> Board:
    """The best `top`, beside them one's own and those named in `of`; no keys are needed.

    Raises ModelUnknown for a name that is not on the board, and what the client raises; a server
    that cannot be reached is no error where a board is known.
    """
    kind = "accounts" if of_accounts else "models"
    ledger, key = context.ledger, context.tournament
    gone = None
    own = _own(context)
    try:
        with context.client.within(_FIRST_SECONDS):
            seen = context.client.now()
        rows = _read(context, of_accounts=of_accounts)
        kept = [_plain(row) for row in rows]
        accounts.keep_board(ledger, key, of=kind, rows=kept, seen=seen)
    except _GONE as trouble:
        gone = trouble
    known = accounts.board(ledger, key, of=kind)
    if known is None:
        raise gone or ModelUnknown("the leaderboard is empty", hint="try again later")
    lines = [_line(row, own=own, asked=frozenset(of)) for row in known[0]]
    _require(of, lines, kind=kind)
    return Board(
        tournament=key,
        of=kind,
        as_of=known[1],
        offline=gone is not None,
        entrants=len(lines),
        rows=tuple(
            line for at, line in enumerate(lines) if at < top or line.is_own or line.is_asked
        ),
    )


def field(context: Context) -> Board | None:
    """All models of the board, for a histogram; None, with a word, where none can be had."""
    try:
        return leaderboard(context, top=PAGE * MOST_PAGES)
    except ApiError as error:
        context.listener.say(f"going on without the field: {error.message}")
        return None


def _own(context: Context) -> frozenset[str]:
    """The names of the account and its models, asked for once where they are not known."""
    if context.keys is None:
        return frozenset()
    known = standing.own_names(context)
    if known:
        return known
    try:
        with context.client.within(_FIRST_SECONDS):
            return frozenset(one.name for one in context.client.models()) | {
                context.client.token_info().account
            }
    except _GONE:
        return frozenset()


def _read(context: Context, *, of_accounts: bool) -> tuple[BoardRow, ...]:
    """Every row of the board, page by page."""
    found: dict[str, BoardRow] = {}
    for page in range(MOST_PAGES):
        rows = board(context.client, accounts=of_accounts, limit=PAGE, offset=page * PAGE)
        new = {row.name: row for row in rows if row.name not in found}
        found |= new
        if len(rows) < PAGE or not new:
            break
    return tuple(found.values())


def _plain(row: BoardRow) -> list[object]:
    stake = None if row.stake_nmr is None else f"{row.stake_nmr:f}"
    return [
        row.rank, row.name, stake, row.corr20, row.mmc20, row.corr60, row.mmc60, row.return_1y,
    ]  # fmt: skip


def _line(row: list[object], *, own: frozenset[str], asked: frozenset[str]) -> BoardLine:
    rank, name, stake, corr20, mmc20, corr60, mmc60, year = row
    return BoardLine(
        rank=rank if isinstance(rank, int) else None,
        name=str(name),
        is_own=str(name) in own,
        is_asked=str(name) in asked,
        stake_nmr=None if stake is None else Decimal(str(stake)),
        corr20=_number(corr20),
        mmc20=_number(mmc20),
        corr60=_number(corr60),
        mmc60=_number(mmc60),
        return_1y=_number(year),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _require(of: Sequence[str], lines: Sequence[BoardLine], *, kind: str) -> None:
    there = {line.name for line in lines}
    for name in of:
        if name not in there:
            other = "" if kind == "accounts" else "; accounts have a board of their own: --accounts"
            raise ModelUnknown(
                f"{name[:40]!r} is not on the leaderboard of {kind}",
                hint=f"names are written as on the website{other}",
            )
