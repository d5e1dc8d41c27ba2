"""A copy of a home that is as it was after each use, without copying all of it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Stamp = tuple[int, int]


@dataclass(frozen=True)
class HomeCopy:
    """root: the copy, made where it is not there yet; template: stays as it is."""

    template: Path
    root: Path

    def __post_init__(self) -> None:
        if not self.root.exists():
            shutil.copytree(self.template, self.root)

    def restore(self) -> None:
        """Bring back what was changed or removed since, and remove what is new.

        A change is seen by a file's size and time.
        """
        found = dict(_stamps(self.root))
        for name in found.keys() - self._sound.keys():
            (self.root / name).unlink()
        for folder in sorted(set(_folders(self.root)) - self._folders, reverse=True):
            (self.root / folder).rmdir()
        for name, stamp in self._sound.items():
            if found.get(name) != stamp:
                path = self.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                shutil.copy2(self.template / name, path)

    @cached_property
    def _folders(self) -> set[str]:
        return set(_folders(self.template))

    @cached_property
    def _sound(self) -> dict[str, Stamp]:
        return dict(_stamps(self.template))


def _stamps(root: Path, folder: str = "") -> Iterator[tuple[str, Stamp]]:
    """The relative name, size and time of each file."""
    with os.scandir(root / folder) as entries:
        for entry in entries:
            name = f"{folder}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(root, f"{name}/")
            else:
                status = entry.stat(follow_symlinks=False)
                yield name, (status.st_size, status.st_mtime_ns)


def _folders(root: Path) -> Iterator[str]:
    """The relative name of each folder."""
    for folder, names, _ in os.walk(root):
        yield from (os.path.relpath(f"{folder}/{name}", root) for name in names)
