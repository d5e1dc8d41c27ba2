"""What `numeri practice` shows of the clock, the participant's models and their stakes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment, number, told_nmr
from numeri_cli.output.text.payouts import short_nmr
from numeri_cli.output.text.tables import Fitting, Prose, state, table

if TYPE_CHECKING:
    from numeri_cli.commands.practice.add_model import AddedModel
    from numeri_cli.commands.practice.advance import Advanced
    from numeri_cli.commands.practice.reset import RemovedTournament
    from numeri_cli.practice.tournament import PracticeModel, PracticeStatus, Stake


_RESOLVED_SHOWN = 40


def practice_status(record: PracticeStatus) -> RenderableType:
    """The clock, the round and the participant's models."""
    rows = table("model", "stake NMR", "status", "submission", right=("stake NMR",))
    for model in record.models:
        rows.add_row(model.name, _stake(model), state(model.status), model.submission_id or "–")
    verb = "open until" if record.is_open else "closed at"
    return Group(
        Text(f"it is {moment(record.now)} {record.now.year}"),
        Text(f"round {record.round_number}, {verb} {moment(record.closes_at)}"),
        Fitting(rows, "status", "stake NMR"),
        Text(f"in your wallet: {told_nmr(record.available_nmr)} NMR", style="dim"),
    )


def advanced(record: Advanced) -> RenderableType:
    """What resolved meanwhile and what it paid, then where everything stands."""
    status = Group(practice_status(record), *_missed(record))
    if not record.resolved_rounds:
        return status
    first, last = record.resolved_rounds[0], record.resolved_rounds[-1]
    rounds = f"round {last}" if first == last else f"rounds {first}–{last}"
    if not record.resolved:
        return Group(status, Text(f"{rounds} resolved; none of your models was in there"))
    figures = ("at risk", "NMR", "CORR60", "MMC60")
    rows = table("round", "model", *figures, right=("round", *figures))
    for one in record.resolved[-_RESOLVED_SHOWN:]:
        rows.add_row(
            str(one.round_number),
            one.model,
            told_nmr(one.at_risk_nmr),
            short_nmr(one.payout_nmr, signed=True),
            number(one.corr60, signed=True),
            number(one.mmc60, signed=True),
        )
    total = sum((one.payout_nmr for one in record.resolved), start=Decimal(0))
    verb = "paid" if total >= 0 else "burned"
    paid = Prose(f"{rounds} resolved and {verb} {told_nmr(abs(total))} NMR in all")
    return Group(status, Text(), Fitting(rows, "at risk"), paid)


def _missed(record: Advanced) -> list[Prose]:
    """The rounds that passed without any of the own models."""
    if not record.missed_rounds:
        return []
    word = "round" if len(record.missed_rounds) == 1 else "rounds"
    return [Prose(f"your models submitted nothing to {word} {_spans(record.missed_rounds)}")]


def _spans(numbers: Sequence[int]) -> str:
    """Such as "301, 303–331"; numbers rise."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def _stake(model: PracticeModel) -> str:
    """A stake, and what it comes down to where a part is on its way to the wallet."""
    if model.wanted_nmr is None:
        return told_nmr(model.stake_nmr)
    return f"{told_nmr(model.stake_nmr)} → {told_nmr(model.wanted_nmr)}"


def changed_stake(record: Stake) -> RenderableType:
    """A stake that was changed, and what is left to stake."""
    lines = [Text(f"{record.model} has a stake of {told_nmr(record.stake_nmr)} NMR")]
    if record.wanted_nmr is not None:
        lines.append(
            Text(
                f"rounds that are not settled hold {told_nmr(record.locked_nmr)}; as they settle,"
                f" what is above {told_nmr(record.wanted_nmr)} goes back to your wallet"
            )
        )
    elif record.stake_nmr:
        lines.append(Text("each round it submits to risks up to a thirteenth, for 13 weeks"))
    lines.append(Text(f"in your wallet: {told_nmr(record.wallet_nmr)} NMR", style="dim"))
    return Group(*lines)


def added_model(record: AddedModel) -> RenderableType:
    """A model of the practice account."""
    return Text(f"your practice account has a model {record.model} now")


def removed_tournament(record: RemovedTournament) -> RenderableType:
    """A practice tournament that is gone."""
    return Text(f"removed {record.folder} and what was made from it")
