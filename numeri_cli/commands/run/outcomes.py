"""What became of each model in a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from numeri_cli.errors import (
    WORST_FIRST,
    ExitCode,
    GuardRefused,
    NumeriError,
    PredictionsError,
    SubmissionRefused,
    worst,
)
from numeri_cli.ledger.recovery import LedgerNotice
from numeri_cli.notify.message import GuardFinding
from numeri_cli.published import Published
from numeri_cli.records import Round, Timing

RetrainingState = Literal["started", "at work", "adopted", "kept the old", "kept aside", "failed"]
State = Literal["accepted", "already accepted", "checked", "refused", "failed"]


@dataclass(frozen=True)
class Allowed:
    """What the owner allows.

    train: train a model that has no artifact even where the window is short
    late: submit after the deadline too, scored without stake
    dry_run: do everything but upload
    """

    train: bool = False
    late: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Problem(Published):
    """An error of one model, as the JSON shows it."""

    code: str
    message: str
    hint: str
    exit_code: int

    @classmethod
    def of(cls, error: NumeriError) -> Problem:
        """The facts of an error."""
        return cls(error.code, error.message, error.hint, int(error.exit_code))


@dataclass(frozen=True)
class ValidationFigures(Published):
    """The model's score on the validation data that is here, against its own target.

    seen_in_training: how many of the eras the model knows from its training
    """

    target: str
    eras: int
    corr_mean: float
    corr_sharpe: float
    corr_drawdown: float
    seen_in_training: int


@dataclass(frozen=True)
class ModelOutcome(Published):
    """One model in one round.

    checked: everything but the upload was done (a dry run)
    findings: what the guard holds against the model that was to be submitted, and whether an
    earlier round's submission stood in its place
    replaces: the id of the accepted submission that it takes the place of
    rows, surplus: of the file: those of live ids, and those of others, which the server leaves out
    """

    model: str
    state: State
    round_number: int
    server_id: str | None = None
    timing: Timing | None = None
    selected: bool = False
    artifact: str | None = None
    predictions: Path | None = None
    rows: int | None = None
    validation: ValidationFigures | None = None
    problem: Problem | None = None
    findings: tuple[GuardFinding, ...] = ()
    replaces: str | None = None
    surplus: int = 0

    @classmethod
    def failed(cls, model: str, round_: Round, error: NumeriError) -> ModelOutcome:
        """A model that did not make it into the round, and why."""
        refused = isinstance(error, SubmissionRefused | PredictionsError | GuardRefused)
        return cls(
            model=model,
            state="refused" if refused else "failed",
            round_number=round_.number,
            problem=Problem.of(error),
            findings=error.findings if isinstance(error, GuardRefused) else (),
        )

    @property
    def exit_code(self) -> ExitCode:
        """What this model alone would end the process with."""
        return ExitCode(self.problem.exit_code) if self.problem else ExitCode.done


@dataclass(frozen=True)
class Retraining(Published):
    """What became of a retraining, or that it is under way in a process of its own.

    corr_mean: of the new artifact on the eras that neither it nor the old one has seen; NaN where
    it was not judged
    seen_in_training: how many of these eras the model knows from its training
    """

    model: str
    state: RetrainingState
    artifact: str | None
    corr_mean: float
    message: str
    seen_in_training: int = 0


@dataclass(frozen=True)
class RunResult(Published):
    """A run: every model of the profile in the open round.

    ledger: what had to be done about it; None where that was nothing
    """

    tournament: str
    round_number: int
    deadline: datetime
    models: tuple[ModelOutcome, ...]
    retrained: tuple[Retraining, ...] = ()
    next_steps: tuple[str, ...] = ()
    ledger: LedgerNotice | None = None

    @property
    def exit_code(self) -> ExitCode:
        """The worst of all models, keys before refusals before trouble."""
        return worst([model.exit_code for model in self.models])

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What kept models out of the round, each naming its model; the worst first."""
        found = [
            replace(model.problem, message=f"{model.model}: {model.problem.message}")
            for model in self.models
            if model.problem
        ]
        return tuple(sorted(found, key=lambda one: WORST_FIRST.index(ExitCode(one.exit_code))))
