"""The command line in a process that strace watches: before a system call it tells where it is.

python -m tests.faults.traced WORDS…

It waits until somebody traces it. Whenever another function of ours is entered or left, the thread
asks for the permissions of a file that cannot be there, whose name holds the functions of ours
that are at work: in strace's record, this stands before each call that they make.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from numeri_cli.__main__ import main as numeri

PACKAGE = str(Path(sys.modules["numeri_cli"].__file__ or "").parent) + "/"
MARK = "/at/"
BETWEEN = ">"
LONGEST_SECONDS = 120.0
_last = threading.local()


def hear(frame: FrameType, event: str, argument: Any) -> Any:
    """The trace function: of frames of ours entering and leaving, of others nothing."""
    if not frame.f_code.co_filename.startswith(PACKAGE):
        return None
    frame.f_trace_lines = False
    _tell(frame if event == "call" else frame.f_back)
    return hear


def _tell(frame: FrameType | None) -> None:
    stack: list[str] = []
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PACKAGE):
            stack.append(f"{name.removeprefix(PACKAGE).replace('/', '.')}:{frame.f_code.co_name}")
        frame = frame.f_back
    place = BETWEEN.join(reversed(stack))
    if getattr(_last, "place", None) != place:
        _last.place = place
        os.access(f"{MARK}{place}", os.F_OK)


def await_tracer() -> None:
    """Return as soon as somebody traces this process."""
    until = time.monotonic() + LONGEST_SECONDS
    while "\nTracerPid:\t0\n" in Path("/proc/self/status").read_text():
        if time.monotonic() > until:
            sys.exit("nobody traces this process")
        time.sleep(0.002)


if __name__ == "__main__":
    await_tracer()
    threading.settrace(hear)
    sys.settrace(hear)
    code = numeri()
    sys.settrace(None)
    sys.exit(code)
