"""A cgroup of Linux that keeps a process and its children below a limit of memory."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class MemoryGroup:
    """A group of its own; killed: the file that tells of kills, whose name differs by version."""

    folder: Path
    killed: str

    def take(self, process_id: int) -> bool:
        """Put a process into it; whether that could be done."""
        try:
            (self.folder / "cgroup.procs").write_text(f"{process_id}\n", encoding="ascii")
        except OSError:
            return False
        return True

    def has_killed(self) -> bool:
        """Whether a process of it was killed for what it took."""
        with suppress(OSError, ValueError):
            for line in (self.folder / self.killed).read_text(encoding="ascii").splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill" and int(number) > 0:
                    return True
        return False

    def remove(self) -> None:
        """End whatever is still in it, and take it away."""
        with suppress(OSError, ValueError):
            for one in (self.folder / "cgroup.procs").read_text(encoding="ascii").split():
                with suppress(ProcessLookupError):
                    os.kill(int(one), signal.SIGKILL)
        for _ in range(50):
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                return
            except OSError:  # a process in it is not gone yet
                os.sched_yield()
            else:
                return


@contextmanager
def memory_group(
    most_bytes: int, *, root: Path = _ROOT, own: Path = _OWN
) -> Iterator[MemoryGroup | None]:
    """A group with this limit; None where this process may make none."""
    made = None
    for parent, limit, killed in _parents(root, own):
        folder = parent / f"numeri-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        made = MemoryGroup(folder, killed)
        try:
            (folder / limit).write_text(f"{most_bytes}\n", encoding="ascii")
        except OSError:
            made.remove()
            made = None
            continue
        break
    try:
        yield made
    finally:
        if made is not None:
            made.remove()


def _parents(root: Path, own: Path) -> Iterator[tuple[Path, str, str]]:
    """Where a group can be made, the name of its limit and of the file that tells of kills."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = [*line.split(":", maxsplit=2), "", ""][:3]
        below = path.lstrip("/")
        if "memory" in controllers.split(","):
            yield root / "memory" / below, "memory.limit_in_bytes", "memory.oom_control"
        elif not controllers:
            # beside our own group: one that has processes can have no groups with limits
            yield (root / below).parent, "memory.max", "memory.events"
            yield root / below, "memory.max", "memory.events"
