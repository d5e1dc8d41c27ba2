"""The end of a practice tournament, which nobody may be advancing meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from numeri_cli.errors import LockHeld, PathForbidden, PracticeDamaged
from numeri_cli.files import disk_errors
from numeri_cli.locks import held_lock
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.participants.keys import read_secrets


@contextmanager
def removal(root: Path, *, run_lock: Callable[[str], Path] | None = None) -> Iterator[None]:
    """Remove the tournament at `root` once the block has removed what was made from it.

    It goes at once, by a rename: whoever was killed while removing it leaves none or all of it.
    run_lock: the path of the lock of runs in it, by the participant's public id
    Raises LockHeld, before the block, where a process makes, advances or plays it; DiskError.
    """
    work = {Folders(root).lock: "is being advanced, or its rivals are being trained"}
    with suppress(PracticeDamaged, PathForbidden):  # damaged: no run can be at work in it
        if run_lock is not None:
            public_id = read_secrets(Folders(root)).public_id
            work = {run_lock(public_id): "has a run at work in it", **work}
    with ExitStack() as stack:
        for lock, state in work.items():
            try:
                stack.enter_context(held_lock(lock, what="this practice tournament"))
            except LockHeld as error:
                raise LockHeld(
                    f"the practice tournament {state}",
                    hint="wait for that to end or stop it; then run the same command again",
                ) from error
        yield
        clear_removed(root)
        with disk_errors(root):
            if root.exists():
                root.replace(_aside(root))
        clear_removed(root)


def is_left(root: Path) -> bool:
    """Whether there is something to remove: a tournament, or what a killed removal has left."""
    return root.exists() or _aside(root).exists()


def clear_removed(root: Path) -> None:
    """Remove what a killed removal left; only for whoever holds the lock."""
    with disk_errors(root):
        if _aside(root).exists():
            shutil.rmtree(_aside(root))


def _aside(root: Path) -> Path:
    return root.with_name(f".{root.name}.removed")
