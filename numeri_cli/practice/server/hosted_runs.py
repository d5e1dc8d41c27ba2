"""What becomes of an uploaded model, step by step; the practice tournament itself runs nothing.

Whoever serves the tournament may bring a `HostedRunner`: a script of a test's, or a sandbox. Each
look at the uploaded models takes one more step of every run that has not come to its end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from numeri_cli.files import atomic_path
from numeri_cli.practice.participants import accounts, hosted_models, hosted_runs, submissions
from numeri_cli.practice.participants.hosted_models import DATA_VERSIONS, DOCKER_IMAGES, is_pickle
from numeri_cli.practice.participants.hosted_runs import (
    DIAGNOSTICS,
    ROUND,
    VALIDATION,
    RecordedRun,
    RecordedState,
)
from numeri_cli.practice.participants.refusals import Refusal
from numeri_cli.practice.participants.submissions import SubmissionOrigin
from numeri_cli.practice.rounds.state import read_state
from numeri_cli.practice.server.submitting import submit
from numeri_cli.practice.tournament import Tournament

VALIDATED, SUCCESS = "validated", "success"
ENDS = (VALIDATED, SUCCESS, "failed", "invalid", "error", "done")
NO_ROUND = "No currently open rounds!"  # the real service's words, which mean: validated


@dataclass(frozen=True, kw_only=True)
class HostedRun:
    """A run of an uploaded model.

    kind: "validation", "diagnostics" or "round"; file: the pickle, as it was uploaded
    data_version: such as "v5.3"; python: such as "3.12"
    model_name: the slot that it is for, if any; round_number: None where no round is open
    """

    id: str
    kind: str
    file: Path
    data_version: str
    python: str
    model_name: str | None
    round_number: int | None


@dataclass(frozen=True, kw_only=True)
class HostedState:
    """How far a run has come.

    status: the API's word; log: lines that were added meanwhile
    predictions: what a run for a round made, a CSV with id and prediction; it is submitted
    """

    status: str
    description: str = ""
    log: tuple[str, ...] = ()
    predictions: bytes | None = None


class HostedRunner(Protocol):
    """Decides what becomes of uploaded models."""

    def states(self, run: HostedRun) -> Iterable[HostedState]:
        """The states of a run, one for each look; the next one must be there at once.

        After the last one the run stays as it is. It may be asked again for the same run where
        the server was stopped meanwhile.
        """


class StoringRunner:
    """Runs nothing: a pickle that reads as one whole pickle is taken for validated."""

    def states(self, run: HostedRun) -> Iterable[HostedState]:
        """The end of the run, at once; there are no diagnostics."""
        if run.kind == VALIDATION:
            whole = is_pickle(run.file)
            said = (
                "the file reads as one whole pickle; practice does not run it"
                if whole
                else "_pickle.UnpicklingError: the file is no pickle, or not a whole one"
            )
            return (HostedState(status=VALIDATED if whole else "failed", log=(said,)),)
        if run.kind == DIAGNOSTICS:
            return ()
        if run.round_number is None:
            return (HostedState(status=SUCCESS, log=(NO_ROUND,)),)
        said = "practice stores uploaded models and runs none of them: nothing was submitted"
        return (HostedState(status="failed", description=said, log=(said,)),)


class HostedRuns:
    """Takes the runs of uploaded models step by step; may be used from any thread."""

    def __init__(self, tournament: Tournament, runner: HostedRunner | None = None) -> None:
        self._tournament = tournament
        self._runner = runner or StoringRunner()
        self._states: dict[str, Iterator[HostedState]] = {}
        self._lock = threading.Lock()

    def begin(
        self, *, kind: str, hosted_id: str, model_id: str | None, round_number: int | None = None
    ) -> RecordedRun:
        """Begin a run and take its first step; returns it as it is then."""
        with self._tournament.store.writing() as connection:
            run = RecordedRun(
                id=accounts.new_id(),
                kind=kind,
                hosted_id=hosted_id,
                model_id=model_id,
                round_number=round_number,
                submission_id=None,
                status="pending",
                inserted_at=self._tournament.time_of(read_state(connection)),
            )
            hosted_runs.begin(connection, run)
        with self._lock:
            self._step(run)
        return self._now(run)

    def look(self) -> None:
        """Take the next step of every run that has not come to its end."""
        with self._tournament.store.reading() as connection:
            waiting = hosted_runs.unended(connection, ends=ENDS)
        for run in waiting:
            with self._lock:
                if self._now(run).status not in ENDS:
                    self._step(run)

    def _now(self, run: RecordedRun) -> RecordedRun:
        with self._tournament.store.reading() as connection:
            return hosted_runs.run(connection, run.id) or run

    def _step(self, run: RecordedRun) -> None:
        if run.id not in self._states:
            self._states[run.id] = iter(self._runner.states(self._shown(run)))
        state = next(self._states[run.id], None)
        if state is None:
            return
        submission_id, log = None, state.log
        if state.predictions is not None and run.kind == ROUND:
            try:
                submission_id = self._submit(run, state.predictions)
            except Refusal as refusal:
                state = HostedState(status="error", description=refusal.message)
                log = (*log, refusal.message)
        with self._tournament.store.writing() as connection:
            hosted_runs.go_on(
                connection,
                run,
                state=RecordedState(
                    status=state.status,
                    description=state.description,
                    inserted_at=self._tournament.time_of(read_state(connection)),
                ),
                log=log,
                submission_id=submission_id,
            )
        if run.kind == VALIDATION and state.status == VALIDATED:
            self._diagnose(run)

    def _diagnose(self, validated: RecordedRun) -> None:
        """Diagnostics start by themselves, where the runner makes any."""
        run = RecordedRun(
            id=accounts.new_id(),
            kind=DIAGNOSTICS,
            hosted_id=validated.hosted_id,
            model_id=None,
            round_number=None,
            submission_id=None,
            status="pending",
            inserted_at=validated.inserted_at,
        )
        states = iter(self._runner.states(self._shown(run)))
        first = next(states, None)
        if first is None:
            return
        self._states[run.id] = states
        with self._tournament.store.writing() as connection:
            hosted_runs.begin(connection, run)
            moment = self._tournament.time_of(read_state(connection))
            state = RecordedState(
                status=first.status, description=first.description, inserted_at=moment
            )
            hosted_runs.go_on(connection, run, state=state, log=first.log)

    def _shown(self, run: RecordedRun) -> HostedRun:
        """The run as its runner sees it."""
        with self._tournament.store.reading() as connection:
            hosted = hosted_models.hosted_model(connection, run.hosted_id or "")
            model = accounts.model(connection, run.model_id) if run.model_id else None
        if hosted is None:
            raise Refusal("Pickle not found")
        version = next(one for one in DATA_VERSIONS if one.id == hosted.data_version_id)
        image = next(one for one in DOCKER_IMAGES if one.id == hosted.docker_image_id)
        return HostedRun(
            id=run.id,
            kind=run.kind,
            file=self._tournament.folders.hosted_model(hosted.id),
            data_version=version.name,
            python=image.detail,
            model_name=model.name if model else None,
            round_number=run.round_number,
        )

    def _submit(self, run: RecordedRun, predictions: bytes) -> str:
        """What a run made becomes a submission of its slot; its id. Raises Refusal."""
        with self._tournament.store.writing() as connection:
            model = accounts.model(connection, run.model_id or "")
            state = read_state(connection)
            moment = self._tournament.time_of(state)
            times = state.round_at(moment)
            if model is None or times is None or times.number != run.round_number:
                raise Refusal(NO_ROUND)
            upload = submissions.authorize(
                connection,
                "predictions.csv",
                kind="submission",
                suffixes=(".csv",),
                account_id=model.account_id,
                model_id=model.id,
                moment=moment,
            )
        with atomic_path(self._tournament.folders.uploads / upload.filename) as path:
            path.write_bytes(predictions)
        return submit(
            self._tournament,
            upload,
            model_id=model.id,
            times=times,
            origin=SubmissionOrigin("numerai-compute", run.id),
        )
