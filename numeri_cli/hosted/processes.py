"""Processes of the sandbox: started alone, without the network, their memory looked at."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_TRY_SECONDS = 30
# as oneself made root of a namespace, or as root already
_WAYS = (("--user", "--map-root-user", "--net"), ("--net",))


def cut_network() -> tuple[str, ...]:
    """The words before a program that start it without a network; empty where that cannot be."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    for way in _WAYS:
        try:
            done = subprocess.run(  # noqa: S603 - a program of the system
                [unshare, *way, "true"],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_TRY_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return (unshare, *way, "--")
    return ()


@contextmanager
def alone(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], errors: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, which ends with the block and all that it has started."""
    process = subprocess.Popen(  # noqa: S603 - the interpreter of an environment, and our script
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()


def peak_bytes(process_id: int) -> int:
    """The most memory that a process has had at once; of macOS what it has now. 0: not known."""
    if sys.platform == "darwin":
        return _resident_bytes(process_id)
    try:
        status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _resident_bytes(process_id: int) -> int:
    done = subprocess.run(  # noqa: S603 - a program of the system
        ["/bin/ps", "-o", "rss=", "-p", str(process_id)],
        capture_output=True,
        text=True,
        check=False,
    )
    words = done.stdout.split()
    return int(words[0]) * 1024 if words and words[0].isdecimal() else 0
