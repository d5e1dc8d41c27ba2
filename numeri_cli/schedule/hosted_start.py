"""What the recipes for other people's machines share: when they start, what one start does.

A machine that is new every time has neither models nor program. Both come out of a release, and
each file of it is checked against `release.sha256`, which lies beside the profile.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from datetime import timedelta

from numeri_cli.schedule.calendar import Moment, cron_times
from numeri_cli.schedule.job import Job

DIGESTS = "release.sha256"
FOLDER = "release"
KEY_NAMES = ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY")
HOW_A_RELEASE_IS_MADE = (
    "the release, once and after each training: in a folder `release`, `numeri models export MODEL`"
    " for each model and `pip wheel --no-deps PATH-TO-NUMERI`; then `(cd release && sha256sum *)"
    f" > {DIGESTS}`, which lies beside the profile"
)
_EARLIER = timedelta(minutes=7)  # full and half hours are when such machines are asked for most
_MINUTES_OF_A_START = 2  # to install the program, and to see that all is in
_WEEKS_OF_A_MONTH = 52 / 12


def early_moments(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """Each moment a few minutes earlier: the start is late by about so much, and then it waits."""
    return tuple(moment.shifted(-_EARLIER) for moment in moments)


def start_times(job: Job) -> tuple[str, ...]:
    """The five cron fields, in UTC, of as few lines as have all starts of the job."""
    return cron_times(early_moments(job.moments))


def month_of_minutes(job: Job) -> str:
    """What the starts of a month take, in words."""
    starts = round(len(job.moments) * _WEEKS_OF_A_MONTH)
    return (
        f"about {starts} starts a month, {_MINUTES_OF_A_START} minutes each where all is in, and"
        " for the first of a day the wait until the round opens and the run"
    )


def title(job: Job, system: str) -> str:
    """One line that says what a file is and what has made it."""
    return (
        f"numeri, {job.cadence}: made by `numeri schedule show --{job.cadence} --system {system}`"
    )


def bring_in_and_run(job: Job) -> tuple[str, ...]:
    """The lines of a POSIX shell that import the models and take part in the round.

    They stand where the profile lies; `numeri` is on the PATH. The last line ends the shell: with
    0 where all is in, or another start may still do it.
    """
    named = f" --tournament {shlex.quote(job.tournament)}" if job.tournament else ""
    wait = job.wait // timedelta(minutes=1)
    return (
        "while read -r _ name; do",
        '  case "$name" in',
        f'    *.numeri) numeri models import "{FOLDER}/$name"{named} ;;',
        "  esac",
        f"done < {DIGESTS}",
        "code=0",
        f"numeri run --wait {wait}m{named} || code=$?",
        *_where_no_round_is_open(job, named),
        'exit "$code"',
    )


def _where_no_round_is_open(job: Job, named: str) -> tuple[str, ...]:
    if job.cadence == "weekly":
        return (
            "# 6: no round is open yet; on Sunday it is too late to say so",
            'if [ "$code" -eq 6 ] && [ "$(date -u +%u)" -ne 7 ]; then code=0; fi',
        )
    return (
        "# 6: no round is open yet, or any longer; then what counts is where the newest one stands",
        'if [ "$code" -eq 6 ]; then',
        "  code=0",
        f"  numeri status{named} || code=$?",
        "fi",
    )


def checked_and_installed() -> tuple[str, ...]:
    """The lines of a shell that check every file of the release and install the program from it."""
    return (
        f"(cd {FOLDER} && sha256sum --check --strict ../{DIGESTS})",
        "python3 -m venv .venv",
        f".venv/bin/pip install --quiet {FOLDER}/*.whl",
    )


def indented(lines: Iterable[str], spaces: int) -> list[str]:
    """The lines, each so far to the right."""
    return [f"{' ' * spaces}{line}" if line else "" for line in lines]
