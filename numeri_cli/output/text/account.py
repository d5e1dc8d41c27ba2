"""The account: its models, then the rounds that hold its money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import ABSENT, number, told_nmr
from numeri_cli.output.text.payouts import short_nmr
from numeri_cli.output.text.standing import as_of_line
from numeri_cli.output.text.tables import Fitting, Prose, table, unbroken

if TYPE_CHECKING:
    from numeri_cli.commands.account import AccountReport, StandingRow

CSV_COLUMNS = (
    "model", "model_id", "archived", "stake_nmr", "at_risk_nmr", "pending_nmr", "corr60_rank",
    "mmc60_rank", "return_1d", "return_3m", "return_1y",
)  # fmt: skip


def account_report(record: AccountReport) -> RenderableType:
    """Models with their money and ranks; the rounds at risk; the balance and the key's scopes."""
    right = ("stake", "at risk", "corr60", "mmc60", "year")
    made = table("model", *right, right=right)
    for one in record.models:
        made.add_row(*_cells(one))
    parts: list[RenderableType] = [
        Text(record.account, "bold"),
        Fitting(made, "year", "at risk"),
        Text(),
    ]
    if record.open_rounds:
        figures = ("round", "models", "at risk NMR")
        rounds = table(*figures, "resolves on", right=figures)
        for row in record.open_rounds:
            rounds.add_row(
                str(row.round_number),
                str(row.models),
                short_nmr(row.at_risk_nmr),
                ABSENT if row.date is None else row.date.isoformat(),
            )
        parts += [unbroken(rounds), Text()]
    balance = ABSENT if record.available_nmr is None else f"{told_nmr(record.available_nmr)} NMR"
    parts.append(Prose(f"staked {told_nmr(record.staked_nmr)} NMR, balance {balance}"))
    parts.append(Prose(f"the key may {', '.join(record.scopes) or 'do nothing'}"))
    parts.append(Prose("corr60 and mmc60: ranks; year: return on the stake", "dim"))
    return Group(*parts, as_of_line(record.as_of, offline=record.offline))


def _cells(one: StandingRow) -> tuple[str, ...]:
    year = ABSENT if one.return_1y is None else f"{number(100 * one.return_1y, 1, signed=True)}%"
    return (
        f"{one.model} (archived)" if one.archived else one.model,
        "0" if one.stake_nmr is None else short_nmr(one.stake_nmr),
        short_nmr(one.at_risk_nmr),
        ABSENT if one.corr60_rank is None else str(one.corr60_rank),
        ABSENT if one.mmc60_rank is None else str(one.mmc60_rank),
        year,
    )
