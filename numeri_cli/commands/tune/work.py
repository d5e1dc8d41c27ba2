"""Trial after trial, until as many as are wanted are done; several processes may be at it."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeri_cli.commands.tune.bench import Figures, TrialBench
from numeri_cli.commands.tune.candidates import candidate
from numeri_cli.errors import (
    DataError,
    ModelError,
    NumeriError,
    PredictionsError,
    PredictionsValues,
)
from numeri_cli.files import safe_name
from numeri_cli.model_spec import ModelSpec
from numeri_cli.progress import Listener, Task
from numeri_cli.search.search import OngoingTrial, Search

PROFILE = "profile"  # the search's note of how the model does as the profile has it
_LOOK_SECONDS = 0.5
_MOST_FAILURES = 3  # one after another: then it is not the trial


@dataclass(frozen=True)
class Hushed:
    """A listener that lets sentences go: of each trial they would be the same."""

    heard: Listener

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        """Open a bar."""
        return self.heard.task(label, total=total, unit=unit)

    def step(self, name: str) -> None:
        """Pass a named point of the work."""
        self.heard.step(name)

    def say(self, text: str) -> None:
        """Let a sentence go."""


class GivenUp(Exception):
    """A trial is not worth its later windows."""


@dataclass(frozen=True, kw_only=True)
class SearchWork:
    """This process's part of a search.

    folder: where predictions of the trial that is going on wait
    keep: writes down what is known of all trials
    until: of the monotonic clock, after which no trial begins; infinity where there is no limit
    """

    name: str
    spec: ModelSpec
    search: Search
    bench: TrialBench
    folder: Path
    keep: Callable[[], None]
    listener: Listener
    until: float = math.inf

    def carry_on(self, wanted: int) -> None:
        """Begin trials until so many are done in the whole search, or the time is up.

        Where others are at the last ones they are waited for: what a killed one leaves is taken on.
        Raises what the model's own training raises, and the error of three failed trials in a row.
        """
        failures = 0
        with self.listener.task("trials", total=wanted, unit="trials") as task:
            task.advance(min(wanted, self.finished()))
            while time.monotonic() < self.until:
                trial = self.search.ask(wanted)
                if trial is None:
                    if not any(one.state == "running" for one in self.search.trials()):
                        return
                    time.sleep(_LOOK_SECONDS)
                    continue
                try:
                    self._run(trial)
                except (ModelError, PredictionsError, DataError) as error:
                    failures += 1
                    self.listener.say(f"trial {trial.number} failed: {error.message}")
                    if failures >= _MOST_FAILURES:
                        raise
                else:
                    failures = 0
                    task.advance(1)

    def finished(self) -> int:
        """How many trials of the whole search are done, pruned ones included."""
        return sum(one.state in ("done", "pruned") for one in self.search.trials())

    def of_profile(self) -> Figures:
        """How the model does as the profile has it; another process that finds out is waited for.

        Raises what training and scoring raise.
        """
        while (kept := self.search.noted(PROFILE)) is None:
            if not self.walk_profile():
                time.sleep(_LOOK_SECONDS)
        return tuple(kept)

    def walk_profile(self) -> bool:
        """Walk the model as the profile has it, once in the whole search.

        returns: whether it is known now; False while another process is at it
        Raises what training and scoring raise.
        """
        with self.search.alone(PROFILE) as mine:
            if mine and self.search.noted(PROFILE) is None:
                bench = self.bench
                series = bench.walk(self.spec, bench.plan.windows, folder=self.emptied())
                figures = bench.figures(series)
                self._require_figures(figures)
                self.search.note(PROFILE, list(figures))
                shutil.rmtree(self.folder, ignore_errors=True)
        return mine

    def _require_figures(self, figures: Figures) -> None:
        for aim, figure in zip(self.bench.aims, figures, strict=True):
            if math.isnan(figure):
                raise PredictionsValues(
                    f"not one era of the search gives {self.name} a {aim.label}",
                    hint="its predictions are the same for all rows of an era: let it learn more",
                )

    def _run(self, trial: OngoingTrial) -> None:
        windows: list[Figures] = []

        def after(figures: Figures) -> None:
            windows.append(figures)
            is_last = len(windows) == len(self.bench.plan.windows)
            behind = self.search.report(trial, windows)
            self.listener.step(f"trial_{trial.number}_window_{len(windows)}")
            if behind and not is_last:
                raise GivenUp

        try:
            tried = candidate(self.name, self.spec, trial.values)
            series = self.bench.walk(
                tried, self.bench.plan.windows, folder=self.emptied(), after=after
            )
            figures = self.bench.figures(series)
            self._require_figures(figures)
            self.search.done(trial, figures)
            self._tell(trial, figures, "")
        except GivenUp:
            self.search.pruned(trial)
            self._tell(trial, windows[-1], f", given up in window {len(windows)}")
        except NumeriError as error:
            self.search.failed(trial, error.message)
            raise
        except BaseException:
            with suppress(Exception):  # else it is found to be nobody's
                self.search.failed(trial, "it was interrupted")
            raise
        finally:
            self.keep()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _tell(self, trial: OngoingTrial, figures: Figures, then: str) -> None:
        pairs = zip(self.bench.aims, figures, strict=True)
        shown = ", ".join(f"{aim.label} {figure:.4f}".replace("-", "−") for aim, figure in pairs)
        self.listener.say(f"trial {trial.number}: {shown}{then} ({values_words(trial.values)})")

    def emptied(self) -> Path:
        """The folder for predictions, empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.folder


def values_words(values: Mapping[str, Any]) -> str:
    """Such as "learning_rate 0.02, max_depth 5"."""
    return ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in values.items()
    )


def worker_folder(predictions: Path, search: Search) -> Path:
    """A folder for this process's trials; those that killed processes left are removed."""
    name = f".tune-{safe_name(search.path.stem)}-"
    for left in predictions.glob(f"{name}*"):
        if not search.is_worker(left.name.removeprefix(name)):
            shutil.rmtree(left, ignore_errors=True)
    return predictions / f"{name}{search.worker}"
