"""The webhook as a scheduler: a systemd service that keeps `numeri listen` at work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from numeri_cli.schedule.command import listen_command
from numeri_cli.schedule.job import Job, Layout, Schedule, ScheduleFile, ScheduleStatus
from numeri_cli.schedule.listen import PORT
from numeri_cli.schedule.systemd.scheduler import user_unit_folder

_USUAL = "~/.config/systemd/user"


@dataclass(frozen=True, slots=True)
class ListenService:
    """Shows one unit; it is put in force by hand, since a proxy with TLS has to be, too."""

    name: ClassVar[str] = "listen"

    def lay_out(self, job: Job) -> Layout:
        """The service. It runs for as long as the user's systemd does, and no time plays a part."""
        unit = f"numeri-listen-{job.identity}.service"
        lines = [
            f"# numeri listen, {job.note.split(', ', 2)[2].rpartition(': ')[0]}",
            "[Unit]",
            "Description=Numeri: submit when the webhook of a round calls",
            "",
            "[Service]",
            *listen_command(job.command, port=PORT).for_systemd(),
            "Restart=always",
            "RestartSec=5s",
            "# How it answers SIGTERM, and so no failure.",
            "SuccessExitStatus=143",
            "# A run that is under way ends by itself, whatever becomes of the listener.",
            "KillMode=process",
            "",
            "[Install]",
            "WantedBy=default.target",
        ]
        return Layout(
            files=(ScheduleFile(unit, "\n".join(lines) + "\n"),),
            advice=f"save it as {_where()}/{unit}, then `systemctl --user daemon-reload` and"
            f" `systemctl --user enable --now {unit}`",
            notes=(
                "`loginctl enable-linger` keeps it at work while you are logged out",
                "the keys must be stored: `numeri login`",
                "`numeri guide listen` shows the proxy with TLS that stands before it",
                "a call can get lost on its way: `numeri schedule install` beside it costs nothing",
            ),
            moments=(),
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the unit belongs; nobody looks whether it is there."""
        return ScheduleStatus(schedule=schedule, state="unknown", where=_where())


def _where() -> str:
    """Where this user's systemd looks for units; beneath ~ unless XDG_CONFIG_HOME moves it."""
    return str(user_unit_folder(os.environ)) if os.environ.get("XDG_CONFIG_HOME") else _USUAL
