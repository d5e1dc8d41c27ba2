"""Payouts as a table of rounds, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, nmr
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, Prose, table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.payouts import PayoutReport, PayoutRow

CSV_COLUMNS = ("date", "round", "model", "nmr", "price_usd")
ROWS_SHOWN = 40
MARKED_SHOWN = 40  # of those beyond that which do not agree: tens of thousands take a minute
_SHOWN_PLACES = Decimal("0.0001")


def csv_rows(record: PayoutReport) -> list[Mapping[str, object]]:
    """A line for each settled payout, the oldest first."""
    return [
        {
            "date": row.date,
            "round": row.round_number,
            "model": row.model,
            "nmr": f"{row.payout_nmr:f}",
            "price_usd": row.price_usd,
        }
        for row in reversed(record.rows)
        if row.state == "settled"
    ]


def payout_report(record: PayoutReport) -> RenderableType:
    """Rounds, dates and sums; what does not agree with its formula is marked."""
    rows = [row for row in record.rows if row.payout_nmr or row.at_risk_nmr or row.differs]
    if not rows:
        line = as_of_line(record.as_of, offline=record.offline)
        return Group(Text("no round has money in it yet"), line)
    right = ("round", "at risk", "NMR")
    made = table("round", "model", "state", "on", *right[1:], "", right=right)
    marked = [row for row in rows if row.differs]
    for row in dict.fromkeys([*rows[:ROWS_SHOWN], *marked[:MARKED_SHOWN]]):
        made.add_row(
            str(row.round_number),
            row.model,
            row.state,
            ABSENT if row.date is None else row.date.isoformat(),
            ABSENT if row.at_risk_nmr is None else short_nmr(row.at_risk_nmr),
            short_nmr(row.payout_nmr, signed=True),
            Text("≠" if row.differs else "", "red"),
        )
    parts: list[RenderableType] = [Fitting(made, "state", "at risk")]
    if len(rows) > made.row_count:
        parts.append(Text(f"and {len(rows) - made.row_count} more: --json", "dim"))
    parts += [_difference(row) for row in marked[:MARKED_SHOWN]]
    if len(marked) > MARKED_SHOWN:
        more = len(marked) - MARKED_SHOWN
        parts.append(Prose(f"and {more:,} more that do not agree, marked in --json", "red"))
    return Group(*parts, Text(), *_dates(record), *_sums(record), _as_of(record))


def _as_of(record: PayoutReport) -> Prose:
    return as_of_line(record.as_of, offline=record.offline)


def _difference(row: PayoutRow) -> Prose:
    """Every figure of a payout that does not agree."""
    told = [f"paid {nmr(row.payout_nmr)}"]
    if row.formula_nmr is not None:
        told.append(f"by its formula {nmr(row.formula_nmr)}")
    if row.listed_nmr is not None and row.listed_nmr != row.payout_nmr:
        told.append(f"listed as {nmr(row.listed_nmr)}")
    return Prose(f"round {row.round_number}, {row.model}: {', '.join(told)} NMR", "red")


def _dates(record: PayoutReport) -> list[RenderableType]:
    if not record.pending_by_date:
        return []
    made = table("resolves on", "rounds", "pending NMR", right=("rounds", "pending NMR"))
    for one in record.pending_by_date:
        amount = short_nmr(one.pending_nmr, signed=True)
        made.add_row(one.date.isoformat(), str(one.rounds), amount)
    return [unbroken(made), Text()]


def _sums(record: PayoutReport) -> list[RenderableType]:
    right = ("settled NMR", "of it burned", "pending NMR")
    made = table("model", *right, right=right)
    for one in record.models:
        made.add_row(
            one.model,
            *(
                short_nmr(amount, signed=True)
                for amount in (one.settled_nmr, one.burned_nmr, one.pending_nmr)
            ),
        )
    made.add_row(
        "all",
        *(
            short_nmr(amount, signed=True)
            for amount in (record.settled_nmr, record.burned_nmr, record.pending_nmr)
        ),
    )
    return [unbroken(made)]


def short_nmr(amount: Decimal, *, signed: bool = False) -> str:
    """An amount for a narrow column: four places, cut and not rounded; nothing at all is "0"."""
    if not amount:
        return "0"
    cut = amount.quantize(_SHOWN_PLACES, rounding=ROUND_DOWN)
    text = f"{abs(cut):,.4f}"
    if not cut:
        return text
    sign = "+" if signed else ""
    return f"{'−' if cut < 0 else sign}{text}"
