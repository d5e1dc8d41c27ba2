"""A search that several processes carry on at once, and any of which may be killed."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numeri_cli.errors import FileDamaged, LockHeld
from numeri_cli.locks import awaited_lock, held_lock
from numeri_cli.search.journal import open_journal
from numeri_cli.search.library import (
    FrozenTrial,
    OptunaState,
    PedAnovaImportanceEvaluator,
    TPESampler,
    Trial,
    get_param_importances,
    optuna,
)
from numeri_cli.search.trial_facts import TrialFacts, TrialState, falls_behind
from numeri_cli.search_space import ALWAYS_FRACTIONS, Dimension, label

_WORKER, _WINDOWS, _NOTE = "worker", "windows", "note"
_STATES: Mapping[OptunaState, TrialState] = {
    OptunaState.RUNNING: "running",
    OptunaState.COMPLETE: "done",
    OptunaState.PRUNED: "pruned",
    OptunaState.FAIL: "failed",
}
_KILLED = "its process ended before it was done"
_LEAST_TRIALS = 20  # before a parameter's importance means anything
_BEST_SHARE = 0.25  # of the trials, that a parameter's importance is told from
_PLACES = 4  # significant digits of what is tried


@dataclass(frozen=True)
class OngoingTrial:
    """A trial of this process.

    number: in the search; values: what it tries, by the names of the space
    """

    number: int
    values: Mapping[str, Any]


class Search:
    """One study in one journal; every process that opens it takes part.

    space: what is varied; aims: how many figures each trial has, more of each being better
    Raises FileDamaged where the journal cannot be read, LocksUnsupported, DiskError.
    """

    def __init__(
        self, path: Path, *, space: Mapping[str, Dimension], aims: int, seed: int | None
    ) -> None:
        self.path, self._space = path, space
        self._workers = path.with_suffix(".workers")
        self._worker = secrets.token_hex(6)
        self._trials: dict[int, Trial] = {}
        with self._turn():
            try:
                self._study = optuna.create_study(
                    study_name=path.stem,
                    storage=open_journal(path),
                    directions=["maximize"] * aims,
                    load_if_exists=True,
                )
                count = len(self._study.get_trials(deepcopy=False))
            except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
                raise FileDamaged(
                    f"the journal {path} is damaged: {' '.join(str(error).split())[:80]}",
                    hint="move it away: the search begins anew; its trials are in the ledger",
                ) from error
        # a process that joins later, or resumes, draws other values than those before it
        self._study.sampler = TPESampler(seed=None if seed is None else (seed + 7919 * count))

    def _turn(self) -> Any:
        """Held while what is asked of the journal and what is written must fit together."""
        return awaited_lock(self.path.with_suffix(".turn.lock"), what="a search")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Take part: while the block runs, the others know that trials of this process go on."""
        place = self._workers / f"{self._worker}.lock"
        with held_lock(place, what="a search"):
            try:
                yield
            finally:
                place.unlink(missing_ok=True)

    def ask(self, wanted: int) -> OngoingTrial | None:
        """The next trial of this process; None where as many as are wanted are done or going on.

        wanted: finished trials in the whole search, pruned ones included
        """
        with self._turn(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a step that does not divide its range
            self._end_orphans()
            trials = self._study.get_trials(deepcopy=False)
            if sum(one.state != OptunaState.FAIL for one in trials) >= wanted:
                return None
            trial = self._study.ask()
            trial.set_user_attr(_WORKER, self._worker)
            for name, dimension in self._space.items():
                _suggest(trial, name, dimension)
            self._trials[trial.number] = trial
        return OngoingTrial(trial.number, self._tried(trial.params, labels=False))

    def report(self, trial: OngoingTrial, windows: Sequence[Sequence[float]]) -> bool:
        """Write down the figures so far; whether the trial is to be given up.

        windows: after each window the figure of each aim
        """
        held = self._trials[trial.number]
        held.set_user_attr(_WINDOWS, [list(one) for one in windows])
        if len(self._study.directions) == 1:
            held.report(windows[-1][0], step=len(windows))
        return falls_behind(windows, self.trials())

    def done(self, trial: OngoingTrial, figures: Sequence[float]) -> None:
        """The trial has these figures."""
        self._study.tell(trial.number, list(figures), skip_if_finished=True)

    def pruned(self, trial: OngoingTrial) -> None:
        """The trial was given up after its last window."""
        self._study.tell(trial.number, state=OptunaState.PRUNED, skip_if_finished=True)

    def failed(self, trial: OngoingTrial, why: str) -> None:
        """The trial has no figures."""
        self._trials[trial.number].set_user_attr(_NOTE, why)
        self._study.tell(trial.number, state=OptunaState.FAIL, skip_if_finished=True)

    def trials(self) -> tuple[TrialFacts, ...]:
        """All trials of all processes, in the order in which they began."""
        return tuple(map(self._facts, self._study.get_trials(deepcopy=False)))

    def end_orphans(self) -> None:
        """Trials whose process was killed are failed ones from here on."""
        with self._turn():
            self._end_orphans()

    def note(self, name: str, value: object) -> None:
        """Keep something of the whole search beside its trials."""
        self._study.set_user_attr(name, value)

    def noted(self, name: str) -> Any:
        """What was kept under a name; None where nothing was."""
        return self._study.user_attrs.get(name)

    @contextmanager
    def alone(self, work: str) -> Iterator[bool]:
        """Whether no other process does this work now; held for as long as the block runs."""
        try:
            held = held_lock(self.path.with_suffix(f".{work}.lock"), what=f"the {work} of a search")
            held.__enter__()
        except LockHeld:
            yield False
            return
        try:
            yield True
        finally:
            held.__exit__(None, None, None)

    def importances(self, aim: int) -> dict[str, float]:
        """How much each parameter decides whether a trial is among the best; they sum to 1.

        Empty for too few trials. source: PED-ANOVA, Watanabe et al. 2023
        """
        done = [one for one in self.trials() if one.state == "done"]
        if len(done) < _LEAST_TRIALS or len(self._space) < 2:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_param_importances(
                self._study,
                evaluator=PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE),
                target=lambda trial: -trial.values[aim],  # of which less is better to it
            )
        return {name: float(share) for name, share in found.items()}

    def _end_orphans(self) -> None:
        for trial in self._study.get_trials(deepcopy=False, states=(OptunaState.RUNNING,)):
            worker = str(trial.user_attrs.get(_WORKER, ""))
            if worker != self._worker and not self._is_at_work(worker):
                self._study.tell(trial.number, state=OptunaState.FAIL, skip_if_finished=True)

    def is_worker(self, name: str) -> bool:
        """Whether a process of this name takes part at this moment."""
        return name == self._worker or self._is_at_work(name)

    @property
    def worker(self) -> str:
        """What this process is called in the search."""
        return self._worker

    def _is_at_work(self, worker: str) -> bool:
        place = self._workers / f"{worker}.lock"
        if not worker or not place.exists():
            return False
        try:
            with held_lock(place, what="a search"):
                place.unlink(missing_ok=True)
        except LockHeld:
            return True
        return False

    def _facts(self, trial: FrozenTrial) -> TrialFacts:
        state = _STATES.get(trial.state, "running")
        seconds = trial.duration.total_seconds() if trial.duration else None
        began = trial.datetime_start or datetime.now()  # noqa: DTZ005 - Optuna's own are local
        note = trial.user_attrs.get(_NOTE, _KILLED if state == "failed" else "")
        return TrialFacts(
            number=trial.number,
            state=state,
            values=self._tried(trial.params, labels=True),
            figures=tuple(trial.values or ()) if state == "done" else (),
            windows=tuple(tuple(one) for one in trial.user_attrs.get(_WINDOWS, ())),
            began=began.astimezone(UTC),
            seconds=seconds,
            note=str(note),
        )

    def _tried(self, params: Mapping[str, Any], *, labels: bool) -> dict[str, Any]:
        """Values by name; labels: those of a choice as one word, not as the profile has them."""
        return {
            name: as_tried(dimension, params[name], labels=labels)
            for name, dimension in self._space.items()
            if name in params
        }


def as_tried(dimension: Dimension, value: Any, *, labels: bool) -> Any:
    """A value of the library as it is tried: fractions with four digits, inside their bounds."""
    if dimension.choice is not None:
        return value if labels else dimension.meant(value)
    if isinstance(value, float):
        low, high = dimension.bounds
        return min(max(float(f"{value:.{_PLACES}g}"), float(low)), float(high))
    return value


def _suggest(trial: Trial, name: str, dimension: Dimension) -> None:
    if dimension.choice is not None:
        trial.suggest_categorical(name, [label(one) for one in dimension.choice])
        return
    low, high = dimension.bounds
    is_log = dimension.log is not None
    if dimension.is_whole and name not in ALWAYS_FRACTIONS:
        trial.suggest_int(name, int(low), int(high), step=int(dimension.step or 1), log=is_log)
    else:
        trial.suggest_float(name, float(low), float(high), step=dimension.step, log=is_log)
