"""Numeri: the client for the Numerai tournament, on the command line and in Python.

import numeri_cli as numeri

session = numeri.open(tournament="practice")
frame = session.load("validation", columns=["small", "target_ender_60"])
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from numeri_cli.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from numeri_cli.notebook.session import Session

__all__ = ["__version__", "open"]

# OpenMP reads this once, when it is loaded. On a machine with more to do than cores, as where cron
# starts several things at noon, threads that wait by spinning took three times the CPU; on an idle
# virtual one, threads that sleep at every wait took up to ten times the time.
if hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1):
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Arrow reads this once, too. Its own pool keeps what was freed: a first run of the practice
# tournament peaked at 460 to 500 MB with it, at 390 to 425 MB with the system's, in less CPU.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def open(  # noqa: A001 - `numeri.open(…)` is how it reads; nobody imports all names of a package
    *, profile: str | Path | None = None, tournament: str | None = None
) -> Session:
    """Begin to work with a tournament; every command has its method.

    profile: instead of ./numeri.toml, or else the one in the configuration directory
    tournament: numerai, practice or the address of an API; the profile's where None
    Raises ProfileMissing, ProfileInvalid, UsageProblem.
    """
    from numeri_cli.notebook.session import Session

    return Session(profile=profile, tournament=tournament)
