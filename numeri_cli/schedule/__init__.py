"""When `numeri run` is started by itself: a block in the crontab, or a systemd timer."""

from numeri_cli.schedule.calendar import Cadence
from numeri_cli.schedule.cron.crontab import Crontab
from numeri_cli.schedule.plan import (
    Entry,
    Schedule,
    Standing,
    System,
    identify,
    install,
    installed,
    plan,
    remove,
    show,
)
from numeri_cli.schedule.systemd.units import Systemd

__all__ = [
    "Cadence",
    "Crontab",
    "Entry",
    "Schedule",
    "Standing",
    "System",
    "Systemd",
    "identify",
    "install",
    "installed",
    "plan",
    "remove",
    "show",
]
