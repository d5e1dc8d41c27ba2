"""What becomes of uploaded models where practice is asked to run them: the sandbox decides."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.errors import NumeriError
from numeri_cli.hosted.environments import make_environment
from numeri_cli.hosted.images import ALWAYS, PACKAGES
from numeri_cli.hosted.interpreters import find_interpreter
from numeri_cli.hosted.pickle_contents import mentions
from numeri_cli.hosted.runner import RunnerVerdict, run_once
from numeri_cli.practice.server.hosted_runs import NO_ROUND, SUCCESS, VALIDATED, HostedRun
from numeri_cli.practice.server.hosted_runs import HostedState as State

_KINDS = {"validation": ("validating", VALIDATED), "round": ("running", SUCCESS)}


class SandboxRunner:
    """A HostedRunner that runs each model in the sandbox of `numeri hosted check`, one at a time.

    bare: take this machine's packages, not the versions of Numerai's images
    """

    def __init__(self, context: Context, *, bare: bool) -> None:
        self._context, self._bare = context, bare
        self._one_at_a_time = threading.Lock()

    def states(self, run: HostedRun) -> Iterator[State]:
        """At work until the sandbox has come to an end; of diagnostics there are none."""
        if run.kind not in _KINDS:
            return
        at_work, good_end = _KINDS[run.kind]
        job = _RunOfModel(self, run)
        yield State(status=at_work)
        while (verdict := job.verdict()) is None:
            yield State(status=at_work)
        if verdict.predictions is None:
            yield State(status="failed", description=verdict.reason, log=verdict.log)
            return
        no_round = (NO_ROUND,) if run.round_number is None else ()
        predictions = verdict.predictions if run.round_number is not None else None
        yield State(status=good_end, log=(*verdict.log, *no_round), predictions=predictions)

    def tried(self, run: HostedRun) -> RunnerVerdict:
        """The sandbox's verdict; whatever else goes wrong is told in its log."""
        try:
            with self._one_at_a_time:
                return self._tried(run)
        except NumeriError as error:
            return RunnerVerdict(None, error.message, (error.message,))

    def _tried(self, run: HostedRun) -> RunnerVerdict:
        interpreter = find_interpreter(run.python, environment=os.environ)
        if interpreter is None:
            reason = f"this machine has no Python {run.python} to run it with"
            return RunnerVerdict(None, reason, (reason,))
        live = self._file(run, "live.parquet")
        if live is None:
            return RunnerVerdict(None, "there is no live data", ("there is no live data",))
        modules = {names[0]: package for package, names in PACKAGES.items()}
        wanted = [modules[name] for name in mentions(run.file, tuple(modules))]
        environment = make_environment(
            interpreter,
            [name for name in wanted if name not in ALWAYS],
            root=self._context.home.hosted / "environments",
            bare=self._bare,
            listener=self._context.listener,
        )
        benchmarks = self._file(run, "live_benchmark_models.parquet")
        return run_once(run.file, live, benchmarks, environment=environment)

    def _file(self, run: HostedRun, name: str) -> Path | None:
        path = self._context.practice.file(f"{run.data_version}/{name}")
        return path if path is not None and path.is_file() else None


class _RunOfModel:
    """A run in a thread of its own."""

    def __init__(self, runner: SandboxRunner, run: HostedRun) -> None:
        self._verdict: RunnerVerdict | None = None
        self._runner, self._run = runner, run
        self._thread = threading.Thread(target=self._work, name="hosted run", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        verdict = RunnerVerdict(None, "the run ended by itself", ())
        try:
            verdict = self._runner.tried(self._run)
        finally:
            self._verdict = verdict

    def verdict(self) -> RunnerVerdict | None:
        """What it came to; None while it is at work."""
        return self._verdict
