"""Which locks are held, and whether their holder is still at work in earnest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from numeri_cli.commands.doctor.examination import Examination, KnownCommand
from numeri_cli.commands.doctor.finding import Finding, cannot_know, fine, mend
from numeri_cli.errors import NumeriError
from numeri_cli.files import disk_errors
from numeri_cli.home import shared_lock_folders

name = "locks"
own_errors: tuple[type[NumeriError], ...] = ()
LONGEST_HOURS = 12
_HELD = Path("/proc/locks")
_LOCKING = ("run", "retrain", "train", "submit", "download", "backtest", "clean")


def look(examination: Examination, *, told_by: Path = _HELD) -> Iterator[Finding]:
    """Read from the system's own list: to try a lock would keep a run from it.

    told_by: the list; where a system has none, the log says what is at work
    """
    if not told_by.exists():
        yield from _of_log(examination)
        return
    found = [
        _of_holder(examination, path, process)
        for folder in (examination.context.home.data / "locks", *shared_lock_folders())
        for path in _locks(folder)
        for process in _holders(path)
    ]
    # a run holds its account's lock in its home and for all homes
    yield from dict.fromkeys(found) or [fine(name, "none is held")]


def _locks(folder: Path) -> list[Path]:
    with disk_errors(folder):
        return sorted(folder.glob("*.lock")) if folder.is_dir() else []


def _of_log(examination: Examination) -> Iterator[Finding]:
    """What has been at work for too long may hold a lock, and cannot be seen to."""
    found = [
        mend(
            name,
            "lock_stuck",
            f"`numeri {one.command}`, process {one.process}, is at work for more than"
            f" {_longest_hours(examination, one):g} hours",
            hint=f"look at it with `ps -fp {one.process}`; `kill {one.process}` ends it",
        )
        for one in examination.commands
        if one.is_at_work and one.command in _LOCKING and _is_long(examination, one)
    ]
    yield from found or [
        fine(name, "this system does not tell who holds one; by the log nobody does for long")
    ]


def _of_holder(examination: Examination, path: Path, process: int) -> Finding:
    known = [one for one in examination.commands if one.process == process and one.is_at_work]
    cure = f"look at it with `ps -fp {process}`; `kill {process}` frees the lock"
    if not known:
        return cannot_know(
            name,
            "lock_unknown",
            f"process {process} holds {path.name}, and no log of this home tells what it does",
            hint=cure,
        )
    words = f"`numeri {known[-1].command}`, process {process}"
    if not _is_long(examination, known[-1]):
        return fine(name, f"{words} is at work")
    return mend(
        name,
        "lock_stuck",
        f"{words} holds {path.name} for more than {_longest_hours(examination, known[-1]):g} hours",
        hint=cure,
    )


def _is_long(examination: Examination, command: KnownCommand) -> bool:
    hours = _longest_hours(examination, command)
    return examination.now - command.began >= timedelta(hours=hours)


def _longest_hours(examination: Examination, command: KnownCommand) -> float:
    """A retraining may take as long as the profile lets each model take."""
    if command.command != "retrain":
        return LONGEST_HOURS
    try:
        models = examination.context.profile.models.values()
    except NumeriError:
        return LONGEST_HOURS
    return sum(one.retrain_hours + 1 for one in models if one.artifact is None) or LONGEST_HOURS


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
