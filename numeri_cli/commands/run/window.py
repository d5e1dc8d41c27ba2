"""The window belongs to submissions: models on their way at once, training and figures after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel, found_model, is_trained
from numeri_cli.commands.blends import expanded, parts_first
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_figures
from numeri_cli.commands.guard import let_through, round_facts
from numeri_cli.commands.run.entry import (
    RoundEntry,
    checked_entry,
    outcome_of,
    predicted_entry,
)
from numeri_cli.commands.run.limits import TimeLimits
from numeri_cli.commands.run.outcomes import Allowed, ModelOutcome
from numeri_cli.commands.submission.delivery import Destination, require_sendable
from numeri_cli.commands.submission.submitter import Submitted, Submitter
from numeri_cli.commands.submission.watch import Settled
from numeri_cli.commands.train import train_model
from numeri_cli.commands.validate.validate import figures
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ModelUntrained, NumeriError, SubmissionRefused, TimeIsUp
from numeri_cli.notify.message import GuardFinding
from numeri_cli.records import ModelSlot, Round

TRAINING_MARGIN_SECONDS = 2 * 3600.0
# above that a question for each model, beside the looks at what they became, would use up the
# 100 questions for submissions that the server answers in a minute
FEW_MODELS = 25


class OpenWindow:
    """Models of a run on their way into one round; one's failure does not stop the others.

    live: the round's live file
    limits: of the run's time
    count: how many models are expected
    outcomes: by model, as far as they are known
    """

    def __init__(
        self,
        context: Context,
        round_: Round,
        *,
        live: Path,
        allowed: Allowed,
        limits: TimeLimits,
        count: int,
    ) -> None:
        self._context, self._round, self._limits = context, round_, limits
        self._live, self._allowed = live, allowed
        self._live_ids = [str(value) for value in DataFile.open(live).ids()]
        self._several = count > 1
        self._destination = Destination(
            client=context.client,
            ledger=context.ledger,
            tournament=context.tournament,
            round_=round_,
            listener=context.listener,
            late=allowed.late,
            few=count <= FEW_MODELS,
        )
        self.outcomes: dict[str, ModelOutcome] = {}
        self._facts = round_facts(context, round_)
        self._findings: dict[str, tuple[GuardFinding, ...]] = {}
        self._opened: dict[str, OpenModel] = {}
        self._under_way: list[tuple[Submitted, RoundEntry]] = []
        self._untrained: list[ModelSlot] = []
        self._was_trained = False

    @property
    def untrained(self) -> Sequence[ModelSlot]:
        """Models that are kept for the end."""
        return tuple(self._untrained)

    def enter(self, slots: Sequence[ModelSlot]) -> None:
        """Send the trained ones of these models and wait until they are in."""
        by_name = {slot.name: slot for slot in slots}
        slots = [by_name[name] for name in parts_first(self._context, list(by_name))]
        trained = [slot for slot in slots if is_trained(self._context, slot.name)]
        self._untrained += [slot for slot in slots if slot not in trained]
        with Submitter(self._destination, several=self._several) as submitter:
            for slot in trained:
                self._send(submitter, slot)
            self._settle(submitter)

    def enter_untrained(self) -> None:
        """Train and send the others; one is settled while the next is trained.

        Whatever keeps one out of the round is told before it is trained.
        """
        with Submitter(self._destination, several=self._several) as submitter:
            for slot in self._untrained:
                if self._train(slot):
                    self._send(submitter, slot)
            self._settle(submitter)

    def add_figures(self) -> None:
        """Score what was submitted on the validation data, now that nothing waits for it."""
        if not self._opened:
            return
        for name in self._opened:
            findings = self._findings.get(name, ())
            self.outcomes[name] = replace(self.outcomes[name], findings=findings)
        try:
            self._bring_for_figures()
            for name, model in self._opened.items():
                if self.outcomes[name].problem is None:
                    validation = figures(model)
                    self.outcomes[name] = replace(self.outcomes[name], validation=validation)
        except TimeIsUp as up:  # everything that was sent is in
            self._context.listener.say(f"not validated: {up.overdue.message}")

    def _bring_for_figures(self) -> None:
        left = (self._round.deadline - self._context.client.now()).total_seconds()
        if self._was_trained and (left >= TRAINING_MARGIN_SECONDS):
            try:
                bring_for_figures(self._context)
            except NumeriError as error:
                self._context.listener.say(f"not validated: {error.message}")

    def _send(self, submitter: Submitter, slot: ModelSlot) -> None:
        """Predict, check, hand over; it is settled while the next is predicted."""
        try:
            require_sendable(self._destination, slot)
            model = found_model(self._context, slot.name)
            self._findings[slot.name] = let_through(model, self._facts)
            entry = predicted_entry(model, slot, live=self._live, round_=self._round)
            if self._several:
                for one in (model, *model.parts):  # the models of a fund do not fit into memory
                    one.__dict__.pop("fitted", None)
            entry, checked = checked_entry(self._context, entry, self._live_ids)
            self._opened[slot.name] = model
            if self._allowed.dry_run:
                self._context.listener.step("round_checked")
                self.outcomes[slot.name] = outcome_of(entry, self._round, None)
            else:
                handed = submitter.send(slot, checked)
                self._under_way.append((handed, entry))
        except NumeriError as error:
            self.outcomes[slot.name] = ModelOutcome.failed(slot.name, self._round, error)

    def _settle(self, submitter: Submitter) -> None:
        """Wait for the verdicts.

        Where ours stayed back for another program's submission and the server refuses that one,
        ours is sent after all.
        """
        while self._under_way:
            with self._limits.settling(self._context):
                submitter.settle()
            settled, self._under_way = self._under_way, []
            for handed, entry in settled:
                verdict = submitter.verdict(handed)
                if isinstance(verdict, SubmissionRefused) and handed.is_of_another:
                    self._context.listener.say(f"{verdict.message}; ours is sent")
                    self._send_again(submitter, entry)
                elif isinstance(verdict, Settled):
                    self.outcomes[handed.model] = outcome_of(entry, self._round, verdict)
                else:
                    failed = ModelOutcome.failed(handed.model, self._round, verdict)
                    self.outcomes[handed.model] = failed

    def _send_again(self, submitter: Submitter, entry: RoundEntry) -> None:
        """Hand over a file that stayed back."""
        try:
            entry, checked = checked_entry(self._context, entry, self._live_ids)
            self._under_way.append((submitter.send(entry.model, checked), entry))
        except NumeriError as error:
            name = entry.model.name
            self.outcomes[name] = ModelOutcome.failed(name, self._round, error)

    def _train(self, slot: ModelSlot) -> bool:
        """Train a model; whether it can be sent then."""
        name, allowed = slot.name, self._allowed
        try:
            require_sendable(self._destination, slot)
            left = (self._round.deadline - self._context.client.now()).total_seconds()
            if left < TRAINING_MARGIN_SECONDS and not allowed.train and not allowed.late:
                raise ModelUntrained(
                    f"model {name} has no artifact, and round {self._round.number} closes in "
                    f"{max(0, left) / 60:.0f} minutes",
                    hint="`numeri run --train` trains it now all the same; or `numeri train "
                    f"{name}` before the next round",
                )
            for part in expanded(self._context, [name]):
                if not is_trained(self._context, part):
                    train_model(self._context, part)
        except NumeriError as error:
            self.outcomes[name] = ModelOutcome.failed(name, self._round, error)
            return False
        self._was_trained = True
        return True
