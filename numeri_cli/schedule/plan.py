"""A schedule as a whole: planned, shown, installed, removed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal

from numeri_cli.errors import KeysMissing, ScheduleError
from numeri_cli.files import disk_errors
from numeri_cli.schedule.calendar import (
    Cadence,
    Moment,
    cron_times,
    following,
    local_moments,
    offsets,
    rhythm,
)
from numeri_cli.schedule.command import (
    Command,
    installed_program,
    run_command,
    withheld_variables,
)
from numeri_cli.schedule.cron.block import (
    find_block,
    insert_block,
    remove_block,
)
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.systemd.units import (
    Systemd,
    Unit,
    units,
)
from numeri_cli.schedule.zones import machine_zones

System = Literal["cron", "systemd"]
State = Literal["absent", "outdated", "current"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What would be installed for one profile, and why it is so.

    identity: 8 hex digits of the profile's path and NUMERI_HOME; several may be installed
    moments: the firings wanted, in UTC; next_firing: the first of them to come
    lines: a crontab's, empty for systemd; units: systemd's, empty for cron
    """

    cadence: Cadence
    system: System
    identity: str
    moments: tuple[Moment, ...]
    next_firing: datetime
    lines: tuple[str, ...]
    units: tuple[Unit, ...]
    log: Path
    explanation: tuple[str, ...]

    @property
    def text(self) -> str:
        """What to read or paste: crontab lines, or both unit files under their names."""
        if self.system == "cron":
            return "\n".join(self.lines) + "\n"
        return "\n".join(f"# {unit.name}\n{unit.text}" for unit in self.units)


@dataclass(frozen=True, slots=True)
class Standing:
    """A schedule beside what is installed. where: "crontab", or the folder of the units"""

    schedule: Schedule
    state: State
    where: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What is installed for one profile in one system."""

    system: System
    where: str
    text: str


def plan(
    cadence: Cadence,
    system: System,
    *,
    profile: Path,
    log: Path,
    tournament: str | None = None,
    wait: timedelta | None = None,
    program: tuple[str, ...] | None = None,
    environment: Mapping[str, str] | None = None,
    zones: Sequence[tzinfo] | None = None,
    now: datetime | None = None,
) -> Schedule:
    """Lay out a schedule; nothing is read but the machine's zone, nothing written.

    tournament: where it was named on the command line; program: absolute, then its arguments
    environment: whose NUMERI_HOME, XDG_…, proxies and such the command takes along
    zones: whose clock cron may go by; wait, program, environment, zones, now: by default what
    suits the cadence, this installation, process, machine and moment
    Raises ScheduleError for paths and addresses that a schedule cannot or must not hold.
    """
    variables = os.environ if environment is None else environment
    times = rhythm(cadence)
    command = run_command(
        profile=profile,
        tournament=tournament,
        wait=times.wait if wait is None else wait,
        log=log,
        program=program or installed_program(),
        environment=variables,
    )
    identity = identify(profile, environment=variables)
    start = now or datetime.now(UTC)
    clocks = machine_zones(variables) if zones is None else zones
    note = f"numeri, {cadence}, {profile.absolute()}: made by `numeri schedule install`"
    lines: tuple[str, ...] = ()
    made: tuple[Unit, ...] = ()
    if system == "cron":
        lines = _cron_lines(note, times.moments, command, clocks, start)
    else:
        made = units(identity=identity, note=note, command=command, moments=times.moments)
    reasons = [times.reason]
    if system == "cron":
        reasons.append(_about_clocks(clocks, start))
    else:
        reasons.append("`loginctl enable-linger` lets the timer fire while you are logged out")
    reasons += [
        f"{name} holds a password and is left out: cron and systemd need it another way"
        for name in withheld_variables(variables)
    ]
    reasons.append(f"output is added to {command.log}")
    return Schedule(
        cadence,
        system,
        identity,
        times.moments,
        following(times.moments, after=start),
        lines,
        made,
        command.log,
        tuple(reasons),
    )


def identify(profile: Path, *, environment: Mapping[str, str] | None = None) -> str:
    """The name that a profile's schedule has on this machine: 8 hex digits."""
    variables = os.environ if environment is None else environment
    home = variables.get("NUMERI_HOME", "")
    place = str(Path(home).expanduser().absolute()) if home else ""
    name = os.fsencode(f"{profile.absolute()}\0{place}")
    return hashlib.sha256(name).hexdigest()[:8]


