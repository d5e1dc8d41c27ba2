"""What the server lists as on time already: what of it counts, and what is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from numeri_cli.commands.context import Context
from numeri_cli.commands.run.outcomes import ModelOutcome
from numeri_cli.commands.submission.delivery import Destination, Sent
from numeri_cli.commands.submission.holdings import Holding, Holdings
from numeri_cli.commands.submission.submitter import Submitter
from numeri_cli.commands.submission.watch import Settled
from numeri_cli.errors import SubmissionRefused
from numeri_cli.notify.message import GuardFinding
from numeri_cli.records import ModelSlot, Round

FEW_LISTED = 25  # that can be asked about at once without using up what the server answers


@dataclass(frozen=True)
class HeldModels:
    """Models of which the server lists a submission as on time, by what that is worth.

    counted: by model, what counts
    needed: the server's was refused, or was made for an earlier round and carried over
    pending: by model, what is not settled yet
    findings: by model, that a submission was carried over
    """

    counted: Mapping[str, ModelOutcome]
    needed: tuple[ModelSlot, ...] = ()
    pending: Mapping[str, Holding] = field(default_factory=dict)
    findings: Mapping[str, GuardFinding] = field(default_factory=dict)

    def told(self, outcomes: Mapping[str, ModelOutcome]) -> dict[str, ModelOutcome]:
        """The outcomes, each with what was found about its model here."""
        return {
            name: replace(one, findings=(*one.findings, self.findings[name]))
            if name in self.findings
            else one
            for name, one in outcomes.items()
        }


def sort_out(
    context: Context, round_: Round, held: Holdings, slots: Sequence[ModelSlot]
) -> HeldModels:
    """Ask what these models' submissions are worth. Raises what the client and ledger raise."""
    found = held.judged([slot.name for slot in slots])
    findings = {
        name: _carried_over(name, holding)
        for name, holding in found.items()
        if holding.state == "carried over"
    }
    for name, finding in findings.items():
        context.listener.say(f"{name}: {finding.message}; it is replaced")
    counted = {
        name: unchanged(
            Settled(model=name, server_id=holding.id, timing=holding.row.status), round_
        )
        for name, holding in found.items()
        if holding.state == "accepted"
    }
    pending = {name: one for name, one in found.items() if one.state == "pending"}
    needed = tuple(x for x in slots if x.name not in counted and x.name not in pending)
    return HeldModels(counted, needed, pending, findings)


def _carried_over(name: str, holding: Holding) -> GuardFinding:
    return GuardFinding(
        model=name,
        code="carried_over",
        message=f"submission {holding.id} was made for an earlier round and carried over",
        hint="a run replaces it while the round is open; `numeri log` tells why the earlier window"
        " was missed",
        check="carried_over",
    )


def await_pending(
    context: Context, round_: Round, pending: Mapping[str, Holding]
) -> dict[str, ModelOutcome]:
    """Wait for what is not settled; a model whose submission is refused is not in the answer."""
    if not pending:
        return {}
    destination = Destination(
        client=context.client,
        ledger=context.ledger,
        tournament=context.tournament,
        round_=round_,
        listener=context.listener,
    )
    outcomes: dict[str, ModelOutcome] = {}
    with Submitter(destination, several=False) as submitter:
        watched = {
            name: submitter.watch(Sent(model=name, server_id=one.id))
            for name, one in pending.items()
        }
        submitter.settle()
        for name, submitted in watched.items():
            verdict = submitter.verdict(submitted)
            if isinstance(verdict, Settled):
                outcomes[name] = unchanged(verdict, round_)
            elif not isinstance(verdict, SubmissionRefused):
                outcomes[name] = ModelOutcome.failed(name, round_, verdict)
    return outcomes


def unchanged(settled: Settled, round_: Round) -> ModelOutcome:
    """A model whose submission in the round is not of this run, and counts."""
    return ModelOutcome(
        model=settled.model,
        state="already accepted",
        round_number=round_.number,
        server_id=settled.server_id,
        timing=settled.timing,
        selected=True,
    )
