"""The world's own files, which nobody outside may see: arrays of all eras, in order of stocks.

base/KIND.npy        one array over the eras of the history, written once
weeks/ERA/KIND.npy   what came after, each written once and whole
state/ERA.npz        what is known when the live week begins
models/…             what the rivals and the organiser have trained
world.json           its measures, its rivals' kinds, which era is live: the one file whose
                     change makes an advance true

Whatever lies beyond the live era of world.json was left by a killed process and is written again.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from tokenize import TokenError
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from numeri_cli.errors import DiskFull, PracticeDamaged, PracticeMissing, PracticeSettings
from numeri_cli.files import atomic_file, disk_errors, free_bytes, write_text
from numeri_cli.practice.market.features import NoiseArray
from numeri_cli.practice.market.market import DAYS_PER_ERA, MarketState
from numeri_cli.practice.market.targets import HORIZONS_DAYS, SCHEMES, eras_to_resolve
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rivals.archetypes import ARCHETYPES, Archetype

FORMAT = 2
_MODEL_MARK, _DIGEST_BYTES = b"numeri model, SHA-256 first\n", 32
NumberArray = npt.NDArray[Any]
Value = TypeVar("Value")
# made once: that takes ten times as long as to read a value
_READERS: dict[Any, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (WorldSettings, Archetype, int, bool)
}


@dataclass(frozen=True)
class WeekStart:
    """What must be kept to go on: the market and the noise of the features, before the era."""

    market: MarketState
    noise: NoiseArray


@dataclass(frozen=True, kw_only=True)
class WorldState:
    """What world.json says.

    live_era: whose data are open; every era before it is history
    published_era: whose files lie ready, 0 for none
    has_field: whether the rivals and the organiser's models are trained, and asked
    archetypes: of the rivals it was made with, whatever the table says by now
    """

    settings: WorldSettings
    live_era: int
    published_era: int
    has_field: bool
    archetypes: tuple[Archetype, ...] = ARCHETYPES


@dataclass(frozen=True, kw_only=True)
class ArrayLayout:
    """Where the arrays of a history's file lie; start: of the first, in bytes."""

    count: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int

    def read(self, path: Path, index: int) -> NumberArray:
        """One of the arrays; ValueError where the file ends before it does."""
        size = math.prod(self.shape)
        at = self.start + index * size * self.dtype.itemsize
        return np.fromfile(path, dtype=self.dtype, count=size, offset=at).reshape(self.shape)


@lru_cache(maxsize=64)
def _layout(path: Path, _: tuple[int, ...]) -> ArrayLayout:
    """What a file's head says; it is read anew where the file is another, by inode, size, time.

    An advance reads each array of the history, which takes eight times as long with its head.
    """
    whole = np.load(path, mmap_mode="r")
    if not whole.flags.c_contiguous:
        raise ValueError(f"{path.name} lies in another order")
    count, *shape = whole.shape
    return ArrayLayout(count=count, shape=tuple(shape), dtype=whole.dtype, start=whole.offset)


