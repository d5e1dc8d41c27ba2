"""Whether a file that arrives is what its name says, as far as its size and frame can tell."""

from __future__ import annotations

import json
from pathlib import Path

from numeri_cli.errors import TransferCorrupt

_MAGIC = b"PAR1"
LARGEST_JSON_BYTES = 64_000_000  # features.json has 1 MB
LARGEST_LIVE_BYTES = 2_000_000_000  # a round's rows have 10 MB
LARGEST_FILE_BYTES = 100_000_000_000  # all of an archive's rows have 8 GB
_GROWTH, _SPARE_BYTES = 4, 64_000_000  # from one round, or data version, to the next
_SMALLEST_PARQUET = 12  # the magic at both ends and the length of the footer


def check_content(path: Path, *, name: str) -> None:
    """Raises TransferCorrupt for an empty file, a cut parquet file, JSON that is none; OSError.

    name: the file's own name, which tells its kind
    """
    size = path.stat().st_size
    if size == 0:
        raise _corrupt(name, "is empty")
    if size > most_bytes(name):
        raise _corrupt(name, f"has {size:,} bytes, more than any such file")
    if name.endswith(".parquet"):
        _check_parquet(path, name=name, size=size)
    elif name.endswith(".json"):
        try:
            json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise _corrupt(name, "is no JSON") from error


def most_bytes(name: str) -> int:
    """More bytes than this no file of such a name has."""
    if name.endswith(".json"):
        return LARGEST_JSON_BYTES
    return LARGEST_LIVE_BYTES if name.startswith("live") else LARGEST_FILE_BYTES


def most_untold_bytes(name: str, *, earlier_bytes: int | None) -> int:
    """More bytes than this are not taken of a body that does not tell its length.

    earlier_bytes: the size of this file when it was last here
    """
    if earlier_bytes is None:
        return most_bytes(name)
    return min(most_bytes(name), _GROWTH * earlier_bytes + _SPARE_BYTES)


def unreadable(name: str) -> TransferCorrupt:
    """The error for a file that a reader gave up on."""
    return _corrupt(name, "cannot be read")


def _check_parquet(path: Path, *, name: str, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
        file.seek(max(0, size - 8))
        tail = file.read(8)
    if size < _SMALLEST_PARQUET or head != _MAGIC or tail[4:] != _MAGIC:
        raise _corrupt(name, "is no parquet file, or only a part of one")
    if int.from_bytes(tail[:4], "little") > size - _SMALLEST_PARQUET:
        raise _corrupt(name, "has a damaged footer")


def _corrupt(name: str, what: str) -> TransferCorrupt:
    return TransferCorrupt(
        f"{name} as it arrived {what}", hint="it was thrown away; run the same command again"
    )
