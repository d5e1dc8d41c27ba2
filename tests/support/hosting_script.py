"""A script for what becomes of uploaded models at the practice tournament: a test writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from numeri_cli.practice.server.hosted_runs import HostedRun, HostedState

VALIDATED = (HostedState(status="validating"), HostedState(status="validated", log=("fine",)))
FAILED = (
    HostedState(status="validating", log=("Downloading live.parquet", "Loading the model")),
    HostedState(
        status="failed",
        description="the model raised",
        log=(
            "Traceback (most recent call last):",
            '  File "predict.py", line 12, in main',
            "ModuleNotFoundError: No module named 'my_features'",
            "exit status 1",
        ),
    ),
)
SILENT = (HostedState(status="validating"),)


@dataclass
class HostingScript:
    """The states of each kind of run; `runs` are those that were begun, in their order."""

    validation: Sequence[HostedState] = VALIDATED
    round: Sequence[HostedState] = (HostedState(status="pending"), HostedState(status="success"))
    diagnostics: Sequence[HostedState] = ()
    runs: list[HostedRun] = field(default_factory=list)

    def states(self, run: HostedRun) -> Sequence[HostedState]:
        """What the script has for a run of this kind."""
        self.runs.append(run)
        states: Sequence[HostedState] = getattr(self, run.kind)
        return states
