"""The disk set to work on what was just written, so that the last sync has little left to do."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_BEGIN = 2  # SYNC_FILE_RANGE_WRITE: begin to write what is dirty, wait for none of it


def begin_writeback(file: int, *, start: int, end: int) -> None:
    """Have the disk begin with these bytes of an open file; where it cannot, nothing happens.

    Promises nothing: what is to be safe has to be synced, which also tells of errors of this.
    """
    if _sync_file_range is not None:
        _sync_file_range(file, start, end - start, _BEGIN)


def _found() -> Callable[[int, int, int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found = getattr(ctypes.CDLL(None), "sync_file_range", None)  # other threads go on meanwhile
    if found is None:
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    found.restype = ctypes.c_int
    call: Callable[[int, int, int, int], int] = found
    return call


_sync_file_range = _found()
