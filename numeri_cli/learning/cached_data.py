"""Training data that an estimator keeps for the next training: what lies there, and the limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import xxhash

from numeri_cli.files import disk_errors, is_running, read_json_object, write_text
from numeri_cli.locks import patient_lock

SUFFIX = ".bin"
_READ_BYTES = 1 << 20
_LONGEST_BUILD_SECONDS = 86_400.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class CachedData:
    """One file of training data.

    used: seconds since the epoch of its last use
    digest: XXH3 of its bytes, header and body, 128 bits in hex; it tells an accident, no forger.
        "" where a numeri before wrote it with another one, or without
    """

    key: str
    rows: int
    features: int
    size_bytes: int
    used: float
    digest: str = ""

    def is_whole(self, path: Path) -> bool:
        """Whether the file has the bytes that were written. Raises OSError."""
        return path.stat().st_size == self.size_bytes and quick_digest(path) == self.digest


def read_note(path: Path) -> CachedData | None:
    """What the note beside a file says; None where it, or the file, is not sound."""
    note = read_json_object(path.with_suffix(".json"))
    try:
        rows, features, size = (int(note[name]) for name in ("rows", "features", "size_bytes"))
        digest = str(note.get("digest", ""))
        return CachedData(path.stem, rows, features, size, path.stat().st_mtime, digest)
    except (OSError, KeyError, TypeError, ValueError, ArithmeticError):
        return None


def write_note(path: Path, *, rows: int, features: int) -> None:
    """Put a note beside a file that was written. Raises DiskError."""
    note = CachedData(path.stem, rows, features, path.stat().st_size, 0.0, quick_digest(path))
    write_text(path.with_suffix(".json"), json.dumps(asdict(note)))


@contextmanager
def one_at_a_time(folder: Path, key: str) -> Iterator[None]:
    """Hold the lock of whoever builds the file of this key; others wait, and find it built.

    Goes on without the lock after a day, and where the disk has no locks.
    """
    path = folder / f".{key}.lock"
    with patient_lock(path, seconds=_LONGEST_BUILD_SECONDS, look_seconds=_LOOK_SECONDS):
        yield


def quick_digest(path: Path) -> str:
    """XXH3 of a file's bytes, in hex: a tenth of the time of SHA-256. Raises OSError."""
    hasher, buffer = xxhash.xxh3_128(), memoryview(bytearray(_READ_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(buffer[:count])
    return hasher.hexdigest()


def cached_data(folder: Path) -> tuple[CachedData, ...]:
    """What is kept in a folder, most recently used first. Raises DiskError."""
    with disk_errors(folder):
        found = [read_note(path) for path in folder.glob(f"*{SUFFIX}")]
    return tuple(sorted((entry for entry in found if entry), key=lambda entry: -entry.used))


def shrink(folder: Path, *, limit_bytes: int, keep: Path) -> None:
    """Remove the least recently used beyond the limit, but not `keep`, and what was never whole."""
    for part in folder.glob(".*.part"):
        if not is_running(part.name.split(".")[-2]):
            part.unlink(missing_ok=True)  # its writer was killed
    total = 0
    for path in sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: -path.stat().st_mtime):
        total += path.stat().st_size
        if total > limit_bytes and path != keep:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file and its note."""
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
