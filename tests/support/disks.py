"""Real small disks and real closed doors, for root by mounting and for others by permissions."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of this size, such as "6m", at a folder; only root can make one."""
    folder.mkdir(parents=True, exist_ok=True)
    _mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(folder: Path, *, but: int = 0) -> Iterator[None]:
    """Leave no more than so many bytes of the disk."""
    filler = folder / "filler"
    free = os.statvfs(folder)
    with filler.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - but)))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def sealed(folder: Path) -> Iterator[None]:
    """Nobody may write in this folder, not even root."""
    if os.getuid() == 0:
        _mounted("--bind", str(folder), str(folder))
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
            yield
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    places = [folder, *(path for path in folder.rglob("*"))]
    modes = {path: path.stat().st_mode for path in places}
    for path in places:
        path.chmod(modes[path] & ~0o222)
    try:
        yield
    finally:
        for path in places:
            path.chmod(modes[path])


def _mounted(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount here: {done.stderr.strip()}")
