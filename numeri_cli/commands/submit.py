"""numeri submit: models or files into the round; replacing what is there is its business."""

from __future__ import annotations

from collections.abc import Sequence

from numeri_cli.commands.account import only_run, slot_of, slots
from numeri_cli.commands.artifacts import open_model
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_live
from numeri_cli.commands.round import Waiting, newest_round, open_round
from numeri_cli.commands.run.entry import RoundEntry, predicted_entry, send
from numeri_cli.commands.run.outcomes import ModelOutcome, RunResult
from numeri_cli.commands.words import source_of
from numeri_cli.errors import FileMissing, NumeriError


def submit(
    context: Context,
    sources: Sequence[str] = (),
    *,
    model: str | None = None,
    late: bool = False,
    dry_run: bool = False,
) -> RunResult:
    """Submit models of the profile or prediction files; one's failure does not stop the others.

    sources: all models where none is named; model: whom a prediction file is for
    Raises what concerns all alike: KeysMissing, LockHeld, NoRoundOpen, RoundClosed, no server;
    and, where just one is asked for, its own error.
    """
    context.require_keys()
    words = sources or list(context.profile.models)
    meant = [source_of(context, source, model=model) for source in words]
    for _, file in meant:
        if file is not None and not file.is_file():
            raise FileMissing(f"there is no file {file}", hint="`numeri predict` writes one")
    with only_run(context):
        round_ = newest_round(context.client) if late else open_round(context, Waiting())
        context.ledger.see_round(context.tournament, round_, time=context.client.now())
        known = slots(context)
        live = bring_live(context, round_)
        outcomes = []
        for name, file in meant:
            try:
                slot = slot_of(known, name)
                entry = (
                    RoundEntry(slot, file)
                    if file
                    else predicted_entry(open_model(context, name), slot, live=live, round_=round_)
                )
                outcome = send(context, entry, round_, live=live, late=late, dry_run=dry_run)
            except NumeriError as error:
                if len(meant) == 1:
                    raise
                outcome = ModelOutcome.failed(name, round_, error)
            outcomes.append(outcome)
    return RunResult(context.tournament, round_.number, round_.deadline, tuple(outcomes))
