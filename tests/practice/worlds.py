"""A small practice tournament for tests: made once a machine, copied for everybody who wants one.

The template's name holds a digest of the code that makes it, so a change makes a new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from filelock import FileLock

import numeri_cli
from numeri_cli.practice.tournament import Tournament
from numeri_cli.practice.world import WorldSettings

SETTINGS = WorldSettings(seed=1, stocks=150, eras=60, features=24, rivals=12)
MADE_OF = ("practice", "scoring")


def template(*, settings: WorldSettings = SETTINGS, start: datetime | None = None) -> Path:
    """The folder of a tournament nobody may change; several processes may ask at once."""
    shelf = Path(tempfile.gettempdir()) / f"numeri-test-worlds-{os.getuid()}"
    shelf.mkdir(mode=0o700, exist_ok=True)
    root = shelf / _name(settings, start)
    with FileLock(shelf / f"{root.name}.lock"):
        if not Tournament.exists(root):
            Tournament.create(root, settings, start=start).close()
    return root


def fresh_tournament(
    root: Path, *, settings: WorldSettings = SETTINGS, start: datetime | None = None
) -> Tournament:
    """A tournament of one's own at `root`, as new."""
    root.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(template(settings=settings, start=start), root)
    return Tournament.open(root)


def _name(settings: WorldSettings, start: datetime | None) -> str:
    digest = hashlib.sha256(f"{settings} {start}".encode())
    package = Path(numeri_cli.__file__).parent
    for room in MADE_OF:
        for path in sorted((package / room).iterdir()):
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
