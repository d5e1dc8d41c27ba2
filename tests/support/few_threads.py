"""Start a program that may have few threads at a time: `few_threads.py COUNT PROGRAM WORDS…`.

The limit counts what one user runs, so the program is started as a user who runs nothing else, but
with the rights of root over files. Only root can do that.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_USER = 54321
_DROP_FROM_BOUNDS = 24
_RIGHTS_TO_EXCEED = (21, 24)  # CAP_SYS_ADMIN, CAP_SYS_RESOURCE


def main(count: int, words: list[str]) -> None:
    """Become the program."""
    library = ctypes.CDLL(None)
    for right in _RIGHTS_TO_EXCEED:
        if library.prctl(_DROP_FROM_BOUNDS, right, 0, 0, 0):
            sys.exit("this system lets nobody give up rights")
    os.setresuid(_USER, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (count, count))
    os.execv(words[0], words)  # noqa: S606 - the test names the program


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
