"""A schedule, or what was removed of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import moment
from numeri_cli.output.program import as_called

if TYPE_CHECKING:
    from numeri_cli.schedule.job import InstalledSchedule, ScheduleStatus


def schedule_status(record: ScheduleStatus) -> RenderableType:
    """Lines or units, whether they are installed, and why they are as they are.

    What is no line of a crontab or unit is a comment there, so that all of it can be pasted.
    """
    planned = record.schedule
    parts: list[RenderableType] = [Text(planned.text.rstrip(), no_wrap=True)]
    said = {
        "absent": "not installed: `numeri schedule install`",
        "outdated": "another one is installed: `numeri schedule install` replaces it",
        "current": f"installed ({record.where})",
        "unknown": f"to be put there by hand: {record.where}",
    }[record.state]
    heading = f"# {as_called(said)}"
    if planned.next_firing is not None:
        heading += f"; fires next {moment(planned.next_firing)}"
    parts.append(Text(heading, style="bold", no_wrap=True))
    parts += [Text(f"# {reason}", style="dim", no_wrap=True) for reason in planned.explanation]
    return Group(*parts)


def removed_schedules(record: tuple[InstalledSchedule, ...]) -> RenderableType:
    """What was removed."""
    if not record:
        return Text("no schedule of this profile is installed")
    return Text("\n".join(f"removed from {entry.where}" for entry in record))
