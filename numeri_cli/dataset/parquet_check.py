"""Whether a parquet file is sound and of a plausible size, before anything of it is believed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from numeri_cli.errors import FileDamaged, FileForeign
from numeri_cli.files import disk_error

MOST_ROWS = 100_000_000  # all eras of an archive have 3 million
MOST_COLUMNS = 50_000  # a data version has 3,600
MOST_ROWS_A_BYTE = 64  # a column of one value has few bytes, but each row has an id of its own
READ_BYTES = 256_000_000  # decoded; the pages of a file up to that are read in under a second
READ_CELLS = 40_000_000
MOST_TEXT_BYTES = 2_000_000_000  # ids of 20 bytes for ten times the rows of an archive
_TEXTS = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
TEXTS = ("id", "era", "data_type", "__index_level_0__")
TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary())
NUMBERS = ("feature_", "target")


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
                require_bounded_texts(path, file.metadata)
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


def require_bounded_texts(path: Path, metadata: pq.FileMetaData) -> None:
    """Raise FileForeign where columns of text would take more memory than MOST_TEXT_BYTES.

    A text that stands in a dictionary once may be named by every row: some megabytes of a file
    become any number. Where that could be, its texts are measured in the dictionary. Raises what
    pyarrow raises.
    """
    named = {
        column.path_in_schema
        for group in range(metadata.num_row_groups)
        for column in map(metadata.row_group(group).column, range(metadata.num_columns))
        if column.physical_type in _TEXTS
        and column.dictionary_page_offset is not None
        and column.total_uncompressed_size * metadata.num_rows > MOST_TEXT_BYTES
    }
    if not named:
        return
    total = 0
    with pq.ParquetFile(path, read_dictionary=sorted(named)) as file:
        for group in range(file.num_row_groups):
            for column in file.read_row_group(group, columns=sorted(named)).columns:
                total += sum(map(_text_bytes, column.chunks))
                if total > MOST_TEXT_BYTES:
                    raise _foreign(path, f"has texts of more than {MOST_TEXT_BYTES:,} bytes")


def _text_bytes(chunk: pa.Array) -> int:
    """How many bytes the texts of a chunk have, each counted as often as it is named."""
    if not pa.types.is_dictionary(chunk.type):
        return int(chunk.nbytes)
    lengths = pc.binary_length(chunk.dictionary).take(chunk.indices).cast(pa.int64())
    return int(pc.sum(lengths).as_py() or 0)


def require_usual_columns(schema: pa.Schema, path: Path) -> None:
    """Raise FileForeign for a column that holds another kind of thing than it should.

    Ids, eras and data types are read as texts, features and targets as numbers.
    """
    for field in schema:
        if field.name in TEXTS and not _is_text(field.type):
            raise _foreign(path, f"has {field.type} in {field.name} instead of texts")
        if field.name.startswith(NUMBERS) and not _is_number(field.type):
            raise _foreign(path, f"has {field.type} in {field.name[:60]} instead of numbers")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return _is_number(kind) or kind in TEXT_TYPES


def _is_number(kind: pa.DataType) -> bool:
    kinds = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_null,
    )
    return any(is_kind(kind) for is_kind in kinds)


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
