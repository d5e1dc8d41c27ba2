"""Units: sound for systemd, put in force whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.base import Scheduler, identify, install, remove
from numeri_cli.schedule.calendar import Cadence
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.cron.scheduler import CronScheduler
from numeri_cli.schedule.systemd.scheduler import SystemdScheduler, user_unit_folder
from tests.support.schedules import Planner

NOTHING: list[str] = []


def files(systemd: SystemdScheduler) -> list[str]:
    """Everything below the unit folder, links included."""
    if not systemd.folder.exists():
        return []
    paths = systemd.folder.rglob("*")
    return sorted(path.name for path in paths if path.is_file() or path.is_symlink())


def refuse(tmp_path: Path, *verbs: str) -> None:
    (tmp_path / "manager" / "refuse").write_text("\n".join(verbs))


def active(tmp_path: Path) -> list[str]:
    state = tmp_path / "manager" / "active"
    return state.read_text().split() if state.exists() else []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("cadence", ["weekly", "daily"])
@pytest.mark.parametrize("odd", ["plain", "two words", "100%h", "$HOME", "it's", 'a "b"', "Größe"])
def test_the_units_pass_systemds_own_verification(
    odd: str, cadence: Cadence, planned: Planner, tmp_path: Path
) -> None:
    schedule = planned(
        cadence,
        "systemd",
        name=f"{odd}.toml",
        environment={"NUMERI_HOME": f"/tmp/{odd}"},  # noqa: S108 - a name, never opened
    )
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    for unit in schedule.units:
        (tmp_path / unit.name).write_text(unit.text)
    command = ["systemd-analyze", "verify", "--user", "--man=no"]
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), "LC_ALL": "C"}
    result = subprocess.run(
        [*command, *(str(tmp_path / unit.name) for unit in schedule.units)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    complaints = [line for line in result.stderr.splitlines() if schedule.identity in line]
    assert (result.returncode, complaints) == (0, NOTHING), result.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize(
    ("sound", "broken"),
    [("OnCalendar=Sat", "OnCalendar=Samstag"), ("ExecStart=/", "ExecStart=nowhere/")],
)
def test_the_verification_finds_a_planted_mistake(
    sound: str, broken: str, planned: Planner, tmp_path: Path
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    for unit in planned(system="systemd").units:
        (tmp_path / unit.name).write_text(unit.text.replace(sound, broken))
    units = [str(tmp_path / unit.name) for unit in planned(system="systemd").units]
    result = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *units],
        capture_output=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        check=False,
    )
    assert planned().identity.encode() in result.stderr


def test_a_timer_is_installed_shown_updated_and_removed(
    systemd: SystemdScheduler, planned: Planner, tmp_path: Path
) -> None:
    weekly, daily = planned("weekly", "systemd"), planned("daily", "systemd")
    name = f"numeri-{weekly.identity}"
    assert systemd.show(weekly).state == "absent"
    assert install(weekly, systemd, keys_stored=True).changed
    assert files(systemd) == [f"{name}.service", f"{name}.timer", f"{name}.timer"]
    assert active(tmp_path) == [f"{name}.timer"]
    assert systemd.show(weekly).state == "current"
    assert systemd.show(daily).state == "outdated"
    install(daily, systemd, keys_stored=True)
    assert systemd.show(daily).state == "current"
    crontab = Crontab((str(tmp_path / "no-crontab"),))
    profile = tmp_path / "numeri.toml"
    schedulers: list[Scheduler] = [CronScheduler(crontab), systemd]
    found = systemd.installed(identify(profile, environment={}))
    assert found is not None
    assert found.system == "systemd"
    assert remove(profile, schedulers=schedulers, environment={}) == (found,)
    assert files(systemd) == NOTHING
    assert active(tmp_path) == NOTHING
    assert remove(profile, schedulers=schedulers, environment={}) == ()


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart"])
def test_a_refusal_on_the_way_in_leaves_nothing_behind(
    verb: str, systemd: SystemdScheduler, planned: Planner, tmp_path: Path
) -> None:
    refuse(tmp_path, verb)
    with pytest.raises(ScheduleError, match=verb) as caught:
        install(planned(system="systemd"), systemd, keys_stored=True)
    assert "enable-linger" in caught.value.hint
    assert "--system cron" in caught.value.hint
    assert files(systemd) == NOTHING
    assert active(tmp_path) == NOTHING


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart"])
def test_a_refusal_of_an_update_leaves_the_old_units(
    verb: str, systemd: SystemdScheduler, planned: Planner, tmp_path: Path
) -> None:
    weekly = planned("weekly", "systemd")
    install(weekly, systemd, keys_stored=True)
    refuse(tmp_path, verb)
    with pytest.raises(ScheduleError):
        install(planned("daily", "systemd"), systemd, keys_stored=True)
    assert systemd.show(weekly).state == "current"
    assert active(tmp_path) == [f"numeri-{weekly.identity}.timer"]


def test_a_refusal_on_the_way_out_removes_nothing_and_says_how_to_by_hand(
    systemd: SystemdScheduler, planned: Planner, tmp_path: Path
) -> None:
    schedule = planned(system="systemd")
    install(schedule, systemd, keys_stored=True)
    refuse(tmp_path, "disable")
    with pytest.raises(ScheduleError) as caught:
        remove(tmp_path / "numeri.toml", schedulers=[systemd], environment={})
    assert f"rm {systemd.folder}" in caught.value.hint
    assert systemd.show(schedule).state == "current"


def test_without_systemctl_nothing_is_written(planned: Planner, tmp_path: Path) -> None:
    missing = SystemdScheduler(tmp_path / "units", (str(tmp_path / "no-systemctl"),))
    with pytest.raises(ScheduleError, match="no `systemctl`") as caught:
        install(planned(system="systemd"), missing, keys_stored=True)
    assert "--system cron" in caught.value.hint
    assert not (tmp_path / "units").exists()


def test_one_system_can_be_removed_and_the_other_kept(
    systemd: SystemdScheduler, planned: Planner, tmp_path: Path, cron: type[Crontab]
) -> None:
    crontab = cron()
    install(planned(), CronScheduler(crontab), keys_stored=True)
    install(planned(system="systemd"), systemd, keys_stored=True)
    profile = tmp_path / "numeri.toml"
    removed = remove(profile, schedulers=[CronScheduler(crontab)], environment={})
    assert [entry.system for entry in removed] == ["cron"]
    assert crontab.read() is None
    assert systemd.show(planned(system="systemd")).state == "current"


def test_units_go_where_the_users_systemd_looks() -> None:
    assert user_unit_folder({"XDG_CONFIG_HOME": "/c"}) == Path("/c/systemd/user")
    assert user_unit_folder({}) == Path.home() / ".config" / "systemd" / "user"


@pytest.mark.parametrize("cadence", ["weekly", "daily"])
def test_only_0_is_success_for_the_unit(planned: Planner, cadence: Cadence) -> None:
    """A run that met another one's lock ends with 5, and systemd must count that as failed."""
    service = planned(cadence, "systemd").units[0].text
    assert "\nExecStart=/" in service  # and no "-" before it, which forgives
    assert "SuccessExitStatus" not in service
