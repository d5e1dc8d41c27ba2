"""numeri clean: what no round needs any more goes, by age and count.

Kept whatever happens: predictions and artifacts of the last ROUNDS rounds, the newest artifact of
every model, one that the profile pins, the profile's data version and those of kept artifacts.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from numeri_cli.commands.context import Context
from numeri_cli.commands.made_by import useless_notes
from numeri_cli.commands.words import SCORED
from numeri_cli.errors import NumeriError
from numeri_cli.files import disk_errors, is_running, write_text
from numeri_cli.learning.artifact import artifacts
from numeri_cli.locks import held_lock
from numeri_cli.published import Published

ROUNDS = 12
DAY_SECONDS = 86_400.0
DATASET_DAYS = 30  # another data version that nothing has touched for so long
CACHE_DAYS = 60
SCORED_FILES, SCORED_DAYS = 4, 30  # predictions of a model for validation data, which are made anew
PART_DAYS = 7  # what a killed writer left
CRASH_FILES = 20
OUTPUTS = ("run.log", "retrain.log")
OUTPUT_BYTES = 1_000_000  # of what a schedule's runs print; twice that is cut down to it
AFTER_RUN_SECONDS = 10.0

Kind = Literal["predictions", "artifact", "dataset", "cache", "log", "remains"]


@dataclass(frozen=True)
class Removable(Published):
    """Something that no round needs. size_bytes: what its removal frees"""

    kind: Kind
    path: Path
    size_bytes: int
    reason: str


@dataclass(frozen=True)
class Cleaning(Published):
    """What went, or would go in a dry run; left: what there was no time for."""

    dry_run: bool
    removed: tuple[Removable, ...]
    freed_bytes: int
    left: int = 0


def clean(context: Context, *, dry_run: bool = False, seconds: float | None = None) -> Cleaning:
    """Remove what no round of this tournament needs any more.

    dry_run: only say what would go
    seconds: how long it may take; what is left then goes the next time
    Raises ProfileMissing, ProfileInvalid, LockHeld, LedgerDamaged, DiskError.
    """
    context.require_profile()
    lock = context.home.lock(context.tournament, "clean")
    until = None if seconds is None else time.monotonic() + seconds
    with held_lock(lock, what="a cleaning"):
        found = tuple(removable(context))
        if dry_run:
            return Cleaning(True, found, sum(one.size_bytes for one in found))
        gone = []
        for one in found:
            if until is not None and time.monotonic() > until:
                break
            _remove(one)
            gone.append(one)
    freed = sum(one.size_bytes for one in gone)
    return Cleaning(False, tuple(gone), freed, left=len(found) - len(gone))


def clean_after_run(context: Context) -> None:
    """Clean for a bounded time; what goes wrong is said, for the run has done its work."""
    try:
        done = clean(context, seconds=AFTER_RUN_SECONDS)
    except NumeriError as error:
        context.log.write("clean", error.message, level="warning")
        return
    if done.removed:
        context.log.write("clean", f"{len(done.removed)} removed, {done.freed_bytes:,} bytes")


def removable(context: Context) -> Iterator[Removable]:
    """All that may go, in the order in which it would; nothing is changed."""
    yield from _predictions(context)
    yield from _scored(context)
    for path in useless_notes(context):
        yield _of("cache", path, "the artifact that it names is gone")
    for model, spec in context.profile.models.items():
        yield from _artifacts(context, model, pinned=spec.artifact)
    yield from _datasets(context)
    yield from _caches(context)
    yield from _logs(context)


def _predictions(context: Context) -> Iterator[Removable]:
    known = context.kept_ledger.rounds(context.tournament, limit=ROUNDS)
    if len(known) < ROUNDS:
        return
    oldest = min(one.number for one in known)
    for folder in _inside(context.home.predictions(context.tournament)):
        if folder.name.isdecimal() and int(folder.name) < oldest:
            yield _of("predictions", folder, f"older than the last {ROUNDS} rounds")


def _scored(context: Context) -> Iterator[Removable]:
    """Predictions for validation data; what is younger than a day may be in use."""
    models: defaultdict[str, list[Path]] = defaultdict(list)
    for path in _inside(context.home.predictions(context.tournament) / SCORED):
        models[path.stem.rpartition("-")[0]].append(path)
    for paths in models.values():
        youngest_first = sorted(paths, key=_days_old)
        for place, path in enumerate(youngest_first):
            days = _days_old(path)
            if days > SCORED_DAYS:
                yield _of("cache", path, f"scored nothing for {SCORED_DAYS} days")
            elif place >= SCORED_FILES and days > 1:
                yield _of("cache", path, f"older than {SCORED_FILES} others of its model")


def _artifacts(context: Context, model: str, *, pinned: str | None) -> Iterator[Removable]:
    rounds = context.kept_ledger.rounds(context.tournament, limit=ROUNDS)
    kept = context.kept_ledger.models(context.tournament, model=model)
    folder = context.workspace.artifacts(model)
    old = unneeded(
        {one.artifact: one.time for one in kept},
        [path.name for path in _inside(folder) if path.is_dir() and path.name[0] != "."],
        round_openings=[one.open_time for one in rounds],
        pinned=pinned,
    )
    for name in old:
        reason = f"replaced before the last {ROUNDS} rounds"
        yield _of("artifact", folder / name, reason)
    for path in _inside(folder):
        if path.name.endswith(".part") and not is_running(path.name.split(".")[-2]):
            yield _of("remains", path, "its writer is gone")


def unneeded(
    trained: dict[str, datetime],
    names: Sequence[str],
    *,
    round_openings: Sequence[datetime],
    pinned: str | None,
) -> tuple[str, ...]:
    """Artifacts that none of the last ROUNDS rounds can have used, and that nobody will use next.

    trained: artifact → when the ledger was told of it; one that it does not know stays
    names: of those that are here; a later one has a later name
    round_openings: of the last rounds, in any order; fewer than ROUNDS let nothing go
    """
    if len(round_openings) < ROUNDS:
        return ()
    first = min(sorted(round_openings)[-ROUNDS:])
    ordered = sorted(names)
    old = []
    for place, name in enumerate(ordered[:-1]):
        # it served until the next that is known was there
        later = [trained[one] for one in ordered[place + 1 :] if one in trained]
        if name in trained and name != pinned and later and min(later) < first:
            old.append(name)
    return tuple(old)


def _datasets(context: Context) -> Iterator[Removable]:
    folders = [one for one in _inside(context.home.datasets(context.tournament)) if one.is_dir()]
    old = [
        one for one in folders if one.name != context.data_version and _days_old(one) > DATASET_DAYS
    ]
    # contracts are opened only where something could go: a run has opened its models already
    needed = _versions_of_artifacts(context) if old else frozenset()
    for folder in folders:
        if folder in old and folder.name not in needed:
            yield _of("dataset", folder, f"another data version, unused for {DATASET_DAYS} days")
            continue
        for part in folder.glob(".*"):
            if _days_old(part) > PART_DAYS:
                yield _of("remains", part, f"unfinished for {PART_DAYS} days")


def _versions_of_artifacts(context: Context) -> frozenset[str]:
    """Data versions that the artifacts of the profile's models were trained on."""
    folders = [context.workspace.artifacts(model) for model in context.profile.models]
    return frozenset(
        one.contract.data_version
        for folder in folders
        for one in artifacts(folder, tournament=context.tournament)
    )


