"""Payouts of many rounds: a table of the newest, and of those that do not agree, the newest."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

from rich.console import Console

from numeri_cli.commands.payouts import PayoutReport, PayoutRow
from numeri_cli.output.text.payouts import MARKED_SHOWN, ROWS_SHOWN, payout_report


def text_of(*, agreeing: int, differing: int) -> list[str]:
    """Lines of a report whose newest rounds agree and whose older ones do not."""
    nothing, one = Decimal(0), Decimal(1)
    count = agreeing + differing
    rows = tuple(
        PayoutRow(
            2000 - at, "lighthouse", "settled", one, one if at < agreeing else Decimal(2), None,
            at >= agreeing, Decimal(9), date(2026, 1, 1), None,
        )
        for at in range(count)
    )  # fmt: skip
    moment = datetime(2026, 5, 23, tzinfo=UTC)
    record = PayoutReport(
        "numerai", "me", moment, False, rows, (), (), Decimal(count), nothing, nothing, differing
    )
    console = Console(file=io.StringIO(), width=60)
    console.print(payout_report(record), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_of_hundreds_that_do_not_agree_the_newest_are_shown_and_the_others_counted() -> None:
    lines = text_of(agreeing=ROWS_SHOWN, differing=MARKED_SHOWN + 300)
    assert sum("≠" in line for line in lines) == MARKED_SHOWN
    assert sum("by its formula 2" in line for line in lines) == MARKED_SHOWN
    assert "and 300 more: --json" in lines
    assert "and 300 more that do not agree, marked in --json" in lines


def test_a_few_that_do_not_agree_are_shown_however_old_they_are() -> None:
    lines = text_of(agreeing=900, differing=3)
    assert sum("≠" in line for line in lines) == 3
    assert [line for line in lines if line.startswith("and ")] == ["and 860 more: --json"]
