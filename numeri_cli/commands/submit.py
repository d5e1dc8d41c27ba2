"""numeri submit: models or files into the round; replacing what is there is its business."""

from __future__ import annotations

from collections.abc import Sequence

from numeri_cli.commands.account import (
    closed,
    only_one,
    require_on_time,
    slot_of,
    slots,
)
from numeri_cli.commands.context import Context
from numeri_cli.commands.datasets import bring_live
from numeri_cli.commands.outcomes import (
    ModelOutcome,
    RunResult,
)
from numeri_cli.commands.sources import (
    Ready,
    ready_model,
    send,
    source_of,
)
from numeri_cli.commands.status import newest_round
from numeri_cli.errors import FileMissing, NoRoundOpen, NumeriError
from numeri_cli.records import Round


def submit_sources(
    context: Context,
    sources: Sequence[str],
    *,
    account: str,
    model: str | None = None,
    late: bool = False,
    dry_run: bool = False,
) -> RunResult:
    """Submit models of the profile or prediction files; one's failure does not stop the others.

    Raises what concerns all alike: LockHeld, NoRoundOpen, RoundClosed, no server; and, where
    just one is asked for, its own error.
    """
    meant = [source_of(context, source, model=model) for source in sources]
    for _, file in meant:
        if file is not None and not file.is_file():
            raise FileMissing(f"there is no file {file}", hint="`numeri predict` writes one")
    with only_one(context, account):
        round_ = newest_round(context) if late else _open_round(context)
        require_on_time(context, round_, late=late)
        context.ledger.see_round(context.tournament, round_, time=context.client.now())
        known = slots(context)
        live = bring_live(context, round_)
        outcomes = []
        for name, file in meant:
            try:
                slot = slot_of(known, name)
                ready = Ready(slot, file) if file else ready_model(context, slot, live, round_)
                outcome = send(context, ready, round_, live=live, late=late, dry_run=dry_run)
            except NumeriError as error:
                if len(meant) == 1:
                    raise
                outcome = ModelOutcome.failed(name, round_, error)
            outcomes.append(outcome)
    return RunResult(context.tournament, round_.number, round_.deadline, tuple(outcomes))


def _open_round(context: Context) -> Round:
    try:
        return context.client.current_round()
    except NoRoundOpen as error:
        raise closed(context, error) from None
