"""Which locks are held, and whether their holder is still at work in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, cannot_know, fine, mend
from numeri_cli.errors import NumeriError
from numeri_cli.files import disk_errors

name = "locks"
own_errors: tuple[type[NumeriError], ...] = ()
LONGEST_HOURS = 12
_HELD = Path("/proc/locks")


def look(examination: Examination) -> Iterator[Finding]:
    """Read from the system's own list: to try a lock would keep a run from it."""
    folder = examination.context.home.data / "locks"
    with disk_errors(folder):
        paths = sorted(folder.glob("*.lock")) if folder.is_dir() else []
    found = [_of_holder(examination, path, process) for path in paths for process in _holders(path)]
    yield from found or [fine(name, "none is held")]


def _of_holder(examination: Examination, path: Path, process: int) -> Finding:
    known = [one for one in examination.commands if one.process == process and one.is_at_work]
    cure = f"look at it with `ps -fp {process}`; `kill {process}` frees the lock"
    if not known:
        return cannot_know(
            name,
            "lock_unknown",
            f"process {process} holds {path.name}, and no log tells what it does",
            hint=cure,
        )
    words = f"`numeri {known[-1].command}`, process {process}"
    if examination.now - known[-1].began < timedelta(hours=LONGEST_HOURS):
        return fine(name, f"{words} is at work")
    return mend(
        name,
        "lock_stuck",
        f"{words} holds {path.name} for more than {LONGEST_HOURS} hours",
        hint=cure,
    )


def _holders(path: Path) -> Iterator[int]:
    """Processes that hold a lock on this very file, where the system tells."""
    try:
        lines = _HELD.read_text(encoding="ascii", errors="replace").splitlines()
        inode = path.stat().st_ino
    except OSError:
        return
    for line in lines:
        words = line.split()
        if "->" in words or len(words) < 6 or words[1] not in ("FLOCK", "POSIX"):
            continue  # it waits for one, or is none of a file's
        process, place = words[4], words[5]
        if place.rpartition(":")[2] == str(inode) and _has_open(process, path):
            yield int(process)


def _has_open(process: str, path: Path) -> bool:
    """Whether a process has the file open: two disks may each have a file of one number."""
    try:
        return any(
            one.readlink() == path.resolve() for one in Path(f"/proc/{process}/fd").iterdir()
        )
    except OSError:
        return False
