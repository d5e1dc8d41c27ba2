"""What a file holds beyond what it shows: nothing.

Everybody can make the very bytes of every file from the table that is read from it. So nothing of
order, dictionaries, statistics, bounds of row groups, metadata or time can tell more than the
table. And of the numbers in the table there is no bit that the ranks and bins do not give.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.practice.market.names import row_order
from numeri_cli.practice.world.parquet import (
    DataRows,
    PredictionRows,
    write_data,
    write_example,
    write_features_json,
    write_predictions,
)
from tests.support.small_worlds import SMALL, own_world

NAN_BITS = 0x7FC00000
BIN_BITS = {int(np.float32(value).view(np.uint32)) for value in (0, 0.25, 0.5, 0.75, 1)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All files of a world some weeks on, so that each has rows of every kind."""
    root = tmp_path_factory.mktemp("files") / "world"
    world = own_world(root)
    world.keep_meta_model(world.meta_model(world.live_era))
    for _ in range(3):
        world.advance()
    world.publish()
    found = {name.removeprefix("v5.3/"): path for name, path in world.files().items()}
    assert len(found) == 14
    return found


def tables(files: dict[str, Path]) -> dict[str, pd.DataFrame]:
    """What the parquet files show."""
    return {
        name.removesuffix(".parquet"): pd.read_parquet(path)
        for name, path in files.items()
        if name.endswith(".parquet")
    }


