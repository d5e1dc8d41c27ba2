"""Crons, a systemd, and a schedule to put into them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.systemd.scheduler import SystemdScheduler
from tests.support.schedules import Planner, planner

STAND_INS = Path(__file__).parent
REAL_USERS = ("games", "nobody", "daemon", "mail")


@pytest.fixture
def planned(tmp_path: Path) -> Planner:
    return planner(tmp_path)


@pytest.fixture
def cron(tmp_path: Path) -> Callable[..., Crontab]:
    """Crons of different rules, each with a folder of its own."""

    def cron(rules: str = "debian", *, content: bytes | None = None) -> Crontab:
        folder = tmp_path / f"cron-{rules}"
        folder.mkdir(exist_ok=True)
        if content is not None:
            (folder / "crontab").write_bytes(content)
        script = str(STAND_INS / "stand_in_crontab.py")
        return Crontab((sys.executable, "-I", "-S", script, str(folder), rules))

    return cron


@pytest.fixture(params=["cron", "busybox"])
def real_cron(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crontab]:
    """This machine's own cron, with a user of it who has no crontab; or busybox's."""
    if request.param == "busybox":
        busybox = shutil.which("busybox")
        if busybox is None or "crontab" not in subprocess.check_output(
            [busybox, "--list"], text=True
        ):
            pytest.skip("no busybox with crontab is installed here")
        (tmp_path / "spool").mkdir()
        yield Crontab((busybox, "crontab", "-c", str(tmp_path / "spool")))
        return
    program = shutil.which("crontab")
    if program is None:
        pytest.skip("no crontab program is installed here")
    if os.geteuid() != 0:
        pytest.skip("only root may use another user's crontab, and yours is not for tests")
    with FileLock(Path(tempfile.gettempdir()) / "numeri-tests-crontab.lock"):
        user = next((name for name in REAL_USERS if is_free(program, name)), None)
        if user is None:
            pytest.skip(f"each of {REAL_USERS} is missing or has a crontab")
        yield Crontab((program, "-u", user))
        subprocess.run([program, "-u", user, "-r"], check=False, capture_output=True)


def is_free(program: str, user: str) -> bool:
    """Whether the user exists and has no crontab."""
    if user not in {entry.pw_name for entry in pwd.getpwall()}:
        return False
    return Crontab((program, "-u", user)).read() is None


@pytest.fixture
def systemd(tmp_path: Path) -> SystemdScheduler:
    """A systemd that remembers; its state lies in tmp_path / "manager"."""
    folder, state = tmp_path / "config" / "systemd" / "user", tmp_path / "manager"
    state.mkdir()
    script = str(STAND_INS / "stand_in_systemctl.py")
    return SystemdScheduler(folder, (sys.executable, "-I", "-S", script, str(folder), str(state)))
