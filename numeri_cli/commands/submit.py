"""numeri submit: models or files into the round; replacing what is there is its business."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.account import only_run, slot_of, slots
from numeri_cli.commands.artifacts import found_model
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_live
from numeri_cli.commands.guard import RoundFacts, let_through, round_facts
from numeri_cli.commands.round import Waiting, newest_round, open_round
from numeri_cli.commands.run.entry import (
    RoundEntry,
    checked_entry,
    outcome_of,
    predicted_entry,
    send,
)
from numeri_cli.commands.run.outcomes import ModelOutcome, RunResult
from numeri_cli.commands.submission.delivery import Destination
from numeri_cli.commands.submission.holdings import holdings
from numeri_cli.commands.submission.submitter import Submitted, Submitter
from numeri_cli.commands.words import is_file_name, source_of
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import FileMissing, NumeriError, SubmissionStands, UsageProblem
from numeri_cli.files import disk_errors
from numeri_cli.model_spec import parts_of
from numeri_cli.notify.message import GuardFinding
from numeri_cli.records import LatestSubmission, ModelSlot, Round


@dataclass(frozen=True)
class _Source:
    """What goes in for one model: a file, or what the model predicts.

    artifact: of the model, by its id; None for the one that the profile means
    """

    model: str
    file: Path | None
    artifact: str | None = None


@dataclass(frozen=True)
class _Entered:
    """A file for a round, what the guard says of it and the submission that it replaces."""

    entry: RoundEntry
    findings: tuple[GuardFinding, ...] = ()
    replaces: str | None = None

    def told(self, outcome: ModelOutcome) -> ModelOutcome:
        """The outcome with both."""
        findings = outcome.findings or self.findings
        return replace(outcome, findings=findings, replaces=self.replaces)


@dataclass(frozen=True, kw_only=True)
class _Errand:
    """The round that sources go into, and all that is asked once for them.

    facts: None where no model predicts; accepted: by model, empty where no file is to be sent
    """

    context: Context
    round_: Round
    live: Path
    slots: Mapping[str, ModelSlot]
    facts: RoundFacts | None
    accepted: Mapping[str, LatestSubmission]
    late: bool
    dry_run: bool
    agreed: Callable[[str], bool]

    def entry(self, source: _Source) -> _Entered:
        """The file of a source and what is to be said of it. Raises what keeps it from going in."""
        slot = slot_of(self.slots, source.model)
        if source.file is not None:
            entry = RoundEntry(slot, source.file)
            return _Entered(entry, replaces=self._replaced(entry))
        model = found_model(self.context, source.model, artifact_id=source.artifact)
        findings = let_through(model, self.facts) if self.facts else ()
        entry = predicted_entry(model, slot, live=self.live, round_=self.round_)
        return _Entered(entry, findings=findings)

    def send_alone(self, source: _Source) -> ModelOutcome:
        """Send one file and wait for its proof. Raises what went wrong."""
        entered = self.entry(source)
        return entered.told(
            send(
                self.context,
                entered.entry,
                self.round_,
                live=self.live,
                late=self.late,
                dry_run=self.dry_run,
            )
        )

    def send_all(self, sources: Sequence[_Source]) -> list[ModelOutcome]:
        """Send several: each is uploaded while the next predicts, and none waits for a verdict."""
        destination = Destination(
            client=self.context.client,
            ledger=self.context.ledger,
            tournament=self.context.tournament,
            round_=self.round_,
            listener=self.context.listener,
            late=self.late,
            replace=True,
        )
        live_ids = [str(one) for one in DataFile.open(self.live).ids()]
        found: dict[str, ModelOutcome] = {}
        handed: list[tuple[_Entered, Submitted]] = []
        with Submitter(destination, several=True) as submitter:
            for source in sources:
                try:
                    entered = self.entry(source)
                    entry, checked = checked_entry(self.context, entered.entry, live_ids)
                    submitted = submitter.send(entry.model, checked)
                    handed.append((replace(entered, entry=entry), submitted))
                except NumeriError as error:
                    found[source.model] = ModelOutcome.failed(source.model, self.round_, error)
            submitter.settle()
            for entered, submitted in handed:
                verdict = submitter.verdict(submitted)
                if isinstance(verdict, NumeriError):
                    outcome = ModelOutcome.failed(submitted.model, self.round_, verdict)
                else:
                    outcome = outcome_of(entered.entry, self.round_, verdict)
                found[submitted.model] = entered.told(outcome)
        return [found[source.model] for source in sources]

    def check_all(self, sources: Sequence[_Source]) -> list[ModelOutcome]:
        """Do everything but upload."""
        outcomes = []
        for source in sources:
            try:
                outcome = self.send_alone(source)
            except NumeriError as error:
                outcome = ModelOutcome.failed(source.model, self.round_, error)
            outcomes.append(outcome)
        return outcomes

    def _replaced(self, entry: RoundEntry) -> str | None:
        """The id of the accepted submission that a file takes the place of; None for none.

        Raises SubmissionStands where it is not to be replaced, and before anybody is asked what
        is wrong with the file.
        """
        name, file = entry.model.name, entry.file
        held = self.accepted.get(name)
        if held is None or self.dry_run or self._is_that(held, file):
            return None
        checked_entry(self.context, entry, [str(one) for one in DataFile.open(self.live).ids()])
        made = f", made {held.time:%a %H:%M} UTC" if held.time else ""
        told = f"{name} has submission {held.id} accepted in round {self.round_.number}{made}"
        if not self.agreed(f"{told}. Replace it with {file}?"):
            raise SubmissionStands(
                f"{told}; it was not replaced", hint=f"--replace sends {file} in its place"
            )
        return held.id

    def _is_that(self, held: LatestSubmission, file: Path) -> bool:
        """Whether the file is what was accepted, so that nothing is replaced."""
        from hashlib import sha256

        receipts = self.context.ledger.receipts(self.context.tournament, model=held.model)
        known = {one.server_id: one.prediction_digest for one in receipts}
        with disk_errors(file):
            return known.get(held.id or "") == sha256(file.read_bytes()).hexdigest()


def submit(
    context: Context,
    sources: Sequence[str] = (),
    *,
    model: str | None = None,
    artifact: str | None = None,
    late: bool = False,
    dry_run: bool = False,
    agreed: Callable[[str], bool] = lambda question: False,
) -> RunResult:
    """Submit models of the profile or prediction files; one's failure does not stop the others.

    sources: all models where none is named; model: whom a prediction file is for
    artifact: the id of the one that the model predicts with
    agreed: is asked a question before a file replaces what is accepted
    Raises what concerns all alike: UsageProblem, KeysMissing, LockHeld, NoRoundOpen, RoundClosed,
    no server; and, where just one is asked for, its own error.
    """
    context.require_keys()
    meant = _meant(context, sources, model=model, artifact=artifact)
    with only_run(context):
        round_ = newest_round(context.client) if late else open_round(context, Waiting())
        context.ledger.see_round(context.tournament, round_, time=context.client.now())
        files = [one.file for one in meant if one.file is not None]
        errand = _Errand(
            context=context,
            round_=round_,
            slots=slots(context),
            live=bring_live(context, round_),
            facts=round_facts(context, round_) if len(files) < len(meant) else None,
            accepted=_accepted(context, round_) if files else {},
            late=late,
            dry_run=dry_run,
            agreed=agreed,
        )
        if len(meant) == 1:
            outcomes = [errand.send_alone(meant[0])]
        else:
            outcomes = errand.check_all(meant) if dry_run else errand.send_all(meant)
    return RunResult(
        context.tournament,
        round_.number,
        round_.deadline,
        tuple(outcomes),
        ledger=context.ledger_notice,
    )


def _accepted(context: Context, round_: Round) -> Mapping[str, LatestSubmission]:
    """By model, what counts for this round; what was carried over to it may be replaced unasked."""
    held = holdings(context.client, context.ledger, tournament=context.tournament, round_=round_)
    return {name: one.row for name, one in held.items() if one.state == "accepted"}


def _meant(
    context: Context, words: Sequence[str], *, model: str | None, artifact: str | None
) -> list[_Source]:
    """What the words on the command line stand for; an option that does not apply is refused."""
    found: list[tuple[str, Path | None]]
    if _needs_no_profile(context, words):
        found = [(_required(model), Path(word)) for word in words]
    else:
        asked = words or list(context.profile.models)
        found = [source_of(context, word, model=model) for word in asked]
    files = [file for _, file in found if file is not None]
    for file in files:
        if not file.is_file():
            raise FileMissing(f"there is no file {file}", hint="`numeri predict` writes one")
    if model is not None and not files:
        raise UsageProblem(
            "--model says whom a prediction file is for, and none is named",
            hint="a model goes in under its own name: leave --model out",
        )
    if artifact is not None and (files or len(found) != 1):
        raise UsageProblem(
            "--artifact says what one model predicts with, and "
            + ("a file needs none" if files else f"{len(found)} models are meant"),
            hint="name one model beside it, and no file",
        )
    for name, count in Counter(name for name, _ in found).items():
        if count > 1:
            raise UsageProblem(
                f"{count} of the words are for {name}, and one submission counts",
                hint="name one of them; --model says whom a file is for",
            )
    found.sort(key=lambda one: one[1] is None and bool(parts_of(context.profile.models, one[0])))
    return [_Source(name, file, artifact) for name, file in found]


def _needs_no_profile(context: Context, words: Sequence[str]) -> bool:
    """Whether there is none, and nothing but files is meant."""
    if context.profile_path is not None or context.uses_starter or not words:
        return False
    return all(is_file_name(word) or Path(word).is_file() for word in words)


def _required(model: str | None) -> str:
    """Whom a file is for, where no profile says it. Raises UsageProblem."""
    if model is None:
        raise UsageProblem(
            "there is no profile that says whom the file is for",
            hint="say it: --model and the model's name on the server",
        )
    return model
