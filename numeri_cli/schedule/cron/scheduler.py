"""cron as a scheduler: a block of lines in this user's crontab, at local hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import ClassVar

from numeri_cli.errors import ScheduleError
from numeri_cli.schedule.calendar import cron_times, local_moments, offsets
from numeri_cli.schedule.cron.block import find_block, insert_block, remove_block
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.job import InstalledSchedule, Job, Layout, Schedule, ScheduleStatus

_WHERE = "crontab"


@dataclass(frozen=True, slots=True)
class CronScheduler:
    """Writes one block for each profile, and leaves every other byte of the crontab alone."""

    name: ClassVar[str] = "cron"
    crontab: Crontab = field(default_factory=Crontab)

    def trouble(self) -> str | None:
        """Why nothing can be installed: no `crontab`, or one that refuses to be read."""
        if not self.crontab.available():
            return "there is no `crontab` on this machine"
        try:
            self.crontab.read()
        except ScheduleError as error:
            return error.message
        return None

    def lay_out(self, job: Job) -> Layout:
        """A comment and as few lines as fire at the local minutes of the moments wanted."""
        shifts = offsets(job.zones, start=job.start)
        times = cron_times(local_moments(job.moments, shifts))
        command = job.command.for_cron()
        return Layout(
            lines=(f"# {job.note}", *(f"{fields} {command}" for fields in times)),
            advice=_about_clocks(job.zones, shifts),
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Whether the block stands in the crontab as it would be written now."""
        block = self._block(schedule.identity)
        same = block == schedule.text.encode()
        return ScheduleStatus(
            schedule=schedule,
            state="absent" if block is None else "current" if same else "outdated",
            where=_WHERE,
        )

    def install(self, schedule: Schedule) -> ScheduleStatus:
        """Put the block in, or change it where it stands."""
        if not self.crontab.available():
            raise ScheduleError(
                "there is no `crontab` on this machine",
                hint="install cron (Debian: `apt install cron`), use `--system systemd`, or give"
                " these lines to whatever starts jobs here by local time:",
                lines=schedule.text,
            )
        before = self.crontab.read()
        after = insert_block(before, identity=schedule.identity, body=schedule.text.encode())
        if after != before:
            self.crontab.replace(after, before=before)
        return ScheduleStatus(
            schedule=schedule, state="current", where=_WHERE, changed=after != before
        )

    def installed(self, identity: str) -> InstalledSchedule | None:
        """The block of this identity, without its markers."""
        block = self._block(identity)
        if block is None:
            return None
        text = block.decode(errors="replace")
        return InstalledSchedule(system=self.name, where=_WHERE, text=text)

    def remove(self, identity: str) -> None:
        """Leave the crontab as it would be had the block never been put in."""
        before = self.crontab.read()
        self.crontab.replace(remove_block(before, identity=identity), before=before)

    def _block(self, identity: str) -> bytes | None:
        if not self.crontab.available():
            return None
        return find_block(self.crontab.read(), identity=identity)


def _about_clocks(zones: Sequence[tzinfo], shifts: Sequence[timedelta]) -> str:
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
