"""Payouts as the server lists them, stakes by day and prices of NMR, as they were seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from numeri_cli.ledger.entries import marks, nmr_text, time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import decoding, mended
from numeri_cli.records import Payout, PriceSeen


@mended
def keep_payouts(
    ledger: Ledger, tournament: str, found: Collection[Payout], *, seen: datetime
) -> None:
    """Remember what the server lists as paid and pending."""
    with ledger.transaction() as connection:
        connection.executemany(
            f"INSERT OR REPLACE INTO payouts VALUES ({marks(7)})",  # noqa: S608  # our own
            (
                (
                    tournament, one.model_id, one.round_number,
                    nmr_text(one.amount_nmr), one.settled,
                    None if one.resolve_date is None else time_text(one.resolve_date),
                    time_text(seen),
                )
                for one in found
            ),
        )  # fmt: skip


@mended
def payouts(ledger: Ledger, tournament: str, *, model_ids: Sequence[str]) -> tuple[Payout, ...]:
    """What the server listed as paid or pending, as it last did."""
    with ledger.transaction() as connection:
        rows: list[Any] = []
        for model_id in model_ids:
            rows += connection.execute(
                "SELECT round_number, model_id, amount_nmr, resolve_date, settled FROM payouts"
                " WHERE tournament = ? AND model_id = ? ORDER BY round_number DESC",
                (tournament, model_id),
            ).fetchall()
    with decoding("payouts"):
        return tuple(
            Payout(
                round_number=number,
                model_id=model_id,
                amount_nmr=Decimal(amount),
                resolve_date=None if resolves is None else time_of(resolves),
                settled=bool(settled),
            )
            for number, model_id, amount, resolves, settled in rows
        )


@mended
def keep_price(ledger: Ledger, tournament: str, found: PriceSeen, *, seen: datetime) -> None:
    """Remember what one NMR cost; the price of a day is the last one seen on it."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?)",
            (
                tournament,
                found.time.date().isoformat(),
                str(found.usd),
                time_text(found.time),
                time_text(seen),
            ),
        )


@mended
def prices(ledger: Ledger, tournament: str) -> dict[date, Decimal]:
    """US dollars for one NMR, by the day on which that was seen."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT day, usd FROM prices WHERE tournament = ?", (tournament,)
        ).fetchall()
    with decoding("prices"):
        return {date.fromisoformat(day): Decimal(usd) for day, usd in rows}


@mended
def keep_stakes(
    ledger: Ledger, tournament: str, model_id: str, *, days: Mapping[date, Decimal]
) -> None:
    """Remember a model's stake of some days."""
    with ledger.transaction() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO stakes VALUES (?, ?, ?, ?)",
            ((tournament, model_id, day.isoformat(), str(nmr)) for day, nmr in days.items()),
        )


@mended
def stakes(ledger: Ledger, tournament: str, model_id: str) -> dict[date, Decimal]:
    """A model's stake by day, of the days on which it is known."""
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT day, stake_nmr FROM stakes WHERE tournament = ? AND model_id = ? ORDER BY day",
            (tournament, model_id),
        ).fetchall()
    with decoding("stakes"):
        return {date.fromisoformat(day): Decimal(nmr) for day, nmr in rows}