def _caches(context: Context) -> Iterator[Removable]:
    for path in _inside(context.home.binned(context.tournament)):
        if path.suffix == ".bin" and _days_old(path) > CACHE_DAYS:
            yield _of("cache", path, f"trained nothing for {CACHE_DAYS} days")
            yield _of("cache", path.with_suffix(".json"), "the note beside it")


def _logs(context: Context) -> Iterator[Removable]:
    folder = context.home.log
    crashes = sorted(path for path in _inside(folder) if path.name.startswith("crash-"))
    for path in crashes[:-CRASH_FILES]:
        yield _of("log", path, f"older than {CRASH_FILES} other crash files")
    for output in (folder / name for name in OUTPUTS):
        size = _size(output)
        if size > 2 * OUTPUT_BYTES:
            reason = f"all but its last {OUTPUT_BYTES:,} bytes"
            yield Removable("log", output, size - OUTPUT_BYTES, reason)


def _remove(one: Removable) -> None:
    """Remove it; an artifact or a folder is out of the way by one rename, and then taken apart."""
    with disk_errors(one.path), suppress(FileNotFoundError):
        if one.kind == "log" and one.path.name in OUTPUTS:
            _cut(one.path)
        elif one.path.is_dir():
            aside = one.path.with_name(f".{one.path.name.lstrip('.')}.{os.getpid()}.part")
            one.path.rename(aside)
            shutil.rmtree(aside)
        else:
            one.path.unlink()


def _cut(path: Path) -> None:
    """Keep the end of a file that others append to: it is emptied where it lies."""
    with path.open("rb") as file:
        file.seek(-OUTPUT_BYTES, os.SEEK_END)
        end = file.read().partition(b"\n")[2]
    write_text(path.with_suffix(".1.log"), end.decode(errors="replace"))
    os.truncate(path, 0)


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder, by name; nothing where there is none."""
    with disk_errors(folder):
        return sorted(folder.iterdir()) if folder.is_dir() else []


def _of(kind: Kind, path: Path, reason: str) -> Removable:
    return Removable(kind, path, _size(path), reason)


def _size(path: Path) -> int:
    paths = path.rglob("*") if path.is_dir() else [path]
    total = 0
    for one in paths:
        with suppress(OSError):
            total += one.lstat().st_size
    return total


def _days_old(path: Path) -> float:
    """Since it, or what lies in it, was last changed; a folder is as young as its youngest file."""
    newest = 0.0
    for one in [path, *(path.rglob("*") if path.is_dir() else ())]:
        with suppress(OSError):
            newest = max(newest, one.lstat().st_mtime)
    return (time.time() - newest) / DAY_SECONDS