def rewritten(path: Path, folder: Path) -> bytes:
    """A file made again from nothing but the table that is read from it."""
    again = folder / path.name
    if path.suffix == ".json":
        shown = json.loads(path.read_text())
        sets = {name: tuple(names) for name, names in shown["feature_sets"].items()}
        write_features_json(again, sets=sets, targets=shown["targets"])
        return again.read_bytes()
    table = pd.read_csv(path, index_col="id") if path.suffix == ".csv" else pd.read_parquet(path)
    if "example" in path.name:
        rows = [_predictions(table, era="0000", kind="")]
        if len(table) > SMALL.stocks:  # row groups are of 25 eras
            parts = np.array_split(np.arange(len(table)), len(table) // SMALL.stocks)
            rows = [_predictions(table.iloc[part], era="0000", kind="") for part in parts]
        write_example(folder, path.stem, eras=rows)
        return again.read_bytes()
    parts_by_era = [part for _, part in table.groupby("era", sort=False)]
    features = [str(name) for name in table if str(name).startswith("feature_")]
    targets = [str(name) for name in table if str(name).startswith("target")]
    if features:
        eras = [_rows(part, features, targets) for part in parts_by_era]
        write_data(again, eras, features=features, targets=targets)
        return again.read_bytes()
    has_type = "data_type" in table
    columns = [str(name) for name in table if name not in ("era", "data_type")]
    write_predictions(
        again,
        [
            _predictions(
                part[columns],
                era=part["era"].iloc[0],
                kind=part["data_type"].iloc[0] if has_type else "",
            )
            for part in parts_by_era
        ],
        columns=columns,
        data_type=has_type,
    )
    return again.read_bytes()


def _rows(part: pd.DataFrame, features: list[str], targets: list[str]) -> DataRows:
    return DataRows(
        era=int(part["era"].iloc[0]),
        data_type=part["data_type"].iloc[0],
        ids=part.index.to_numpy(dtype=str),
        features=part[features].to_numpy().T,
        targets=part[targets].to_numpy().T,
    )


def _predictions(part: pd.DataFrame, *, era: str, kind: str) -> PredictionRows:
    return PredictionRows(
        era=int(era), data_type=kind, ids=part.index.to_numpy(dtype=str), columns=part.to_numpy().T
    )


def with_statistics(path: Path, _: pa.Table) -> None:
    pq.write_table(pq.read_table(path), path, write_statistics=True)


def with_the_time(path: Path, shown: pa.Table) -> None:
    metadata = {**(shown.schema.metadata or {}), b"made": b"2026-11-22T19:43:54"}
    _as_published(shown.replace_schema_metadata(metadata), path)


def with_a_row_group_for_each_sector(path: Path, shown: pa.Table) -> None:
    _as_published(shown, path, row_group_size=len(shown) // 3)


def with_a_dictionary_in_order_of_stocks(path: Path, shown: pa.Table) -> None:
    """The same rows; the values of one column are listed as the stocks have them, not the rows."""
    column = shown.column(2).combine_chunks()
    order = np.argsort(row_order(SMALL.seed, 1, count=len(column)))
    dictionary = column.take(pa.array(order)).unique()
    codes = pa.compute.index_in(column, dictionary)
    coded = pa.DictionaryArray.from_arrays(codes, dictionary)
    _as_published(shown.set_column(2, shown.schema.names[2], coded), path)


def _as_published(table: pa.Table, path: Path, *, row_group_size: int | None = None) -> None:
    pq.write_table(
        table,
        path,
        row_group_size=row_group_size,
        version="2.6",
        compression="snappy",
        use_dictionary=[name for name in table.column_names if name != "id"],
        write_statistics=False,
    )


PLANTS: tuple[Callable[[Path, pa.Table], None], ...] = (
    with_statistics,
    with_the_time,
    with_a_row_group_for_each_sector,
    with_a_dictionary_in_order_of_stocks,
)


def test_the_plants_change_nothing_but_what_they_plant(
    files: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "live.parquet"
    _as_published(pq.read_table(files["live.parquet"]), path)
    assert path.read_bytes() == files["live.parquet"].read_bytes()


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_hidden_in_a_file_beside_its_table_is_found(
    files: dict[str, Path], tmp_path: Path, plant: Callable[[Path, pa.Table], None]
) -> None:
    path = tmp_path / "live.parquet"
    path.write_bytes(files["live.parquet"].read_bytes())
    shown = pd.read_parquet(path)
    plant(path, pq.read_table(path))
    pd.testing.assert_frame_equal(pd.read_parquet(path).astype(shown.dtypes), shown)
    assert rewritten(path, tmp_path / "again") != path.read_bytes()


def test_every_file_is_made_of_what_it_shows_and_of_nothing_else(
    files: dict[str, Path], tmp_path: Path
) -> None:
    for name, path in files.items():
        assert rewritten(path, tmp_path) == path.read_bytes(), name


def test_a_csv_shows_the_same_numbers_as_its_parquet(files: dict[str, Path]) -> None:
    for name in ("validation_example_preds", "live_example_preds"):
        table = pd.read_parquet(files[f"{name}.parquet"])
        with files[f"{name}.csv"].open(newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["id", "prediction"]
        assert [row for row, _ in rows[1:]] == table.index.tolist()
        assert [float(value) for _, value in rows[1:]] == table["prediction"].tolist()


def hides_bits(table: pd.DataFrame) -> list[str]:
    """Columns with a bit that bins, or ranks of `SMALL.stocks` rows, do not give."""
    found = []
    for name, values in table.items():
        kind, numbers = str(name), values.to_numpy()
        if kind in ("era", "data_type"):
            continue
        if kind.startswith("feature_"):
            is_plain = numbers.dtype == np.int8 and numbers.min() >= 0 and numbers.max() <= 4
        elif kind.startswith("target"):
            is_plain = set(numbers.view(np.uint32).tolist()) <= {*BIN_BITS, NAN_BITS}
        else:
            halves = np.rint(numbers * (2 * SMALL.stocks))
            is_plain = np.array_equal(halves / 2 / SMALL.stocks, numbers)
        if not is_plain:
            found.append(kind)
    return found


def test_no_number_has_a_bit_that_its_bin_or_rank_does_not_give(files: dict[str, Path]) -> None:
    shown = tables(files)
    train, meta = shown["train"].copy(), shown["meta_model"].copy()
    secret = np.arange(len(meta)) % 2 == 1
    column = meta["numerai_meta_model"]
    meta["numerai_meta_model"] = np.where(secret, np.nextafter(column, 1), column)
    assert hides_bits(meta) == ["numerai_meta_model"]  # the last of 52 bits would be seen
    zeros = train["target_jasper_20"] == 0
    train.loc[zeros, "target_jasper_20"] = np.float32(-0.0)
    payload = np.array([NAN_BITS | 5], dtype=np.uint32).view(np.float32)[0]
    train["target_victor_60"] = np.full(len(train), payload)
    assert hides_bits(train) == ["target_jasper_20", "target_victor_60"]
    for name, table in shown.items():
        assert hides_bits(table) == [], name
