"""Parquet files with something wrong in bytes, footer, schema or cells."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.accidents import mangled_bytes

FOOTER_END = 8  # the footer's length and the magic word
ODD_TYPES = (
    pa.float64(), pa.float32(), pa.float16(), pa.int64(), pa.int8(), pa.uint64(), pa.string(),
    pa.large_string(), pa.binary(), pa.bool_(), pa.null(), pa.timestamp("s"), pa.date32(),
    pa.decimal128(38, 20), pa.dictionary(pa.int32(), pa.string()), pa.list_(pa.int8()),
    pa.struct([("x", pa.int8())]),
)  # fmt: skip
ODD_CELLS: tuple[Any, ...] = (None, float("nan"), float("inf"), -1e308, -1, 0, 127, 2**62, "", "x")


def mangled_parquet(content: bytes, chance: random.Random) -> bytes:
    """A file whose bytes, footer, columns or cells are not what they were."""
    kind = chance.random()
    if kind < 0.25:
        return mangled_bytes(content, chance)
    if kind < 0.5:
        return _with_another_footer(content, chance)
    table = pq.read_table(io.BytesIO(content))
    for _ in range(chance.choice([1, 1, 2, 3])):
        accident = chance.choice(_TABLE_ACCIDENTS)
        try:
            table = accident(table, chance)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            continue  # this table cannot have that
    return _written(table, chance, otherwise=content)


def _with_another_footer(content: bytes, chance: random.Random) -> bytes:
    """Accidents where the sizes, types and offsets of the pages are told."""
    length = int.from_bytes(content[-FOOTER_END:-4], "little")
    start = max(0, len(content) - FOOTER_END - length)
    footer = bytearray(content[start:-FOOTER_END])
    for _ in range(chance.choice([1, 1, 2, 5])):
        if not footer:
            break
        at = chance.randrange(len(footer))
        footer[at] = chance.choice([0, 1, 0x15, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    told = chance.choice([length] * 9 + [chance.randrange(2**32)])
    return content[:start] + bytes(footer) + told.to_bytes(4, "little") + content[-4:]


def _written(table: pa.Table, chance: random.Random, *, otherwise: bytes) -> bytes:
    sink = io.BytesIO()
    try:
        pq.write_table(
            table,
            sink,
            compression=chance.choice(["none", "snappy", "gzip", "zstd"]),
            row_group_size=chance.choice([None, None, 7, 100]),
            use_dictionary=chance.choice([True, False]),
            version=chance.choice(["1.0", "2.6"]),
            store_schema=chance.choice([True, True, False]),
        )
    except (pa.ArrowException, ValueError):
        return otherwise
    return sink.getvalue()


def _column(table: pa.Table, chance: random.Random) -> int:
    """Often one of the few that matter."""
    few = [at for at, name in enumerate(table.column_names) if not name.startswith("feature")]
    return chance.choice([chance.randrange(table.num_columns), *few[:3]])


def _cast(table: pa.Table, chance: random.Random) -> pa.Table:
    at, kind = _column(table, chance), chance.choice(ODD_TYPES)
    try:
        column = table.column(at).cast(kind)
    except (pa.ArrowException, ValueError, OverflowError):
        column = pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table.set_column(at, table.column_names[at], column)


def _cells(table: pa.Table, chance: random.Random) -> pa.Table:
    at = _column(table, chance)
    values = table.column(at).to_pylist()
    for _ in range(chance.choice([1, 3, len(values)])):
        values[chance.randrange(len(values))] = chance.choice(ODD_CELLS)
    return table.set_column(at, table.column_names[at], pa.array(values))


def _renamed(table: pa.Table, chance: random.Random) -> pa.Table:
    names = list(table.column_names)
    at = _column(table, chance)
    names[at] = chance.choice([*names, "", "id", "era", "x", "\x1b[2J", "a" * 5_000])
    return table.rename_columns(names)


def _dropped(table: pa.Table, chance: random.Random) -> pa.Table:
    return table.remove_column(_column(table, chance))


def _twice(table: pa.Table, chance: random.Random) -> pa.Table:
    at = _column(table, chance)
    return table.append_column(table.column_names[at], table.column(at))


def _rows(table: pa.Table, chance: random.Random) -> pa.Table:
    kind = chance.randrange(4)
    if kind == 0:
        return table.slice(0, chance.choice([0, 1, 2, 50]))
    if kind == 1:
        return pa.concat_tables([table, table.slice(0, chance.choice([1, 10]))])
    if kind == 2:
        order = list(range(table.num_rows))
        chance.shuffle(order)
        return table.take(order)
    return table.take([0] * chance.choice([2, 200, 20_000]))


def _notes(table: pa.Table, chance: random.Random) -> pa.Table:
    notes = dict(table.schema.metadata or {}) or {b"pandas": b"{}"}
    name = chance.choice(sorted(notes))
    notes[name] = mangled_bytes(notes[name], chance)
    return table.replace_schema_metadata(notes)


_TABLE_ACCIDENTS: tuple[Callable[[pa.Table, random.Random], pa.Table], ...] = (
    _cast, _cast, _cells, _cells, _renamed, _dropped, _twice, _rows, _notes,
)  # fmt: skip
