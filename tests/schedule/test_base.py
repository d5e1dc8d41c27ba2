"""A plan tells what it does and why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.base import (
    SCHEDULERS,
    Installer,
    Scheduler,
    identify,
    install,
    plan,
    remove,
)
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.cron.scheduler import CronScheduler
from numeri_cli.schedule.job import Job, Layout, Schedule, ScheduleStatus
from numeri_cli.schedule.systemd.scheduler import SystemdScheduler
from tests.support.schedules import Planner


def test_the_plan_says_when_it_fires_next_in_utc(planned: Planner) -> None:
    assert planned("daily").next_firing == datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
    assert planned("weekly").next_firing == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_lines_have_absolute_paths_profile_wait_and_log(
    planned: Planner, tmp_path: Path
) -> None:
    for line in planned("daily").lines[1:]:
        command = line.split(" ", 5)[5]
        assert command == (
            f"{sys.executable} -m numeri_cli run --profile {tmp_path}/numeri.toml --wait 25m"
            f" >> {tmp_path}/log/schedule.log 2>&1"
        )


def test_the_explanation_names_the_zone_and_its_offsets(planned: Planner) -> None:
    said = " ".join(planned(zone="America/St_Johns").explanation)
    assert "America/St_Johns" in said
    assert "UTC-03:30, UTC-02:30" in said
    assert "UTC+05:30 all year" in " ".join(planned(zone="Asia/Kolkata").explanation)
    assert "enable-linger" in " ".join(planned(system="systemd").explanation)


def test_a_proxy_with_a_password_is_named_and_left_out(planned: Planner) -> None:
    schedule = planned(environment={"HTTPS_PROXY": "http://me:hush@proxy"})
    assert any("HTTPS_PROXY" in sentence for sentence in schedule.explanation)
    assert "hush" not in repr(schedule)


def test_the_wait_asked_for_goes_before_that_of_the_cadence(tmp_path: Path) -> None:
    schedule = plan(
        "weekly",
        SCHEDULERS["cron"],
        profile=tmp_path / "numeri.toml",
        log=tmp_path / "log",
        wait=timedelta(hours=2, minutes=5),
        environment={},
        zones=[ZoneInfo("UTC")],
    )
    assert "--wait 125m" in schedule.text


def test_an_identity_is_that_of_a_profile_and_a_home(tmp_path: Path) -> None:
    names = {
        identify(tmp_path / "a.toml", environment={}),
        identify(tmp_path / "b.toml", environment={}),
        identify(tmp_path / "a.toml", environment={"NUMERI_HOME": "/a"}),
        identify(tmp_path / "a.toml", environment={"NUMERI_HOME": "/b"}),
    }
    assert len(names) == 4
    relative = identify(Path("a.toml"), environment={"NUMERI_HOME": "here"})
    assert relative == identify(
        Path("a.toml").absolute(), environment={"NUMERI_HOME": str(Path("here").absolute())}
    )


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_the_zone_of_the_process_is_the_zone_of_the_lines(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    schedule = plan(
        "weekly", SCHEDULERS["cron"], profile=tmp_path / "numeri.toml", log=tmp_path / "log"
    )
    time.tzset()
    try:
        for month in (1, 7):
            opening = datetime(2027, month, 2 if month == 1 else 3, 12, 0, tzinfo=UTC)
            local = time.localtime(opening.timestamp())
            weekday = str((local.tm_wday + 1) % 7)
            fields = [line.split(" ") for line in schedule.lines[1:]]
            assert any(
                str(local.tm_min) in line[0].split(",")
                and str(local.tm_hour) in line[1].split(",")
                and line[4] == weekday
                for line in fields
            )
    finally:
        monkeypatch.undo()
        time.tzset()


@dataclass(frozen=True)
class Noticeboard:
    """A scheduler that can be shown to somebody, and no more."""

    name: str = "noticeboard"

    def lay_out(self, job: Job) -> Layout:
        return Layout(lines=(" ".join(job.command.words),), advice="somebody reads it aloud")

    def show(self, schedule: Schedule) -> ScheduleStatus:
        return ScheduleStatus(schedule=schedule, state="absent", where="the wall")


def test_a_scheduler_that_can_only_show_says_what_to_do_instead_of_installing(
    tmp_path: Path,
) -> None:
    board = Noticeboard()
    profile = tmp_path / "numeri.toml"
    schedule = plan(
        "daily", board, profile=profile, log=tmp_path / "log" / "run.log", environment={}
    )
    assert f"run --profile {profile}" in schedule.text
    assert "somebody reads it aloud" in schedule.explanation
    with pytest.raises(ScheduleError, match="noticeboard") as caught:
        install(schedule, board, keys_stored=True)
    assert "show --system noticeboard" in caught.value.hint
    assert not schedule.log.parent.exists()
    assert remove(profile, schedulers=[board], environment={}) == ()


def test_nothing_is_removed_where_one_of_the_schedulers_cannot_be_read(
    planned: Planner, systemd: SystemdScheduler, cron: Callable[..., Crontab], tmp_path: Path
) -> None:
    schedule = planned(system="systemd")
    install(schedule, systemd, keys_stored=True)
    half = f"# >>> numeri {schedule.identity} >>>\n".encode()
    schedulers: list[Scheduler] = [systemd, CronScheduler(cron(content=half))]
    with pytest.raises(ScheduleError, match="not whole"):
        remove(tmp_path / "numeri.toml", schedulers=schedulers, environment={})
    assert systemd.show(schedule).state == "current"


def test_every_scheduler_is_found_under_its_own_name() -> None:
    assert {"cron", "systemd"} <= set(SCHEDULERS)
    assert all(name == scheduler.name for name, scheduler in SCHEDULERS.items())


@pytest.mark.parametrize("name", ["cron", "systemd"])
def test_a_schedule_can_be_installed_in_cron_and_systemd(name: str) -> None:
    assert isinstance(SCHEDULERS[name], Installer)


def test_what_show_prints_is_published(planned: Planner, systemd: SystemdScheduler) -> None:
    shown = systemd.show(planned("daily", "systemd")).plain()
    assert list(shown) == ["schedule", "state", "where", "changed"]
    assert list(shown["schedule"]) == [
        "cadence",
        "system",
        "identity",
        "moments",
        "next_firing",
        "lines",
        "units",
        "log",
        "explanation",
    ]
    assert shown["schedule"]["moments"][0] == {"weekday": 1, "hour": 12, "minute": 0}
    assert [list(unit) for unit in shown["schedule"]["units"]] == [["name", "text"]] * 2


def test_planning_reaches_no_heavy_library() -> None:
    code = (
        "import sys, numeri_cli.schedule.base;"
        "print([m for m in ('numpy', 'pandas', 'httpx', 'rich', 'pydantic') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ
    )
    assert result.stdout.strip() == "[]"
