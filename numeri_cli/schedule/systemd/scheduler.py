"""systemd as a scheduler: a timer and a service of this user, put in force by `systemctl`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from numeri_cli.children import child_environment
from numeri_cli.errors import NumeriError, ScheduleError
from numeri_cli.files import disk_errors, write_text
from numeri_cli.schedule.job import (
    InstalledSchedule,
    Job,
    Layout,
    Schedule,
    ScheduleFile,
    ScheduleStatus,
)
from numeri_cli.schedule.systemd.units import unit_name, units

_TIME_LIMIT_SECONDS = 60


def user_unit_folder(environment: Mapping[str, str]) -> Path:
    """Where this user's systemd looks for units."""
    configured = environment.get("XDG_CONFIG_HOME", "")
    try:
        return (Path(configured) if configured else Path.home() / ".config") / "systemd" / "user"
    except RuntimeError as error:
        raise ScheduleError(
            "this user has no home folder in which systemd looks for units",
            hint="set HOME or XDG_CONFIG_HOME, or use `--system cron`",
        ) from error


@dataclass(frozen=True, slots=True)
class SystemdScheduler:
    """Writes two units for each profile. unit_folder: by default where this user's systemd looks"""

    name: ClassVar[str] = "systemd"
    unit_folder: Path | None = None
    command: tuple[str, ...] = ("systemctl", "--user")

    @property
    def folder(self) -> Path:
        """Where the units lie."""
        return self.unit_folder or user_unit_folder(os.environ)

    def trouble(self) -> str | None:
        """Why nothing can be installed; whether its manager answers is seen by installing."""
        if shutil.which(self.command[0]) is None:
            return f"there is no `{self.command[0]}` on this machine"
        try:
            _ = self.folder
        except ScheduleError as error:
            return error.message
        return None

    def lay_out(self, job: Job) -> Layout:
        """The service and the timer; systemd's calendar takes UTC, so zones play no part."""
        return Layout(
            files=units(job),
            advice="`loginctl enable-linger` lets the timer fire while you are logged out",
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Whether both units lie there as they would be written now."""
        found = self._read(schedule.identity)
        return ScheduleStatus(
            schedule=schedule,
            state="current" if found == schedule.units else "outdated" if found else "absent",
            where=str(self.folder),
        )

    def install(self, schedule: Schedule) -> ScheduleStatus:
        """Write the units and start the timer; all of it or nothing."""
        before = self._read(schedule.identity)
        self._call("daemon-reload")  # refuses here, before anything is written
        timer = f"{unit_name(schedule.identity)}.timer"
        try:
            for unit in schedule.units:
                write_text(self.folder / unit.name, unit.text)
            self._call("daemon-reload")
            self._call("enable", timer)
            self._call("restart", timer)
        except BaseException:
            self._put_back(schedule.identity, before)
            raise
        return ScheduleStatus(
            schedule=schedule,
            state="current",
            where=str(self.folder),
            changed=before != schedule.units,
        )

    def installed(self, identity: str) -> InstalledSchedule | None:
        """The text of the units that are there."""
        found = self._read(identity)
        if not found:
            return None
        text = "\n".join(unit.text for unit in found)
        return InstalledSchedule(system=self.name, where=str(self.folder), text=text)

    def remove(self, identity: str) -> None:
        """Stop the timer and remove the units. A run that is under way is left to end."""
        timer = f"{unit_name(identity)}.timer"
        try:
            self._call("disable", "--now", timer)
        except ScheduleError as error:
            files = " ".join(str(path) for path in self._paths(identity))
            raise ScheduleError(
                error.message,
                hint=f"{error.hint}; by hand: `systemctl --user disable --now {timer}`,"
                f" then `rm {files}`",
            ) from error
        self._unlink(identity)
        self._call("daemon-reload")

    def _read(self, identity: str) -> tuple[ScheduleFile, ...]:
        """The unit files of one profile that are there."""
        found = []
        for path in self._paths(identity):
            with disk_errors(path):
                if path.is_file():
                    found.append(ScheduleFile(path.name, path.read_text(errors="replace")))
        return tuple(found)

    def _paths(self, identity: str) -> tuple[Path, Path]:
        name = unit_name(identity)
        return self.folder / f"{name}.service", self.folder / f"{name}.timer"

    def _unlink(self, identity: str) -> None:
        for path in self._paths(identity):
            with disk_errors(path):
                path.unlink(missing_ok=True)

    def _put_back(self, identity: str, before: tuple[ScheduleFile, ...]) -> None:
        timer = f"{unit_name(identity)}.timer"
        if not before:
            self._try("disable", "--now", timer)
        self._unlink(identity)
        for unit in before:
            write_text(self.folder / unit.name, unit.text)
        self._try("daemon-reload")
        if before:
            self._try("restart", timer)

    def _try(self, *arguments: str) -> None:
        """Call, where the failure that led here is what will be told."""
        try:
            self._call(*arguments)
        except NumeriError:
            return

    def _call(self, *arguments: str) -> None:
        program = shutil.which(self.command[0])
        if program is None:
            raise ScheduleError(
                "there is no `systemctl` on this machine", hint="use `--system cron`"
            )
        try:
            result = subprocess.run(  # noqa: S603 - words of our own, no shell
                [program, *self.command[1:], *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIME_LIMIT_SECONDS,
                env=child_environment(os.environ, LC_ALL="C"),
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ScheduleError(
                f"`systemctl --user {arguments[0]}` could not be used: {type(error).__name__}",
                hint="see whether `systemctl --user status` works, or use `--system cron`",
            ) from error
        if result.returncode:
            said = " ".join(result.stderr.decode(errors="replace").split())[:200]
            raise ScheduleError(
                f"`systemctl --user {arguments[0]}` refused:"
                f" {said or f'exit code {result.returncode}'}",
                hint="run it in a login session of this user (su and sudo have none; `loginctl"
                " enable-linger` makes one that lasts), or use `--system cron`",
            )
