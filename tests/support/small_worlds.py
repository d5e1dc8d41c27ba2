"""Small worlds for tests: made once a machine, copied for everybody who wants to change one."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from pathlib import Path

from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.world.world import World
from tests.support.shelf import shelved
from tests.support.tournaments import MADE_OF

SMALL = WorldSettings(seed=5, stocks=150, eras=60, features=24, rivals=16)


@cache
def small_world_root() -> Path:
    """A world that nobody changes."""
    return shelved(f"world {SMALL}", lambda root: World.create(root, SMALL), rooms=MADE_OF)


def small_world() -> World:
    """The world that nobody changes."""
    return World.open(small_world_root())


def own_world(root: Path) -> World:
    """A copy at `root`, which must not exist."""
    shutil.copytree(small_world_root(), root)
    return World.open(root)


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of every file below `root`, by relative path."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
