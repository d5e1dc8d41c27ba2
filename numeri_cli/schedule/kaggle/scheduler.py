"""Kaggle as a scheduler: the one cell of a notebook that is started every day or week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from numeri_cli.schedule.hosted_start import DIGESTS, HOW_A_RELEASE_IS_MADE, KEY_NAMES, title
from numeri_cli.schedule.job import Job, Layout, Schedule, ScheduleFile, ScheduleStatus

FILE = "numeri-cell.py"
_HOURS = 10  # a session may last twelve


@dataclass(frozen=True, slots=True)
class KaggleScheduler:
    """Shows a cell; it is pasted into a notebook by hand."""

    name: ClassVar[str] = "kaggle"

    def lay_out(self, job: Job) -> Layout:
        """The cell. Kaggle lets nobody choose the minute, so that it waits for hours."""
        return Layout(
            files=(ScheduleFile(FILE, "\n".join(_cell(job)) + "\n"),),
            advice="paste it as the only cell of a private notebook with internet switched on, and"
            f" schedule that {'daily' if job.cadence == 'daily' else 'weekly, on Saturday'}",
            notes=(
                HOW_A_RELEASE_IS_MADE,
                (
                    f"put numeri.toml and the files of the release into a private dataset called"
                    f" numeri, add it to the notebook, paste the lines of {DIGESTS} into the cell"
                ),
                (
                    "the keys, which the cell only names: Add-ons > Secrets,"
                    f" {' and '.join(KEY_NAMES)}, attached to the notebook"
                ),
                "what it costs: nothing; a session without a GPU may last twelve hours",
                (
                    f"Kaggle promises no minute of the day: the cell waits up to {_HOURS} hours for"
                    " the round, so that any start from 02:00 UTC on meets it; a later one only"
                    " Saturday's round, which is open until Sunday 14:00"
                ),
                (
                    "nothing is kept from one session to the next, so that the live file is brought"
                    " anew; where a start fails Kaggle marks the version as failed, and [notify] in"
                    " the profile tells you"
                ),
            ),
            moments=(),
            elsewhere=True,
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the cell belongs; nobody looks whether it is there."""
        where = "a private notebook"
        return ScheduleStatus(schedule=schedule, state="unknown", where=where)


def _cell(job: Job) -> list[str]:
    named = f", {'--tournament'!r}, {job.tournament!r}" if job.tournament else ""
    return [
        f"# {title(job, 'kaggle')}",
        "import hashlib",
        "import os",
        "import pathlib",
        "import subprocess",
        "import sys",
        "",
        "from kaggle_secrets import UserSecretsClient",
        "",
        f"# the lines of {DIGESTS}: a digest and a name each",
        'DIGESTS = """',
        *job.release.splitlines(),
        '"""',
        'GIVEN = pathlib.Path("/kaggle/input/numeri")',
        'PLACE = pathlib.Path("/tmp/numeri")  # not the notebook\'s output, which is kept',
        f"KEYS = {KEY_NAMES!r}",
        "",
        "files = []",
        "for line in DIGESTS.split('\\n'):",
        "    digest, _, name = line.partition(' ')",
        "    if digest:",
        "        files.append(GIVEN / name.strip())",
        "        if hashlib.sha256(files[-1].read_bytes()).hexdigest() != digest:",
        '            raise SystemExit(f"{files[-1].name} is not what its digest says")',
        'wheels = [str(file) for file in files if file.suffix == ".whl"]',
        "if not wheels:",
        f'    raise SystemExit("paste the lines of {DIGESTS} between the quotes of DIGESTS")',
        'subprocess.run([sys.executable, "-m", "venv", PLACE / "venv"], check=True)',
        'pip = [PLACE / "venv" / "bin" / "pip", "install", "--quiet"]',
        "subprocess.run([*pip, *wheels], check=True)",
        "keys = {key: UserSecretsClient().get_secret(key) for key in KEYS}",
        'environment = {**os.environ, "NUMERI_HOME": str(PLACE / "home"), **keys}',
        "",
        "",
        "def numeri(*words):",
        '    program = PLACE / "venv" / "bin" / "numeri"',
        '    profile = ("--profile", GIVEN / "numeri.toml")',
        f"    words = (*words, *profile{named})",
        "    return subprocess.run([program, *words], env=environment).returncode",
        "",
        "",
        "for file in files:",
        '    if file.suffix == ".numeri":',
        '        if numeri("models", "import", file):',
        '            raise SystemExit(f"{file.name} could not be imported")',
        f'if code := numeri("run", "--wait", "{_HOURS}h"):',
        '    raise SystemExit(f"the run ended with exit code {code}")',
    ]
