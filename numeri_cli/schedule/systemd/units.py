"""A timer and a service of this user's systemd: their text, and how they are put in force."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.errors import NumeriError, ScheduleError
from numeri_cli.files import disk_errors, write_text
from numeri_cli.schedule.calendar import Moment, on_calendar
from numeri_cli.schedule.command import Command

_TIME_LIMIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit file."""

    name: str
    text: str


def unit_name(identity: str) -> str:
    """The name, without suffix, of the units of one profile."""
    return f"numeri-{identity}"


def units(
    *, identity: str, note: str, command: Command, moments: tuple[Moment, ...]
) -> tuple[Unit, Unit]:
    """The service and the timer, in this order. note: one line, without control characters"""
    name = unit_name(identity)
    service = [
        f"# {note}",
        "[Unit]",
        "Description=Numeri: submit to the open round of the Numerai tournament",
        "",
        "[Service]",
        "Type=oneshot",
        *command.for_systemd(),
        "# 5: another run is at work. A run that hangs ends before the next day's round.",
        "SuccessExitStatus=5",
        "TimeoutStartSec=12h",
    ]
    timer = [
        f"# {note}",
        "[Unit]",
        "Description=Numeri: when rounds of the Numerai tournament open",
        "",
        "[Timer]",
        *(f"OnCalendar={expression}" for expression in on_calendar(moments)),
        "AccuracySec=1s",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return (
        Unit(f"{name}.service", "\n".join(service) + "\n"),
        Unit(f"{name}.timer", "\n".join(timer) + "\n"),
    )


def user_unit_folder(environment: Mapping[str, str]) -> Path:
    """Where this user's systemd looks for units."""
    configured = environment.get("XDG_CONFIG_HOME", "")
    return (Path(configured) if configured else Path.home() / ".config") / "systemd" / "user"


@dataclass(frozen=True, slots=True)
class Systemd:
    """This user's systemd, through `systemctl`, and the folder of its units."""

    folder: Path
    command: tuple[str, ...] = ("systemctl", "--user")

    @classmethod
    def of_user(cls) -> Systemd:
        """The systemd of whoever runs this."""
        return cls(user_unit_folder(os.environ))

    def read(self, identity: str) -> tuple[Unit, ...]:
        """The unit files of one profile that are there. Raises PathForbidden, DiskTrouble."""
        found = []
        for path in self._paths(identity):
            with disk_errors(path):
                if path.is_file():
                    found.append(Unit(path.name, path.read_text(errors="replace")))
        return tuple(found)

    def install(self, identity: str, wanted: tuple[Unit, ...]) -> None:
        """Write the units and start the timer; all of it or nothing.

        Raises ScheduleError, DiskFull, PathForbidden, DiskTrouble.
        """
        self._call("daemon-reload")  # refuses here, before anything is written
        before = self.read(identity)
        timer = f"{unit_name(identity)}.timer"
        try:
            for unit in wanted:
                write_text(self.folder / unit.name, unit.text)
            self._call("daemon-reload")
            self._call("enable", timer)
            self._call("restart", timer)
        except BaseException:
            self._put_back(identity, before)
            raise

    def remove(self, identity: str) -> bool:
        """Stop the timer and remove the units; False where there were none.

        A run that is under way is left to end. Raises ScheduleError, with nothing removed.
        """
        if not self.read(identity):
            return False
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
        return True

    def _paths(self, identity: str) -> tuple[Path, Path]:
        name = unit_name(identity)
        return self.folder / f"{name}.service", self.folder / f"{name}.timer"

    def _unlink(self, identity: str) -> None:
        for path in self._paths(identity):
            with disk_errors(path):
                path.unlink(missing_ok=True)

    def _put_back(self, identity: str, before: tuple[Unit, ...]) -> None:
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
                env={**os.environ, "LC_ALL": "C"},
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
