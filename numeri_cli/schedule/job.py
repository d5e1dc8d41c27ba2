"""What a schedule is asked for, what it looks like, and how it stands beside what is installed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal, cast

from numeri_cli.published import Published
from numeri_cli.schedule.calendar import Cadence, Moment
from numeri_cli.schedule.command import ScheduledCommand

State = Literal["absent", "outdated", "current", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a scheduler is asked to start, and when.

    identity: 8 hex digits of the profile's path and NUMERI_HOME; several may be installed
    note: one line that says what made the schedule, without control characters
    cadence: whose rounds are meant; tournament: where it was named on the command line
    wait: how long a run waits for its round
    release: lines of a digest and a name each, of the files that another machine needs
    moments: the firings wanted, in UTC; zones: whose clock a scheduler without UTC may go by
    start: aware; offsets of the zones are looked at for a year from here
    """

    identity: str
    note: str
    cadence: Cadence
    tournament: str | None
    wait: timedelta
    command: ScheduledCommand
    release: str
    moments: tuple[Moment, ...]
    zones: tuple[tzinfo, ...]
    start: datetime


@dataclass(frozen=True, slots=True)
class ScheduleFile(Published):
    """A file that a scheduler reads: its name in the scheduler's folder, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a scheduler makes of a job: lines for its table or files, and a sentence of advice.

    notes: more sentences
    moments: when it fires, in UTC, where that is not as the job wants it; none where something
        else than the time of day starts the command
    elsewhere: whether the command works on another machine than this
    """

    lines: tuple[str, ...] = ()
    files: tuple[ScheduleFile, ...] = ()
    advice: str
    notes: tuple[str, ...] = ()
    moments: tuple[Moment, ...] | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Published):
    """What would be installed for one profile, and why it is so.

    system: the scheduler's name; identity: as in Job
    moments: the firings wanted, in UTC; next_firing: the first of them to come, None where
        something else than the time of day starts the run
    lines: a crontab's; units: files, such as systemd's units. A scheduler fills one of the two.
    """

    cadence: Cadence
    system: str
    identity: str
    moments: tuple[Moment, ...]
    next_firing: datetime | None
    lines: tuple[str, ...]
    units: tuple[ScheduleFile, ...]
    log: Path
    explanation: tuple[str, ...]

    @property
    def text(self) -> str:
        """What to read or paste: the lines, or every file under its name."""
        if self.lines:
            return "\n".join(self.lines) + "\n"
        return "\n".join(f"# {file.name}\n{file.text}" for file in self.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStatus(Published):
    """A schedule beside what is installed.

    where: "crontab", the folder of the files, or the words for where the files are to be put
    state: unknown where that cannot be looked at from here
    """

    schedule: Schedule
    state: State
    where: str
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledSchedule(Published):
    """What a scheduler holds for one profile."""

    system: str
    where: str
    text: str

    @property
    def cadence(self) -> Cadence | None:
        """As the note in it says; None where somebody took the note out."""
        found = re.search(r"^# numeri, (weekly|daily), ", self.text, re.MULTILINE)
        return cast("Cadence", found.group(1)) if found else None
