"""Takes the rest of the machine's files away from this process, where Linux can: Landlock.

A pickle runs whatever code is in it. What this leaves are the folders that are named, for this
process and all that it starts; nothing gives the rest back. The standard library alone is needed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on every processor
_VERSION = 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_ALL_OF_FIRST = (1 << 13) - 1
_TRUNCATE, _TRUNCATE_SINCE = 1 << 14, 3
_SCOPES, _SCOPES_SINCE = 3, 6  # no abstract sockets of others, no signals to others
_READS = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    ]


class _BelowPath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def confine(readable: list[str], writable: list[str]) -> bool:
    """Leave these folders and files to be read, and those to be written; whether it could be done.

    What is named and does not exist is passed over.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    handled = _ALL_OF_FIRST | (_TRUNCATE if version >= _TRUNCATE_SINCE else 0)
    scoped = version >= _SCOPES_SINCE
    ruleset = _Ruleset(handled, 0, _SCOPES if scoped else 0)
    size = ctypes.sizeof(ruleset) if scoped else 8
    rules = library.syscall(
        _CREATE, ctypes.byref(ruleset), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if rules < 0:
        return False
    try:
        given = [*((one, _READS) for one in readable), *((one, handled) for one in writable)]
        if not all(_allow(library, rules, path, rights) for path, rights in given):
            return False
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
            return False
        return bool(library.syscall(_RESTRICT, rules, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(rules)


def _allow(library: ctypes.CDLL, rules: int, path: str, rights: int) -> bool:
    """Add what may be done below a path to the rules."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        if not Path(path).is_dir():
            rights &= _OF_FILES
        rule = _BelowPath(rights, opened)
        added = library.syscall(
            _ADD, rules, ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0)
        )
        return bool(added == 0)
    finally:
        os.close(opened)
