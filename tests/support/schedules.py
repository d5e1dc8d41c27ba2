"""A schedule with everything given that a machine would otherwise decide."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from numeri_cli.schedule.base import SCHEDULERS, plan
from numeri_cli.schedule.calendar import Cadence
from numeri_cli.schedule.job import Schedule

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


class Planner(Protocol):
    """Plans for a profile of this name in the test's folder."""

    def __call__(
        self,
        cadence: Cadence = "weekly",
        system: str = "cron",
        *,
        name: str = "numeri.toml",
        zone: str = "Europe/Berlin",
        environment: dict[str, str] | None = None,
    ) -> Schedule: ...


def planner(folder: Path) -> Planner:
    """A planner for profiles in this folder, on a Wednesday morning."""

    def planned(
        cadence: Cadence = "weekly",
        system: str = "cron",
        *,
        name: str = "numeri.toml",
        zone: str = "Europe/Berlin",
        environment: dict[str, str] | None = None,
    ) -> Schedule:
        return plan(
            cadence,
            SCHEDULERS[system],
            profile=folder / name,
            log=folder / "log" / "schedule.log",
            program=(sys.executable, "-m", "numeri_cli"),
            environment=environment or {},
            zones=[ZoneInfo(zone)],
            now=NOW,
        )

    return planned
