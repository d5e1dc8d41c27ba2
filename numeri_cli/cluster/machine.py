"""A machine that trains for others: its name, its folders, and the data, brought once."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from numeri_cli.cluster.wire import WireFile
from numeri_cli.errors import FileDamaged, FileMissing, MemoryShort, TransferFailed, UsageProblem
from numeri_cli.files import atomic_path, digest_file, disk_errors, free_bytes
from numeri_cli.home import Home
from numeri_cli.learning.cached_data import one_at_a_time
from numeri_cli.learning.memory import GIGABYTE

_STALE_SECONDS = 14 * 86_400.0  # data and unfinished members that no plan has asked for since
_PART_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Machine:
    """This machine as a place where members of other machines' models are trained."""

    home: Home

    @classmethod
    def this(cls) -> Machine:
        """The one that runs this process, with the home of its user."""
        return cls(Home.find())

    @property
    def folder(self) -> Path:
        """What it keeps for plans of other machines; may be deleted at any time."""
        return self.home.cache / "cluster"

    @property
    def memory(self) -> Path:
        """The folder in which trainings note down how much memory they take."""
        return self.folder / "memory"

    def unfinished(self, plan_digest: str) -> Path:
        """The folder for what a killed task of a plan can go on from."""
        return self.folder / "unfinished" / plan_digest[:32]

    def modules(self, sources: Mapping[str, str]) -> Path | None:
        """The folder of the modules that come along with a plan, written there; None for none.

        sources: relative path → source
        """
        if not sources:
            return None
        parts = "\n".join(f"{name}\n{text}" for name, text in sorted(sources.items()))
        folder = self.folder / "modules" / hashlib.sha256(parts.encode()).hexdigest()[:24]
        for name, text in sources.items():
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise UsageProblem(f"{name!r} is no module's path", hint="name modules plainly")
            if not path.is_file():
                with disk_errors(path), atomic_path(path) as part:
                    part.write_text(text, encoding="utf-8")
        return folder

    def file(self, place: str, wanted: WireFile) -> Path:
        """A data file, here or on a shared disk, whose bytes are those that the plan means.

        place: a folder, or an address such as s3://bucket/prefix, of which each file is brought
            here once, whatever the number of workers and tasks
        Raises FileMissing, FileDamaged, TransferFailed, MemoryShort, DiskError.
        """
        if "://" not in place:
            path = Path(place) / wanted.name
            if not path.is_file():
                raise FileMissing(
                    f"{path} is not on the worker {platform.node()}",
                    hint="set `data` in [cluster] to the folder or object store in which workers"
                    " find the files",
                )
        else:
            path = self._brought(place, wanted)
        if not self._is_meant(path, wanted):
            raise FileDamaged(
                f"{path} on the worker {platform.node()} is not the file that this training is"
                " about",
                hint="bring the same file to where `data` in [cluster] says",
            )
        return path

    def _is_meant(self, path: Path, wanted: WireFile) -> bool:
        """Whether a file has the bytes that the plan means. Raises DiskError."""
        remembered = self.folder / "digests.json"
        with disk_errors(path):
            size = path.stat().st_size
        if size != wanted.size_bytes:
            return False
        with one_at_a_time(self.folder, f"digest-{wanted.digest[:24]}"):
            return digest_file(path, remembered_in=remembered) == wanted.digest

    def _brought(self, place: str, wanted: WireFile) -> Path:
        """The file's own copy on this machine, brought by whoever needs it first.

        One that was damaged since is brought anew.
        """
        folder = self.folder / "data" / wanted.digest[:32]
        path = folder / wanted.name
        with one_at_a_time(folder, wanted.name):
            if path.is_file() and self._is_meant(path, wanted):
                os.utime(folder)
                return path
            forget_stale(folder.parent, keep=folder)
            if wanted.size_bytes > free_bytes(folder):
                raise MemoryShort(
                    f"{wanted.name} takes {wanted.size_bytes / GIGABYTE:.1f} GB of disk and"
                    f" {free_bytes(folder) / GIGABYTE:.1f} GB are free at {folder} on the worker"
                    f" {platform.node()}",
                    hint="free some space there, or set NUMERI_HOME of the worker to a larger disk",
                )
            _fetch(place, wanted, path)
        return path


def _fetch(place: str, wanted: WireFile, path: Path) -> None:
    """Copy a file of an object store; one whose bytes are others is not kept."""
    hasher = hashlib.sha256()
    try:
        system, root = fs.FileSystem.from_uri(place)
        with (
            system.open_input_stream(f"{root.rstrip('/')}/{wanted.name}") as stream,
            atomic_path(path) as part,
            part.open("r+b") as file,
        ):
            while block := stream.read(_PART_BYTES):
                hasher.update(block)
                with disk_errors(path):
                    file.write(block)
            if hasher.hexdigest() != wanted.digest:
                raise FileDamaged(
                    f"{wanted.name} in {_shown(place)} is not the file that this training is about",
                    hint="bring the same file there: `numeri download` and a copy of its folder",
                )
    except FileNotFoundError as error:
        raise FileMissing(
            f"{_shown(place)} has no {wanted.name}",
            hint="copy the folder of the data version there",
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise TransferFailed(
            f"{wanted.name} could not be read from {_shown(place)}: {_first_line(error)}",
            hint="the worker's own environment has to have the store's address and keys, such as"
            " AWS_ACCESS_KEY_ID",
        ) from error


def _shown(place: str) -> str:
    """An address without what may stand before its host or behind its path."""
    scheme, _, rest = place.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def forget_stale(folder: Path, *, keep: Path | None = None) -> None:
    """Remove what lies in a folder and was not used for two weeks."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with suppress(OSError):  # what cannot go now goes the next time
            if path != keep and time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def worker_name(worker: Any) -> str:
    """What a worker is called: by whoever started it, else the name of its machine."""
    name = str(worker.name)
    return platform.node() if "://" in name or name.isdecimal() else name