@dataclass(frozen=True)
class Archive:
    """Reads and writes the arrays under `root`."""

    root: Path
    settings: WorldSettings

    def read(self, kind: str, era: int) -> NumberArray:
        """One era's array of a kind; raises PracticeDamaged where it is missing or cut off."""
        with _readable(self.root):
            index = era - self._first(kind)
            if era <= self.settings.eras:
                path = self.root / "base" / f"{kind}.npy"
                of_file = path.stat()
                base = _layout(path, (of_file.st_ino, of_file.st_size, of_file.st_mtime_ns))
                if 0 <= index < base.count:
                    return base.read(path, index)
            week: NumberArray = np.load(self._week(era) / f"{kind}.npy")
            return week

    def has(self, kind: str, era: int) -> bool:
        """Whether one era's array of a kind is kept."""
        if era > self.settings.eras:
            return (self._week(era) / f"{kind}.npy").is_file()
        return era >= self._first(kind) and (self.root / "base" / f"{kind}.npy").is_file()

    def write(self, kind: str, era: int, array: NumberArray) -> None:
        """Keep one era's array of a kind, after the history."""
        with atomic_file(self._week(era) / f"{kind}.npy") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)

    @contextmanager
    def base_writer(self, kind: str, *, count: int) -> Iterator[Callable[[NumberArray], None]]:
        """Keep the history of a kind: yields what appends one of `count` arrays of one shape."""
        with atomic_file(self.root / "base" / f"{kind}.npy") as file:
            written = 0

            def append(array: NumberArray) -> None:
                nonlocal written
                if not written:
                    _write_header(file, array, count=count)
                file.write(np.ascontiguousarray(array).tobytes())
                written += 1

            yield append
            if written != count:
                raise ValueError(f"{written} arrays of {kind} instead of {count}")

    def read_model(self, name: str) -> bytes:
        """What a model has learnt; raises PracticeDamaged where it is missing or was altered."""
        with _readable(self.root):
            content = (self.root / "models" / name).read_bytes()
        if not content.startswith(_MODEL_MARK):
            return content  # of a world that was made before digests were kept
        start = len(_MODEL_MARK) + _DIGEST_BYTES
        learnt = content[start:]
        if content[len(_MODEL_MARK) : start] != sha256(learnt).digest():
            raise damaged(self.root, f"models/{name} is not what was written")
        return learnt

    def write_model(self, name: str, learnt: bytes) -> None:
        """Keep what a model has learnt, behind its digest."""
        with atomic_file(self.root / "models" / name) as file:
            file.write(_MODEL_MARK + sha256(learnt).digest() + learnt)

    def returns_from(self, era: int, eras: int) -> npt.NDArray[np.int32]:
        """(5 · eras, stocks) daily log returns in 1e-7 from the first day of `era` on."""
        weeks = [self.read("returns", era + index) for index in range(eras)]
        return np.concatenate(weeks).astype(np.int32, copy=False)

    def read_week_start(self, era: int) -> WeekStart:
        """What was known when an era began."""
        with _readable(self.root), np.load(self.root / "state" / f"{era:04d}.npz") as saved:
            values = {field.name: saved[field.name] for field in fields(MarketState)[1:]}
            return WeekStart(MarketState(era=era, **values), saved["noise"])

    def write_week_start(self, week_start: WeekStart) -> None:
        """Keep what is known when its era begins."""
        arrays = {
            field.name: getattr(week_start.market, field.name) for field in fields(MarketState)[1:]
        }
        with atomic_file(self._week_start(week_start.market.era)) as file:
            np.savez(file, allow_pickle=False, noise=week_start.noise, **arrays)

    def tidy(self, live_era: int) -> None:
        """Remove eves of other eras than the one in force, and what killed processes were writing.

        Only for the one process that may write.
        """
        with disk_errors(self.root):
            for path in (self.root / "state").glob("*.npz"):
                if path != self._week_start(live_era):
                    path.unlink(missing_ok=True)
            for path in self.root.rglob(".*.part"):
                path.unlink(missing_ok=True)

    def write_world_state(self, state: WorldState) -> None:
        """Put a state in force, by one rename."""
        content = {
            "format": FORMAT,
            "live_era": state.live_era,
            "published_era": state.published_era,
            "has_field": state.has_field,
            "settings": asdict(state.settings),
            "field": [asdict(archetype) for archetype in state.archetypes],
        }
        write_text(self.root / "world.json", json.dumps(content, indent=1) + "\n")

    def _week_start(self, era: int) -> Path:
        return self.root / "state" / f"{era:04d}.npz"

    def _week(self, era: int) -> Path:
        return self.root / "weeks" / f"{era:04d}"

    def _first(self, kind: str) -> int:
        """The era of the first array of a kind's history."""
        if kind in ("rivals", "meta"):
            return self.settings.train_eras + 1
        if kind == "benchmarks":
            return self.settings.chunk_eras + 1
        return 1


def resolved_eras(live_era: int, horizon_days: int) -> int:
    """The last era whose targets are known when `live_era` opens."""
    return live_era - eras_to_resolve(horizon_days)


