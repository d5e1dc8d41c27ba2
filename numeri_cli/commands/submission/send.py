"""One prediction file, sent and settled before anything else."""

from __future__ import annotations

from numeri_cli.api.client import Client
from numeri_cli.commands.submission.check import CheckedPredictions
from numeri_cli.commands.submission.delivery import Destination, require_sendable
from numeri_cli.commands.submission.submitter import Submitter
from numeri_cli.errors import NumeriError, SubmissionUnconfirmed
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import ModelSlot, Receipt, Round


def submit(
    client: Client,
    ledger: Ledger,
    *,
    tournament: str,
    model: ModelSlot,
    round_: Round,
    predictions: CheckedPredictions,
    late: bool = False,
    dry_run: bool = False,
    listener: Listener = SILENT,
) -> Receipt | None:
    """Upload, submit, wait until it is settled, confirm; None where it is a dry run.

    What the server holds is replaced; what an interrupted call left there, for the same bytes,
    model and round, is taken up rather than doubled. Every step is in the ledger before and after.
    Raises HostedModel, RoundClosed, NoRoundOpen, SubmissionRefused (the server's words),
    SubmissionUnconfirmed, and what the client and upload raise.
    """
    destination = Destination(
        client=client,
        ledger=ledger,
        tournament=tournament,
        round_=round_,
        listener=listener,
        late=late,
        replace=True,
    )
    if dry_run:
        require_sendable(destination, model)
        listener.step("round_checked")
        return None
    with Submitter(destination, several=False) as submitter:
        submitted = submitter.send(model, predictions)
        submitter.settle()
        verdict = submitter.verdict(submitted)
    if isinstance(verdict, NumeriError):
        raise verdict
    if verdict.receipt is None:
        raise SubmissionUnconfirmed(
            f"submission {verdict.server_id} of another program counts for {model.name}",
            hint="look at what else submits for this model; `numeri status` asks again",
        )
    return verdict.receipt