def show(
    schedule: Schedule, *, crontab: Crontab | None = None, systemd: Systemd | None = None
) -> Standing:
    """The schedule, and whether it is installed; absent too where the system itself is.

    Raises ScheduleError where the crontab cannot be read or holds half a block of ours.
    """
    cron, manager = crontab or Crontab(), systemd or Systemd.of_user()
    if schedule.system == "systemd":
        found = manager.read(schedule.identity)
        state: State = "current" if found == schedule.units else "outdated" if found else "absent"
        return Standing(schedule, state, str(manager.folder))
    block = None
    if cron.available():
        block = find_block(cron.read(), identity=schedule.identity)
    if block is None:
        return Standing(schedule, "absent", "crontab")
    same = block == schedule.text.encode()
    return Standing(schedule, "current" if same else "outdated", "crontab")


def install(
    schedule: Schedule,
    *,
    keys_stored: bool,
    crontab: Crontab | None = None,
    systemd: Systemd | None = None,
) -> Standing:
    """Put a schedule in force, or bring the installed one up to date.

    keys_stored: whether the keys stand in a file, so that cron and systemd find them
    Raises KeysMissing, ScheduleError, DiskFull, PathForbidden, DiskTrouble; then nothing is
    changed.
    """
    if not keys_stored:
        raise KeysMissing(
            "the keys are at most in the environment of this shell, which"
            f" {schedule.system} does not see",
            hint="store them with `numeri login`, then run the same command again",
        )
    cron, manager = crontab or Crontab(), systemd or Systemd.of_user()
    with disk_errors(schedule.log.parent):
        schedule.log.parent.mkdir(parents=True, exist_ok=True)
    if schedule.system == "systemd":
        changed = manager.read(schedule.identity) != schedule.units
        manager.install(schedule.identity, schedule.units)
        return Standing(schedule, "current", str(manager.folder), changed)
    if not cron.available():
        raise ScheduleError(
            "there is no `crontab` on this machine",
            hint="install cron (Debian: `apt install cron`), use `--system systemd`, or give"
            " these lines to whatever starts jobs here by local time:\n" + schedule.text,
        )
    before = cron.read()
    after = insert_block(before, identity=schedule.identity, body=schedule.text.encode())
    if after != before:
        cron.replace(after, before=before)
    return Standing(schedule, "current", "crontab", after != before)


def remove(
    profile: Path,
    *,
    system: System | None = None,
    environment: Mapping[str, str] | None = None,
    crontab: Crontab | None = None,
    systemd: Systemd | None = None,
) -> tuple[Entry, ...]:
    """Take a profile's schedule out of cron and systemd, or of one of them; what was removed.

    Raises ScheduleError, PathForbidden, DiskTrouble.
    """
    cron, manager = crontab or Crontab(), systemd or Systemd.of_user()
    entries = installed(profile, environment=environment, crontab=cron, systemd=manager)
    chosen = tuple(entry for entry in entries if system in (None, entry.system))
    identity = identify(profile, environment=environment)
    for entry in chosen:
        if entry.system == "systemd":
            manager.remove(identity)
        else:
            before = cron.read()
            cron.replace(remove_block(before, identity=identity), before=before)
    return chosen


def installed(
    profile: Path,
    *,
    environment: Mapping[str, str] | None = None,
    crontab: Crontab | None = None,
    systemd: Systemd | None = None,
) -> tuple[Entry, ...]:
    """What is installed for a profile; systems that are not on this machine hold nothing.

    Raises ScheduleError where the crontab cannot be read or holds half a block of ours.
    """
    cron, manager = crontab or Crontab(), systemd or Systemd.of_user()
    identity = identify(profile, environment=environment)
    entries: list[Entry] = []
    block = find_block(cron.read(), identity=identity) if cron.available() else None
    if block is not None:
        entries.append(Entry("cron", "crontab", block.decode(errors="replace")))
    files = manager.read(identity)
    if files:
        entries.append(Entry("systemd", str(manager.folder), "\n".join(f.text for f in files)))
    return tuple(entries)


def _cron_lines(
    note: str,
    moments: tuple[Moment, ...],
    command: Command,
    zones: Sequence[tzinfo],
    start: datetime,
) -> tuple[str, ...]:
    local = local_moments(moments, offsets(zones, start=start))
    return (f"# {note}", *(f"{fields} {command.for_cron()}" for fields in cron_times(local)))


def _about_clocks(zones: Sequence[tzinfo], start: datetime) -> str:
    shifts = offsets(zones, start=start)
    names = " and ".join(dict.fromkeys(str(zone) for zone in zones))
    listed = ", ".join(f"UTC{_signed(shift)}" for shift in shifts)
    if len(shifts) == 1:
        return f"cron goes by local time, here {names}: {listed} all year"
    return (
        f"cron goes by local time, here {names}: {listed} in the year ahead, so the lines fire at"
        " the local hours of each; firings outside a round find nothing to do"
    )


def _signed(shift: timedelta) -> str:
    minutes = shift // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