def base_bytes(settings: WorldSettings) -> dict[str, int]:
    """How large the arrays of the history must be, by kind, without their headers."""
    stocks, eras = settings.stocks, settings.eras
    sizes = {
        "features": eras * settings.features * stocks,
        "returns": eras * DAYS_PER_ERA * stocks * 4,
    }
    for days in HORIZONS_DAYS:
        sizes[f"targets_{days}"] = resolved_eras(eras + 1, days) * len(SCHEMES) * stocks
    return sizes


def require_space(root: Path, settings: WorldSettings) -> None:
    """Raise DiskFull where not even the history of such a world has room under `root`."""
    needed, free = sum(base_bytes(settings).values()), free_bytes(root)
    if needed > free:
        raise DiskFull(
            f"such a world needs {needed:,} bytes and more, and the disk of {root} has {free:,}",
            hint="make a smaller one: fewer --stocks, --eras or --features",
        )


def read_world_state(root: Path) -> WorldState:
    """What is in force under `root`; raises PracticeMissing, PracticeDamaged."""
    path = root / "world.json"
    with disk_errors(path):
        if not path.is_file():
            raise PracticeMissing(
                f"there is no practice world in {root}",
                hint="`numeri practice create` makes one, and so does `numeri run` there",
            )
        text = path.read_bytes()
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise PracticeDamaged(
                f"the practice world in {root} was made by another version of numeri"
                f" (format {content['format']}, this one reads {FORMAT})",
                hint="`numeri practice reset` removes it; `numeri run` makes a new one",
            )
        settings = _typed(WorldSettings, content["settings"])
        state = WorldState(
            settings=settings,
            live_era=_typed(int, content["live_era"]),
            published_era=_typed(int, content["published_era"]),
            has_field=_typed(bool, content["has_field"]),
            archetypes=_archetypes(content.get("field")),
        )
    except (
        ValueError, KeyError, TypeError, ArithmeticError, AttributeError, RecursionError,
        PracticeSettings,
    ) as error:  # fmt: skip
        raise damaged(root, f"world.json cannot be read ({str(error)[:200]})") from error
    for kind, least in base_bytes(settings).items():
        base = root / "base" / f"{kind}.npy"
        if not base.is_file() or base.stat().st_size < least:
            raise damaged(root, f"base/{kind}.npy is missing or cut off")
    return state


def _archetypes(rows: list[dict[str, Any]] | None) -> tuple[Archetype, ...]:
    """Those a world was made with; today's for one that was made before it kept them."""
    if rows is None:
        return ARCHETYPES
    if not rows:
        raise ValueError("a field of no rivals")
    return tuple(_typed(Archetype, row) for row in rows)


def _typed(kind: type[Value], content: object) -> Value:
    """What JSON says of a value of this kind; ValueError where it is of another one."""
    if is_dataclass(kind) and isinstance(content, dict):
        known = {one.name for one in fields(kind)}
        if unknown := content.keys() - known:
            raise ValueError(f"nobody knows {sorted(unknown)[0]!r}")
    try:
        checked: Value = _READERS[kind].validate_python(content, strict=not is_dataclass(kind))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or kind.__name__
        raise ValueError(f"{place}: {first['msg']}") from error
    # as it is written: 1 does not become 1.0, so that the file stays the same
    return kind(**content) if isinstance(content, dict) else checked


def damaged(root: Path, what: str) -> PracticeDamaged:
    """The error for a world that cannot go on."""
    return PracticeDamaged(
        f"the practice world in {root} is damaged: {what}",
        hint="`numeri practice reset` removes it; the same seed makes the same world again",
    )


@contextmanager
def _readable(root: Path) -> Iterator[None]:
    try:
        yield
    except (
        FileNotFoundError, EOFError, ValueError, KeyError, BadZipFile, TypeError, SyntaxError,
        TokenError, ArithmeticError, RecursionError, MemoryError, NotImplementedError, RuntimeError,
        zlib.error, struct.error,
    ) as error:  # fmt: skip  # what numpy and zipfile say of bytes that are none of theirs
        raise damaged(root, str(error)[:200]) from error
    except OSError as error:
        with disk_errors(root):
            raise error


def _write_header(file: Any, array: NumberArray, *, count: int) -> None:
    description = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": (count, *array.shape),
    }
    np.lib.format.write_array_header_1_0(file, description)
