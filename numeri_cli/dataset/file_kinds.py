"""What a file is by its first bytes, whatever it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from numeri_cli.errors import FileForeign

TableKind = Literal["csv", "parquet"]

HEAD_BYTES = 64
_PARQUET = b"PAR1"
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"ARROW1", "an Arrow file, also called Feather"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "an array of numpy"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def table_kind(path: Path, head: bytes) -> TableKind:
    """Whether a file is parquet or text of which CSV may be read.

    head: its first bytes; HEAD_BYTES are enough
    Raises FileForeign, in words, for a kind of file that is neither.
    """
    if head.startswith(_PARQUET):
        return "parquet"
    found = _foreign_kind(head)
    if found is not None:
        raise FileForeign(
            f"{path} is {found}, whatever its name says",
            hint="it has to be CSV text, in UTF-8 and with commas, or parquet: write it as one",
        )
    return "csv"


def _foreign_kind(head: bytes) -> str | None:
    """Words for a kind of file that holds no table for us; None where it may be CSV."""
    for sign, words in _FOREIGN:
        if head.startswith(sign):
            return words
    if len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return "a pickle of Python"
    first = head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    return {b"<": "a web page or XML", b"{": "JSON", b"[": "JSON"}.get(first)
