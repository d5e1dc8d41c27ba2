"""Whether a parquet file is sound and of a plausible size, before anything of it is believed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.errors import FileDamaged, FileForeign
from numeri_cli.files import disk_error

MOST_ROWS = 100_000_000  # all eras of an archive have 3 million
MOST_COLUMNS = 50_000  # a data version has 3,600
MOST_ROWS_A_BYTE = 64  # a column of one value has few bytes, but each row has an id of its own
READ_BYTES = 256_000_000  # decoded; the pages of a file up to that are read in under a second
READ_CELLS = 40_000_000


def check_parquet(path: Path) -> None:
    """Read a file's footer and, where the file is small, every page of it.

    Raises FileDamaged where something cannot be read, FileForeign for sizes that no file of the
    tournament has, DiskError.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            require_plausible(file.metadata, path)
            groups = range(file.metadata.num_row_groups)
            decoded = sum(file.metadata.row_group(group).total_byte_size for group in groups)
            cells = file.metadata.num_rows * file.metadata.num_columns
            if decoded <= READ_BYTES and cells <= READ_CELLS:
                for group in groups:
                    file.read_row_group(group).validate(full=True)
    except OSError as error:
        if error.errno is None:
            raise _damaged(path) from error
        raise disk_error(error, path) from error
    except (pa.ArrowException, ValueError, KeyError, OverflowError, MemoryError) as error:
        raise _damaged(path) from error


def require_plausible(metadata: pq.FileMetaData, path: Path) -> None:
    """Raise FileForeign for more rows or columns than any file of the tournament has.

    The few bytes of a footer can promise more rows than memory holds.
    """
    size_bytes = path.stat().st_size
    rows, columns = metadata.num_rows, metadata.num_columns
    if rows > MOST_ROWS or rows > MOST_ROWS_A_BYTE * size_bytes:
        raise _foreign(path, f"says it has {rows:,} rows in {size_bytes:,} bytes")
    if columns > MOST_COLUMNS:
        raise _foreign(path, f"says it has {columns:,} columns")


def _foreign(path: Path, reason: str) -> FileForeign:
    return FileForeign(
        f"{path} {reason}, which no file of the tournament has",
        hint="look where it came from; `numeri download` brings the tournament's own",
    )


def _damaged(path: Path) -> FileDamaged:
    return FileDamaged(
        f"{path} has pages or a footer that cannot be read",
        hint=f"`numeri download --force {path.name}` brings it again, if it came from there",
    )
