"""What the account holds already, and one file that is sent and settled before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from numeri_cli.api.client import Client
from numeri_cli.commands.submission.check import CheckedPredictions
from numeri_cli.commands.submission.delivery import Destination, require_sendable
from numeri_cli.commands.submission.submitter import Submitter
from numeri_cli.errors import NumeriError, SubmissionUnconfirmed
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import LatestSubmission, ModelSlot, Receipt, Round


def already_accepted(client: Client, round_: Round) -> Mapping[str, LatestSubmission]:
    """By model, what the server has selected and not refused for this round, whoever sent it.

    Whether it was made of this round's data is another question: `holdings` asks it.
    """
    rows = {
        row.id: row
        for row in client.latest_submissions(rounds=2)
        if row.round_number == round_.number and row.status == "on-time" and row.id is not None
    }
    shown = client.submissions_by_id(list(rows))
    return {row.model: row for name, row in rows.items() if name in shown and shown[name].accepted}


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
