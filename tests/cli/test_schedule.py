"""The schedule as a person sees it: lines that paste, and a run that such a line starts."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from numeri_cli.practice.server.server import listening
from tests.support.closed_rounds import close_round
from tests.support.examined import crontab
from tests.support.runner import PROFILE, Numeri
from tests.support.tournaments import fresh_tournament

__all__ = ["crontab"]

FIELDS = r"[\d,]+ [\d,]+ \* \* [\d,-]+"


@pytest.mark.parametrize("cadence", ["--daily", "--weekly"])
def test_show_pastes_from_a_pipe_at_sixty_columns(
    numeri_process: Numeri, profile: Path, cadence: str
) -> None:
    words = ("schedule", "show", cadence, "--system", "cron")
    said = numeri_process(*words, COLUMNS="60")
    assert said.code == 0
    planned = numeri_process(*words, "--json").data["schedule"]["lines"]
    shown = said.out.splitlines()
    assert shown[: len(planned)] == planned
    for line in shown:
        if line.startswith("#"):
            continue
        found = re.fullmatch(rf"{FIELDS} (.+)", line)
        assert found, line
        assert len(line) > 60
        subprocess.run(["/bin/sh", "-n", "-c", found[1]], check=True)


def test_show_of_systemd_pastes_from_a_pipe_at_sixty_columns(
    numeri_process: Numeri, profile: Path
) -> None:
    words = ("schedule", "show", "--system", "systemd")
    said = numeri_process(*words, COLUMNS="60")
    for unit in numeri_process(*words, "--json").data["schedule"]["units"]:
        assert unit["text"] in said.out


def test_without_a_system_it_says_which_it_takes_and_why(
    numeri_process: Numeri, profile: Path, tmp_path: Path
) -> None:
    """No crontab is on this PATH, but a systemctl."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "systemctl").write_text("#!/bin/sh\nexit 0\n")
    (programs / "systemctl").chmod(0o755)
    said = numeri_process("schedule", "show", PATH=str(programs))
    assert "[Timer]" in said.out
    assert "systemd was chosen: there is no `crontab` on this machine" in said.out
    (programs / "crontab").write_text("#!/bin/sh\necho no crontab for you >&2\nexit 1\n")
    (programs / "crontab").chmod(0o755)
    said = numeri_process("schedule", "show", PATH=f"{programs}:/usr/bin:/bin")
    assert "cron was chosen, which works on this machine" in said.out
    assert "--wait 50m" in said.out


def test_for_practice_it_says_that_its_clock_stands_still(numeri: Numeri, profile: Path) -> None:
    words = ("schedule", "show", "--system", "cron")
    assert "the clock of practice stands still" in numeri(*words).out
    assert "stands still" not in numeri(*words, "--tournament", "numerai").out


def test_the_schedule_of_a_profile_that_is_gone_is_removed_by_its_name(
    numeri: Numeri, profile: Path, crontab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = profile.absolute()
    assert numeri("schedule", "install", "--system", "cron").code == 0
    profile.unlink()
    monkeypatch.chdir(tmp_path)
    said = numeri("schedule", "remove")
    assert said.code == 1
    assert "numeri schedule remove --profile FILE" in said.err
    said = numeri("schedule", "remove", "--profile", place)
    assert said.code == 0
    assert said.out.startswith("removed from")


@pytest.mark.waits
def test_a_daily_line_catches_a_round_that_opens_fifty_minutes_late(
    tmp_path: Path, home: Path, numeri: Numeri, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts while no round is open; the running clock comes to the opening as it waits."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = tmp_path / "served" / "data" / "practice"
    tournament = fresh_tournament(root)
    Path("numeri.toml").write_text(PROFILE.replace('tournament = "practice"\n', ""))
    public_id, secret = tournament.participant_keys()
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    monkeypatch.setenv("NUMERI_API_URL", f"http://127.0.0.1:{port}")
    with listening(tournament, port=port):
        assert numeri("train").code == 0
    close_round(tmp_path / "served")
    opens = tournament.status().opens_at + timedelta(days=7)
    with tournament.running(100_000.0):
        while tournament.now() < opens - timedelta(hours=2):
            time.sleep(0.005)
    planned = numeri("schedule", "show", "--daily", "--system", "cron", "--json").data["schedule"]
    _, *lines = planned["lines"]
    command = re.sub(rf"^{FIELDS} ", "", lines[0]).replace(r"\%", "%")
    assert "--wait 25m" in command
    Path(planned["log"]).parent.mkdir(parents=True, exist_ok=True)
    before = tournament.now()
    assert before < opens
    speed = max(1.0, (opens - before).total_seconds() / 10)  # ten seconds until it opens
    with listening(tournament, clock=f"running:{speed:.0f}", port=port):
        done = subprocess.run(["/bin/sh", "-c", command], env=os.environ, timeout=240, check=False)
        assert done.returncode == 0, Path(planned["log"]).read_text()
        assert numeri("status").code == 0
    said = Path(planned["log"]).read_text()
    assert "no round is open yet: waiting" in said
    assert "accepted, on-time" in said
