"""What tests need and is dear to make: made once a machine, for every process that runs tests.

Nobody may change what lies here; who wants to change it copies it. A thing's name holds a digest
of the code that makes it, so a change of the code makes a new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from filelock import FileLock

import numeri_cli

PACKAGE = Path(numeri_cli.__file__).parent


def shelved(name: str, make: Callable[[Path], object], *, rooms: Sequence[str] = ()) -> Path:
    """The folder that `make` fills; several processes may ask at once.

    name: all that distinguishes it from others of its kind; rooms: of the package, whose code
    makes it, all of them by default
    """
    shelf = Path(tempfile.gettempdir()) / f"numeri-test-shelf-{os.getuid()}"
    shelf.mkdir(mode=0o700, exist_ok=True)
    code = "".join(_digest(PACKAGE / room) for room in rooms) if rooms else _digest(PACKAGE)
    root = shelf / hashlib.sha256(f"{name} {code}".encode()).hexdigest()[:16]
    with FileLock(f"{root}.lock"):
        if not root.exists():
            building = root.with_suffix(".building")
            shutil.rmtree(building, ignore_errors=True)
            make(building)
            building.rename(root)
    return root


@cache
def _digest(folder: Path) -> str:
    """Of every source file below it."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(folder)} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
