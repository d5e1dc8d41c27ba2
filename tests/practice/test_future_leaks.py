"""Nothing that is still to come lies in any file of a world, under whatever name.

What comes is taken from the same world some weeks later, and sought wherever bytes are kept. The
probe is first shown to find it where it was put.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.practice.market.names import row_order
from numeri_cli.practice.world.world import World
from tests.support.small_worlds import SMALL, own_world

WEEKS = 13  # until the 60-day targets of the live era are known
RETURN_TYPES = (np.int32, np.int64, np.float32, np.float64)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world of some live weeks, its files published."""
    made = own_world(tmp_path_factory.mktemp("future") / "world")
    for _ in range(3):
        made.advance()
    made.publish()
    return made


@pytest.fixture(scope="module")
def coming(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What is to come, in order of stocks: returns of the live week by day, targets by scheme."""
    root = tmp_path_factory.mktemp("later") / "world"
    shutil.copytree(world.root, root)
    later = World.open(root)
    for _ in range(WEEKS):
        later.advance()
    archive, live = later.era_records.archive, world.live_era
    found = {
        f"return of day {day}": row for day, row in enumerate(archive.read("returns", live), 1)
    }
    for days in (20, 60):
        known = world.target(live - WEEKS, f"target_ender_{days}")
        assert np.isfinite(known).all()
        for era in range(live - WEEKS + 1, live + 1):
            if np.isnan(world.target(era, f"target_ender_{days}")).any():
                rows = archive.read(f"targets_{days}", era)
                found |= {f"target {days} {place} of {era}": row for place, row in enumerate(rows)}
    return found


def encodings(era: int, name: str, values: np.ndarray) -> Iterator[bytes]:
    """A row as anybody would write it down: in order of stocks or of a file, in any type."""
    for order in (slice(None), row_order(SMALL.seed, era, count=SMALL.stocks)):
        row = values[order]
        if name.startswith("return"):
            yield from (row.astype(kind).tobytes() for kind in RETURN_TYPES)
        else:
            yield row.astype(np.int8).tobytes()
            yield from ((row / 4).astype(kind).tobytes() for kind in (np.float32, np.float64))


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and those of what it packs."""
    yield path.read_bytes()
    if path.suffix == ".npz":
        with np.load(path) as saved:
            yield from (saved[name].tobytes() for name in saved.files)
    elif path.suffix == ".parquet":
        for column in pq.read_table(path).columns:
            if not pa.types.is_string(column.type):
                yield column.to_numpy().tobytes()


def foreseen(root: Path, coming: dict[str, np.ndarray]) -> set[tuple[str, str]]:
    """Which files below `root` hold what is to come, and what."""
    live = World.open(root).live_era
    needles: dict[bytes, str] = {}
    for name, values in coming.items():
        era = live if name.startswith("return") else int(name.rpartition(" ")[2])
        needles |= dict.fromkeys(encodings(era, name, values), name)
    found = set()
    for path in root.rglob("*"):
        for content in contents(path) if path.is_file() else ():
            found |= {(path.name, name) for needle, name in needles.items() if needle in content}
    return found


def as_returns(folder: Path, live: int, values: np.ndarray) -> None:
    np.save(folder / "plant.npy", np.stack([values, values]))


def as_a_packed_array(folder: Path, live: int, values: np.ndarray) -> None:
    np.savez_compressed(folder / "plant.npz", noise=values.astype(np.float64))


def as_a_column(folder: Path, live: int, values: np.ndarray) -> None:
    rows = values[row_order(SMALL.seed, live, count=SMALL.stocks)]
    table = pa.table({"id": ["n"] * len(rows), "target": (rows / 4).astype(np.float32)})
    pq.write_table(table, folder / "plant.parquet")


@pytest.mark.parametrize(
    ("plant", "what"),
    [
        (as_returns, "return of day 3"),
        (as_a_packed_array, "return of day 5"),
        (as_a_column, "target 60 3 of {live}"),
    ],
)
def test_what_is_to_come_is_found_where_it_is_kept(
    world: World,
    coming: dict[str, np.ndarray],
    tmp_path: Path,
    plant: Callable[[Path, int, np.ndarray], None],
    what: str,
) -> None:
    name = what.format(live=world.live_era)
    root = tmp_path / "world"
    shutil.copytree(world.root, root)
    plant(root / "published", world.live_era, coming[name])
    assert {found for _, found in foreseen(root, coming)} == {name}


def test_a_week_later_the_store_holds_what_was_to_come(
    world: World, coming: dict[str, np.ndarray], tmp_path: Path
) -> None:
    root = tmp_path / "world"
    shutil.copytree(world.root, root)
    World.open(root).advance()
    kept = {name for _, name in foreseen(root, coming)}
    assert {f"return of day {day}" for day in range(1, 6)} <= kept
    assert len(kept) > 5
    assert not any(name.endswith(f" of {world.live_era}") for name in kept)


def test_nothing_of_the_live_week_is_in_any_file_of_the_world(
    world: World, coming: dict[str, np.ndarray]
) -> None:
    """Who could read the store would still find no return and no target of a day to come."""
    assert len(coming) > 70
    assert foreseen(world.root, coming) == set()
