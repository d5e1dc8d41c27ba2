"""Runs a module or a script as if it were called by itself, and writes down its peak memory.

    python tests/benchmarks/weighed.py FILE -m MODULE WORDS…
    python tests/benchmarks/weighed.py FILE SCRIPT WORDS…

FILE gets VmHWM in MB: that of this process alone, which getrusage of a parent cannot tell.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run, then weigh, however it ended."""
    note, words = Path(sys.argv[1]), sys.argv[2:]
    try:
        if words[0] == "-m":
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
    finally:
        status = Path("/proc/self/status").read_text()
        peak_kb = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        note.write_text(str(int(peak_kb.split()[1]) / 1024))


if __name__ == "__main__":
    main()
