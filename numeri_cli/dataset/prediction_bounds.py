"""How large a prediction file may be, judged before it is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from numeri_cli.dataset.parquet_check import (
    MOST_COLUMNS,
    require_bounded_texts,
    require_plausible,
)
from numeri_cli.errors import FileForeign

MOST_ROWS = 20_000_000  # all eras that a data version has targets for are 7 million
MOST_BYTES = 4_000_000_000
MOST_HEADER_BYTES = 2_000_000
_BLOCK_BYTES = 1 << 23


def require_bounded_csv(path: Path) -> None:
    """Raise FileForeign for more bytes, columns or rows than any prediction file has; OSError."""
    _require_bytes(path, path.stat().st_size)
    with path.open("rb") as file:
        header = file.readline(MOST_HEADER_BYTES + 1).partition(b"\r")[0]
        if len(header) > MOST_HEADER_BYTES:
            raise _too_much(path, f"a first line of more than {MOST_HEADER_BYTES:,} bytes")
        columns = header.count(b",") + 1
        if columns > MOST_COLUMNS:
            raise _too_much(path, f"{columns:,} columns")
        if path.stat().st_size <= 2 * MOST_ROWS:  # a row has two bytes at least
            return
        rows = 0
        while block := file.read(_BLOCK_BYTES):
            rows += block.count(b"\n")
            if rows > MOST_ROWS:
                raise _too_much(path, f"more than {MOST_ROWS:,} rows")


def require_bounded_parquet(path: Path, metadata: pq.FileMetaData) -> None:
    """Raise FileForeign for more rows, columns or decoded bytes than any prediction file has."""
    require_plausible(metadata, path)
    if metadata.num_rows > MOST_ROWS:
        raise _too_much(path, f"{metadata.num_rows:,} rows")
    groups = range(metadata.num_row_groups)
    _require_bytes(path, sum(metadata.row_group(group).total_byte_size for group in groups))
    require_bounded_texts(path, metadata)


def _require_bytes(path: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise _too_much(path, f"{size:,} bytes")


def _too_much(path: Path, what: str) -> FileForeign:
    return FileForeign(
        f"{path} has {what}, more than any prediction file",
        hint="a prediction file has a row for each id: the columns id and prediction",
    )
