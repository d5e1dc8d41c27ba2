"""What a training needs of memory and disk, and what this machine has."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.errors import MemoryShort
from numeri_cli.files import free_bytes

GIGABYTE = 10**9


@dataclass(frozen=True)
class TrainingShape:
    """The size of a training.

    five_valued: whether every feature is a whole number in its file
    held_out_rows: read beside them, to end the training early
    copied_rows: of those, chosen out of them for one window of a backtest
    """

    rows: int
    features: int
    five_valued: bool
    held_out_rows: int = 0
    copied_rows: int = 0

    @property
    def chosen(self) -> TrainingShape:
        """The size for an estimator that reads the rows of a window alone."""
        return replace(self, rows=self.copied_rows or self.rows, copied_rows=0)

    def narrowed(self, rows: int, features: int) -> TrainingShape:
        """The shape with fewer rows or features; as large a part of the rows is copied."""
        copied = self.copied_rows * rows // self.rows if self.rows else 0
        return replace(self, rows=rows, features=features, copied_rows=copied)


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """The most that a training takes of memory, the process included, and of disk for its cache.

    least_bytes: of memory, with which it makes do where there is less; 0 where it cannot
    """

    memory_bytes: float
    disk_bytes: float
    least_bytes: float = 0.0


PeakBytes = Callable[[TrainingShape], float]


def available_bytes() -> int:
    """Memory this process may still take: of the machine and of its control groups."""
    limits = [_meminfo("MemAvailable") or _physical()]
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        top, now = _number(Path(limit)), _number(Path(used))
        if top is not None and now is not None:
            limits.append(max(0, top - now))
    return min(limits)


def check_memory(
    shape: TrainingShape, peak_bytes: PeakBytes, *, available: int, force: bool
) -> None:
    """Raise MemoryShort, saying what would fit, where a training needs more than there is.

    peak_bytes: what a training of a shape holds at most, the process itself included
    """
    needed = peak_bytes(shape)
    if force or needed <= available:
        return

    def fits(rows: int, features: int) -> bool:
        return peak_bytes(shape.narrowed(rows, features)) <= available

    advice = []
    features = _largest(shape.features, lambda count: fits(shape.rows, count))
    if features:
        advice.append(f"{features} features")
    stride = next((s for s in range(2, 65) if fits(shape.rows // s, shape.features)), None)
    if stride:
        advice.append(f"era_stride = {stride}")
    would = " or ".join(advice) if advice else "neither fewer features nor fewer eras alone"
    raise MemoryShort(
        f"{shape.rows:,} rows × {shape.features:,} features need about "
        f"{needed / GIGABYTE:.1f} GB of memory and {available / GIGABYTE:.1f} GB are free",
        hint=f"what would fit: {would}; --force tries all the same",
    )


def check_disk(needed: float, folder: Path, *, force: bool) -> bool:
    """Whether `folder`'s disk takes so many bytes; raises MemoryShort where not and not forced."""
    free = free_bytes(folder)
    if needed <= free:
        return True
    if force:
        return False
    raise MemoryShort(
        f"the binned data takes about {needed / GIGABYTE:.1f} GB of disk and "
        f"{free / GIGABYTE:.1f} GB are free at {folder}",
        hint="free some space; --force trains without keeping the binned data",
    )


def _largest(top: int, fits: Callable[[int], bool]) -> int:
    """The largest count up to `top` that fits; 0 where none does."""
    low, high = 0, top
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _meminfo(key: str) -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line for line in lines if line.startswith(f"{key}:")]
    return int(found[0].split()[1]) * 1024 if found else None


def _physical() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
