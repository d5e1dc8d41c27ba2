"""A timer of the system that ends this process with an exit code, whatever Python is doing.

A thread of Python cannot: native code that holds Python's lock lets none of them run.
"""

from __future__ import annotations

import ctypes
import sys
import time

_CLOCK_MONOTONIC = 1
_SIGEV_THREAD = 2


class _Notification(ctypes.Structure):
    """`struct sigevent` of Linux; the value is what the function is called with."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("manner", ctypes.c_int),
        ("function", ctypes.c_void_p),
        ("attributes", ctypes.c_void_p),
        ("padding", ctypes.c_char * 32),
    )


class _Times(ctypes.Structure):
    """`struct itimerspec`: how often again, and when first, each in seconds and nanoseconds."""

    _fields_ = (
        ("again_seconds", ctypes.c_long),
        ("again_nanoseconds", ctypes.c_long),
        ("first_seconds", ctypes.c_long),
        ("first_nanoseconds", ctypes.c_long),
    )


class ExitTimer:
    """Calls the C library's `_exit` at a moment; where a system has no such timer, nothing does.

    A forked process does not have it.
    """

    def __init__(self, exit_code: int) -> None:
        self._timer = ctypes.c_void_p()
        self._library = _library()
        if self._library is None:
            return
        ending = ctypes.cast(self._library._exit, ctypes.c_void_p)
        asked = _Notification(value=exit_code, manner=_SIGEV_THREAD, function=ending.value)
        made = self._library.timer_create(
            _CLOCK_MONOTONIC, ctypes.byref(asked), ctypes.byref(self._timer)
        )
        if made != 0:  # short of timers or threads: whoever watches the process ends it then
            self._library = None

    def set(self, at: float | None) -> None:
        """End the process at this moment of the monotonic clock; None: never."""
        if self._library is None:
            return
        left = 0.0 if at is None else max(at - time.monotonic(), 1e-3)
        times = _Times(0, 0, int(left), int(left % 1 * 1e9))
        self._library.timer_settime(self._timer, 0, ctypes.byref(times), None)

    def close(self) -> None:
        """Take the timer back."""
        if self._library is not None:
            self._library.timer_delete(self._timer)
            self._library = None


def _library() -> ctypes.CDLL | None:
    """The C library, where it has timers that call a function; None elsewhere, as on macOS."""
    if sys.platform != "linux":
        return None
    for name in (None, "librt.so.1"):  # older ones keep them apart
        try:
            found = ctypes.CDLL(name, use_errno=True)
            found.timer_create.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            found.timer_settime.argtypes = (
                ctypes.c_void_p,
                ctypes.c_int,
                ctypes.c_void_p,
                ctypes.c_void_p,
            )
            found.timer_delete.argtypes = (ctypes.c_void_p,)
        except (OSError, AttributeError):
            continue
        return found
    return None
