"""The unit that keeps the webhook's listener at work: sound, and the profile's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.base import SCHEDULERS, install, remove
from numeri_cli.schedule.calendar import Cadence
from tests.support.schedules import Planner


@pytest.mark.parametrize("cadence", ["weekly", "daily"])
def test_the_unit_listens_for_the_profile_whatever_the_cadence(
    cadence: Cadence, planned: Planner, tmp_path: Path
) -> None:
    schedule = planned(cadence, "listen")
    [unit] = schedule.units
    wait = "50m" if cadence == "weekly" else "25m"
    assert (
        f"ExecStart={sys.executable} -m numeri_cli listen --profile {tmp_path}/numeri.toml"
        f" --wait {wait} --port 8017\n"
    ) in unit.text
    assert str(tmp_path / "numeri.toml") in unit.text.splitlines()[0]
    assert unit.name == f"numeri-listen-{schedule.identity}.service"
    assert (schedule.moments, schedule.next_firing) == ((), None)
    said = " ".join(schedule.explanation)
    assert f"systemctl --user enable --now {unit.name}" in said
    assert "opens Tuesday" not in said  # no time of day plays a part


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("broken", ["", "Restart=sometimes"])
def test_the_unit_passes_systemds_own_verification(
    broken: str, planned: Planner, tmp_path: Path
) -> None:
    [unit] = planned("weekly", "listen", name="two words.toml").units
    (tmp_path / "runtime").mkdir(mode=0o700)
    text = unit.text.replace("Restart=always", broken) if broken else unit.text
    (tmp_path / unit.name).write_text(text)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "runtime"), "LC_ALL": "C"},
        check=False,
    )
    complaints = [line for line in result.stderr.splitlines() if unit.name in line]
    assert bool(complaints) == bool(broken), result.stderr


def test_the_unit_belongs_where_systemd_looks_though_the_configuration_was_moved(
    planned: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    schedule = planned("weekly", "listen")
    folder = f"{tmp_path}/configuration/systemd/user"
    assert f"save it as {folder}/{schedule.units[0].name}, then" in " ".join(schedule.explanation)
    assert SCHEDULERS["listen"].show(schedule).where == folder


def test_it_is_shown_and_neither_installed_nor_looked_for(planned: Planner, tmp_path: Path) -> None:
    schedule = planned("weekly", "listen")
    status = SCHEDULERS["listen"].show(schedule)
    assert (status.state, status.where) == ("unknown", "~/.config/systemd/user")
    with pytest.raises(ScheduleError, match="cannot install a schedule in listen"):
        install(schedule, SCHEDULERS["listen"], keys_stored=True)
    listed = [SCHEDULERS["listen"]]
    assert remove(tmp_path / "numeri.toml", schedulers=listed, environment={}) == ()
