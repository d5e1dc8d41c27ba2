"""Stakes: the sums of each model, then the rounds that hold a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, percent
from numeri_cli.output.text.payouts import short_nmr
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, Prose, table

if TYPE_CHECKING:
    from numeri_cli.commands.stakes import StakeReport

CSV_COLUMNS = ("round_number", "model", "at_risk_nmr", "share", "state", "payout_nmr", "date")


def stake_report(record: StakeReport) -> RenderableType:
    """Sums by model; what each open round holds; what only the website shows."""
    right = ("stake", "at risk", "pending", "settled", "burned")
    made = table("model", *right, right=right)
    for one in record.models:
        made.add_row(
            one.model,
            *(short_nmr(amount) for amount in (one.stake_nmr, one.at_risk_nmr)),
            *(
                short_nmr(amount, signed=True)
                for amount in (one.pending_nmr, one.settled_nmr, one.burned_nmr)
            ),
        )
    parts: list[RenderableType] = [Fitting(made, "burned", "settled"), Text()]
    rows = [row for row in record.rows if row.state == "pending"]
    if rows:
        figures = ("at risk", "of stake", "pending")
        rounds = table("round", "model", *figures, "resolves on", right=("round", *figures))
        for row in sorted(rows, key=lambda row: (-row.round_number, row.model)):
            rounds.add_row(
                str(row.round_number),
                row.model,
                short_nmr(row.at_risk_nmr),
                ABSENT if row.share is None else percent(row.share),
                short_nmr(row.payout_nmr, signed=True),
                ABSENT if row.date is None else row.date.isoformat(),
            )
        parts += [Fitting(rounds, "of stake", "pending"), Text()]
    parts += [Prose(note, "dim") for note in record.notes]
    return Group(*parts, as_of_line(record.as_of, offline=record.offline))
