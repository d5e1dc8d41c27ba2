"""Files that are whole or absent, names that are safe, digests."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from numeri_cli.errors import (
    DiskError,
    DiskFull,
    DiskTrouble,
    FileForeign,
    PathForbidden,
    UsageProblem,
)

STALE_SECONDS = 600.0
REMEMBERED_DIGESTS = 200
REMEMBERED_SECONDS = 86_400.0  # then a file is read again: a disk that lies changes no time
# nobody else's file, and no link to one, is taken for ours
NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


def safe_name(name: str) -> str:
    """The name itself, where it is good for one part of a path.

    Raises FileForeign for anything else: separators, leading dots, empty or over 128 characters.
    """
    if not _SAFE_NAME.fullmatch(name):
        raise FileForeign(
            f"{name[:60]!r} cannot be a file name here",
            hint="names may hold letters, digits, dots, dashes and underscores",
        )
    return name


def safe_relative(name: str) -> Path:
    """A server's file name such as "v5.3/live.parquet" as a relative path, each part checked."""
    return Path(*(safe_name(part) for part in name.split("/")))


def expanded(path: Path) -> Path:
    """The path from the root on, with the folder that a leading ~ stands for.

    Raises UsageProblem where that is a folder of nobody's.
    """
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise UsageProblem(
            f"{str(path)[:80]!r} begins with the home of a user that this machine does not know",
            hint="name the folder itself",
        ) from error


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals concerning `path` into ours."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error


def disk_error(error: OSError, path: Path) -> DiskError:
    """The error of ours that says what the operating system said about `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"the disk is full: {path} could not be written",
            hint="free some space and run the same command again; nothing was lost",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PathForbidden(
            f"no permission for {path}",
            hint="give this user access to it, or set NUMERI_HOME to a folder of your own",
        )
    return DiskTrouble(
        f"{path}: {error.strerror or error}",
        hint="look at the path and the disk, then run the same command again",
    )


@contextmanager
def atomic_file(path: Path, *, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write `path` so that it is there whole or not at all.

    Yields a binary file with a temporary name beside it, which is this user's alone; synced and
    renamed at the end, removed where an exception passes.
    Raises DiskFull, PathForbidden, DiskTrouble.
    """
    with atomic_path(path, mode=mode) as temporary, temporary.open("r+b") as file:
        yield file


@contextmanager
def atomic_path(path: Path, *, mode: int = 0o644) -> Iterator[Path]:
    """Write `path` through a path: whole or not at all, for writers that open files themselves.

    Yields the temporary path; a file is there already, empty. Raises DiskFull, PathForbidden,
    DiskTrouble.
    """
    writer = f"{secrets.token_hex(8)}.{os.getpid()}"
    temporary = path.with_name(f".{path.name}.{writer}.part")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        os.close(os.open(temporary, NEW_FILE, 0o600))
        try:
            yield temporary
            publish(temporary, path, mode=mode)
        finally:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    """What this process takes off the permissions of new files; 0o22 where it cannot be told."""
    try:
        found = re.search(r"^Umask:\s*([0-7]+)$", Path("/proc/self/status").read_text(), re.M)
    except OSError:
        return 0o22
    return int(found[1], 8) if found else 0o22


def _sweep(path: Path) -> None:
    """Remove what killed writers of this file left; not what may be another machine's of now."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(FileNotFoundError):
            age_seconds = time.time() - part.stat().st_mtime
            if age_seconds > STALE_SECONDS and not is_running(part.name.split(".")[-2]):
                part.unlink()


def remove_abandoned(folder: Path) -> None:
    """Remove what killed writers left in a folder that only this machine writes to.

    That is what belongs to a process that is gone, or was not written to for STALE_SECONDS.
    """
    for part in folder.glob(".*.part"):
        with suppress(OSError):  # what cannot go now goes the next time
            age_seconds = time.time() - part.stat().st_mtime
            if age_seconds > STALE_SECONDS or not is_running(part.name.split(".")[-2]):
                part.unlink()


def is_running(process: str) -> bool:
    """Whether a process of this number is there; True where that cannot be known."""
    if os.name != "posix":
        return True  # there the question would end it
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, OSError):  # no number, or none that a process has
        return True
    return True


def publish(temporary: Path, path: Path, *, mode: int = 0o644) -> None:
    """Sync a finished file, give it its final name and mode; the rename is synced too."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    path.chmod(mode & ~_umask())  # after the rename: until then it is this user's alone
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlast a loss of power, where the system lets that be asked."""
    if os.name == "posix":
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a small text file atomically, in UTF-8."""
    with atomic_file(path, mode=mode) as file:
        file.write(text.encode())


def digest_file(path: Path, *, remembered_in: Path | None = None) -> str:
    """SHA-256 of a file's bytes, in hex. Raises DiskError.

    remembered_in: a JSON file that keeps it for a day, while the file's size and times stay the
        same
    """
    with disk_errors(path), path.open("rb") as file:
        if remembered_in is None:
            return hashlib.file_digest(file, "sha256").hexdigest()
        status = os.fstat(file.fileno())
        # the time of the last change is no one's to set, as that of the last writing is
        times = f"{status.st_mtime_ns}|{status.st_ctime_ns}"
        stamp = f"{path.absolute()}|{status.st_size}|{times}|{status.st_ino}"
        known = read_json_object(remembered_in)
        digest = _remembered_digest(known.pop(stamp, None))
        if digest is None:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            known[stamp] = {"digest": digest, "read_at": time.time()}
            newest = dict(list(known.items())[-REMEMBERED_DIGESTS:])
            write_text(remembered_in, json.dumps(newest))
        return digest


def _remembered_digest(entry: object) -> str | None:
    """The digest that was noted down less than a day ago; None for any other entry."""
    if not isinstance(entry, dict):
        return None
    digest, read_at = entry.get("digest"), entry.get("read_at")
    if not isinstance(digest, str) or not isinstance(read_at, int | float):
        return None
    return digest if 0 <= time.time() - read_at < REMEMBERED_SECONDS else None


def read_json_object(path: Path) -> dict[str, Any]:
    """A file's JSON object; empty where there is none that can be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def free_bytes(path: Path) -> int:
    """Free space of the disk that holds `path`, or will."""
    while not path.exists() and path.parent != path:
        path = path.parent
    with disk_errors(path):
        return shutil.disk_usage(path).free
