"""A record → a table of at most 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from numeri_cli.output.formats import moment, nmr

if TYPE_CHECKING:
    from decimal import Decimal

    from numeri_cli.commands.views import Added, Removed
    from numeri_cli.practice.tournament import PracticeModel, PracticeStatus, Stake

_COLOURS = {
    "accepted": "green",
    "already accepted": "green",
    "on-time": "green",
    "checked": "cyan",
    "late": "yellow",
    "queued": "yellow",
    "none": "red",
    "refused": "red",
    "failed": "red",
}


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table of the house's look; the columns named in `right` are set flush right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def state(word: str) -> Text:
    """A state in its colour."""
    return Text(word, style=_COLOURS.get(word.partition(",")[0], ""))


def steps(commands: tuple[str, ...]) -> Text:
    """What to type next."""
    text = Text("next:")
    for command in commands:
        text.append(f"\n  {command}", style="bold")
    return text


def practice(record: PracticeStatus) -> RenderableType:
    """The clock, the round and the participant's models."""
    rows = table("model", "stake NMR", "status", "submission", right=("stake NMR",))
    for model in record.models:
        rows.add_row(model.name, _stake(model), state(model.status), model.submission_id or "–")
    verb = "open until" if record.is_open else "closed at"
    return Group(
        Text(f"it is {moment(record.now)} {record.now.year}"),
        Text(f"round {record.round_number}, {verb} {moment(record.closes_at)}"),
        rows,
        Text(f"in your wallet: {nmr(record.available_nmr)} NMR", style="dim"),
    )


def _stake(model: PracticeModel) -> str:
    """A stake, and what it comes down to where a part is on its way to the wallet."""
    if model.wanted_nmr is None:
        return _short_nmr(model.stake_nmr)
    return f"{_short_nmr(model.stake_nmr)} → {_short_nmr(model.wanted_nmr)}"


def _short_nmr(amount: Decimal) -> str:
    """An amount for a narrow column: four digits after the point, less where they are zeros."""
    return nmr(round(amount, 4) + 0)


def staked(record: Stake) -> RenderableType:
    """A stake that was changed, and what is left to stake."""
    lines = [Text(f"{record.model} has a stake of {nmr(record.stake_nmr)} NMR")]
    if record.wanted_nmr is not None:
        lines.append(
            Text(
                f"rounds that are not settled hold {nmr(record.locked_nmr)}; as they settle, what"
                f" is above {nmr(record.wanted_nmr)} goes back to your wallet"
            )
        )
    elif record.stake_nmr:
        lines.append(Text("each round it submits to risks up to a thirteenth, for 13 weeks"))
    lines.append(Text(f"in your wallet: {nmr(record.wallet_nmr)} NMR", style="dim"))
    return Group(*lines)


def added(record: Added) -> RenderableType:
    """A model of the practice account."""
    return Text(f"your practice account has a model {record.model} now")


def removed(record: Removed) -> RenderableType:
    """A practice tournament that is gone."""
    return Text(f"removed {record.folder} and what was made from it")
