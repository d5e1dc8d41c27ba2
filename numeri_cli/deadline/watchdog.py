"""The process that outlives a command which hangs: ends it, speaks in its place, has it told.

It is started as a script of its own and imports nothing of the program, so that it costs next to
nothing. On its standard input it gets orders, a line of JSON each; the last one counts:

- at: when the command has to be gone, by the monotonic clock, in seconds; null for never
- stdout, stderr: what is written in its place, once it is gone
- tell: the words of a program that tells others of it; facts: what that one reads
- deaf: the same four for a command that SIGTERM cannot reach, as native code holds Python's lock
- bye: the command has ended by itself
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

ITSELF_SECONDS = 1.5  # so long the command has to end itself, with its exit code
GONE_SECONDS = 30.0  # a process that waits for a disk is not gone at once
LOOK_SECONDS, SHORT_LOOK_SECONDS = 5.0, 0.2
DEAF_SECONDS = 4.0  # so long after SIGTERM a command is deaf that has not heard of it
ORDERS, OUTPUT, TALK = 0, 1, 2


def main(command: int, ears: int) -> None:
    """Watch the process of this number, which started this one, until it is gone.

    ears: a socket from which it reads the numbers of signals as they come; below 0 for none
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever stops the command does not mean this one
    words = _watched(command, socket.socket(fileno=ears) if ears >= 0 else None)
    if words is not None:
        _speak(words)


def _watched(command: int, ears: socket.socket | None) -> dict[str, Any] | None:
    """The words of a command that had to be ended; None where it ended before."""
    order: dict[str, Any] = {}
    pending, unheard, since = b"", b"", 0.0
    while os.getppid() == command:
        at, now = order.get("at"), time.monotonic()
        left = LOOK_SECONDS if at is None else at + ITSELF_SECONDS - now
        if signal.SIGTERM in unheard and now - since >= DEAF_SECONDS:
            _end(command)
            deaf: dict[str, Any] | None = order.get("deaf")
            return deaf
        if left <= 0:
            _end(command)
            break
        sources: list[Any] = [ORDERS] if ears is None or unheard else [ORDERS, ears]
        pause = min(left, SHORT_LOOK_SECONDS if unheard else LOOK_SECONDS)
        ready = select.select(sources, [], [], pause)[0]
        since = since if unheard else time.monotonic()
        unheard = _unheard(ears)
        if ORDERS not in ready:
            continue
        content = os.read(ORDERS, 1 << 16)
        if not content:  # the command is gone
            break
        *lines, pending = (pending + content).split(b"\n")
        for line in lines:
            order = json.loads(line)
        if order.get("bye"):
            return None
    at = order.get("at")
    return order if at is not None and time.monotonic() >= at else None


def _unheard(ears: socket.socket | None) -> bytes:
    """The numbers of signals that came, and that the command's Python has not come to read."""
    if ears is None:
        return b""
    try:
        return ears.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:  # there is nothing to read
        return b""


def _end(command: int) -> None:
    with suppress(OSError):
        os.kill(command, signal.SIGKILL)
    until = time.monotonic() + GONE_SECONDS
    while os.getppid() == command and time.monotonic() < until:
        time.sleep(0.01)


def _speak(order: dict[str, Any]) -> None:
    """Write what the command would have written; then become the program that tells others."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor, name in ((TALK, "stderr"), (OUTPUT, "stdout")):
        with suppress(OSError):
            os.write(descriptor, order[name].encode("utf-8", "backslashreplace"))
        os.dup2(nowhere, descriptor)  # whoever reads the command's output need not wait for us
    if order["tell"]:
        reader, writer = os.pipe()
        os.write(writer, order["facts"].encode())  # less than a pipe holds
        os.close(writer)
        os.dup2(reader, ORDERS)
        os.execv(order["tell"][0], order["tell"])  # noqa: S606 - words of our own


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
