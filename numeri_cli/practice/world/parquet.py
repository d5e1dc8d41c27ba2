"""The dataset files, in the real layout, with nothing in them that is not meant to be seen.

Every byte of a file follows from the table it shows (tests/practice/test_file_leaks.py). What can
be found out all the same, since the table tells it (test_leaks_by_nature.py; the default world):

    a row is likest to the row of the same stock, 1 and 4 weeks later     1.00, 1.00
    and to its row 13, 26, 52 weeks later                                 0.99, 0.58, 0.08
    two stocks of a country are likelier to have one move of
      target_teager2b_20 less target_ender_20: by 1 era, by 45 followed   0.51, 0.81
    two stocks of a sector are likelier to be alike: 1 era, 45 followed   0.58, 0.60
    seeds that can be tried a second, whose ids would be those of a file  20,000

The last two pairs are shares of pairs told apart rightly, 0.5 by chance. So a small seed is no
secret, and stocks have no names but can be followed for a season.

Scores tell by nature, too (test_wire_leaks.py; 100 stocks). A submission that lifts one id above
all others, which are equal, makes its daily MMC that id's: the target so far of one id of a round
that is closed, all bins on all days right, for the price of a model's submission. A late one is
found again under the next round's ids by its score with the meta model, among 5 of 100.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.files import atomic_file, atomic_path, write_text
from numeri_cli.practice.market.features import FeatureArray

VERSION = "v5.3"
ERAS_PER_ROW_GROUP = 25
CELLS_PER_ROW_GROUP = 100_000_000  # fewer eras where they are large
FloatColumn = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class DataRows:
    """One era as the files show it; rows are in the files' order.

    features: (features, rows); targets: (targets, rows) float32, NaN where unresolved
    """

    era: int
    data_type: str
    ids: npt.NDArray[np.str_]
    features: FeatureArray
    targets: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class PredictionRows:
    """Predictions of one era, rows in the files' order; columns: (columns, rows) in (0, 1]."""

    era: int
    data_type: str
    ids: npt.NDArray[np.str_]
    columns: FloatColumn


def write_features_json(
    path: Path, *, sets: dict[str, tuple[str, ...]], targets: Sequence[str]
) -> None:
    """What the columns are called and which belong together."""
    content = {"feature_sets": {name: list(names) for name, names in sets.items()}}
    write_text(path, json.dumps({**content, "targets": list(targets)}, indent=1) + "\n")


def write_data(
    path: Path,
    eras: Iterable[DataRows],
    *,
    features: Sequence[str],
    targets: Sequence[str],
) -> None:
    """train, validation or live: era, data_type, features as int8, targets as float32, id."""
    schema = _schema(
        [
            ("era", pa.string()),
            ("data_type", pa.string()),
            *((name, pa.int8()) for name in features),
            *((name, pa.float32()) for name in targets),
        ]
    )
    with atomic_path(path) as temporary, _writer(temporary, schema) as writer:
        for group in _groups(eras, columns=len(features)):
            feature_block = np.concatenate([rows.features for rows in group], axis=1)
            target_block = np.concatenate([rows.targets for rows in group], axis=1)
            columns = [
                *_labels(group),
                *(pa.array(values) for values in feature_block),
                *(pa.array(values) for values in target_block),
                _ids(group),
            ]
            table = pa.Table.from_arrays(columns, schema=schema)
            writer.write_table(table, row_group_size=len(table))


def write_predictions(
    path: Path, eras: Iterable[PredictionRows], *, columns: Sequence[str], data_type: bool = False
) -> None:
    """Benchmarks and the meta model: era, perhaps data_type, columns as float64, id."""
    labels = ["era", "data_type"] if data_type else ["era"]
    schema = _schema(
        [*((name, pa.string()) for name in labels), *((name, pa.float64()) for name in columns)]
    )
    with atomic_path(path) as temporary, _writer(temporary, schema) as writer:
        for group in _groups(eras):
            block = np.concatenate([rows.columns for rows in group], axis=1)
            arrays = [
                *_labels(group)[: len(labels)],
                *(pa.array(values) for values in block),
                _ids(group),
            ]
            table = pa.Table.from_arrays(arrays, schema=schema)
            writer.write_table(table, row_group_size=len(table))


def write_example(folder: Path, name: str, *, eras: Sequence[PredictionRows]) -> None:
    """An example of a submission, as parquet and CSV; the first column is the prediction."""
    schema = _schema([("prediction", pa.float64())])
    path = folder / f"{name}.parquet"
    with atomic_path(path) as temporary, _writer(temporary, schema) as writer:
        for group in _groups(eras):
            block = np.concatenate([rows.columns[0] for rows in group])
            table = pa.Table.from_arrays([pa.array(block), _ids(group)], schema=schema)
            writer.write_table(table, row_group_size=len(table))
    with atomic_file(folder / f"{name}.csv") as file:
        file.write(b"id,prediction\n")
        for rows in eras:
            pairs = zip(rows.ids.tolist(), rows.columns[0].tolist(), strict=True)
            file.write("".join(f"{row},{value!r}\n" for row, value in pairs).encode())


def _groups(eras: Iterable[Any], *, columns: int = 1) -> Iterator[list[Any]]:
    """The eras, so many to a row group."""
    iterator = iter(eras)
    for first in iterator:
        most = CELLS_PER_ROW_GROUP // max(1, columns * len(first.ids))
        yield [first, *islice(iterator, max(0, min(ERAS_PER_ROW_GROUP, most) - 1))]


def _labels(group: Sequence[DataRows] | Sequence[PredictionRows]) -> list[pa.Array]:
    """The columns era and data_type."""
    eras = [np.repeat(f"{rows.era:04d}", len(rows.ids)) for rows in group]
    types = [np.repeat(rows.data_type, len(rows.ids)) for rows in group]
    return [pa.array(np.concatenate(eras)), pa.array(np.concatenate(types))]


def _ids(group: Sequence[DataRows] | Sequence[PredictionRows]) -> pa.Array:
    return pa.array(np.concatenate([rows.ids for rows in group]))


def _schema(columns: Sequence[tuple[str, pa.DataType]]) -> pa.Schema:
    """The columns and the id, marked as the index that pandas restores."""
    import pandas as pd

    schema = pa.schema([*columns, ("id", pa.string())])
    frame = schema.empty_table().to_pandas().set_index("id")
    marked = pa.Schema.from_pandas(pd.DataFrame(frame), preserve_index=True)
    return schema.with_metadata({b"pandas": marked.metadata[b"pandas"]})


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Row by row the same bytes from the same rows: everything that could vary is set."""
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="snappy",
        use_dictionary=[field.name for field in schema if field.name != "id"],
        write_statistics=False,
        store_schema=True,
    )
