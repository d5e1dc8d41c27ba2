"""The text of a timer and a service for this user's systemd."""

from __future__ import annotations

from numeri_cli.schedule.calendar import on_calendar
from numeri_cli.schedule.job import Job, ScheduleFile


def unit_name(identity: str) -> str:
    """The name, without suffix, of the units of one profile."""
    return f"numeri-{identity}"


def units(job: Job) -> tuple[ScheduleFile, ScheduleFile]:
    """The service and the timer, in this order."""
    name = unit_name(job.identity)
    service = [
        f"# {job.note}",
        "[Unit]",
        "Description=Numeri: submit to the open round of the Numerai tournament",
        "",
        "[Service]",
        "Type=oneshot",
        *job.command.for_systemd(),
        "# A run ends by itself when its round closes; this is for one that cannot.",
        "TimeoutStartSec=3d",
    ]
    timer = [
        f"# {job.note}",
        "[Unit]",
        "Description=Numeri: when rounds of the Numerai tournament open",
        "",
        "[Timer]",
        *(f"OnCalendar={expression}" for expression in on_calendar(job.moments)),
        "AccuracySec=1s",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return (
        ScheduleFile(f"{name}.service", "\n".join(service) + "\n"),
        ScheduleFile(f"{name}.timer", "\n".join(timer) + "\n"),
    )
