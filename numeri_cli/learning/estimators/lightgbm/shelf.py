"""What lies in the cache of binned data; read without LightGBM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeri_cli.files import disk_errors


@dataclass(frozen=True)
class BinnedEntry:
    """One binned file.

    used: seconds since the epoch of its last use
    """

    key: str
    rows: int
    features: int
    size_bytes: int
    used: float


def binned_entry(path: Path) -> BinnedEntry | None:
    """The entry of one binned file; None where it, or the note beside it, is not sound."""
    note = json_object(path.with_suffix(".json"))
    try:
        rows, features, size = (int(note[name]) for name in ("rows", "features", "size_bytes"))
        return BinnedEntry(path.stem, rows, features, size, path.stat().st_mtime)
    except (OSError, KeyError, TypeError, ValueError):
        return None


def binned_entries(folder: Path) -> tuple[BinnedEntry, ...]:
    """What is kept in a folder, most recently used first. Raises DiskError."""
    with disk_errors(folder):
        found = [binned_entry(path) for path in folder.glob("*.bin")]
    return tuple(sorted((e for e in found if e), key=lambda entry: -entry.used))


def json_object(path: Path) -> dict[str, Any]:
    """A file's JSON object; empty where there is none."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
