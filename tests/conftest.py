"""What every test stands on: a home of its own, no network beyond this machine, 80 columns."""

from __future__ import annotations

import gc
import ipaddress
import socket
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import WorkStealingScheduling

from tests.support.runner import KEY_VARIABLES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as a note: figures that are worth a look even where all is well."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "note" and report.when == "call":
                terminalreporter.write_line(str(value))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests that mostly wait in two rows, which two workers go through beside the others.

    Each of four workers begins with a quarter of the list. Spread among all of them, waiting tests
    were met by all workers at about the same time, and the machine stood still; in one row they
    were left for the end, and in two of the same length too few were at work at first. What takes
    minutes begins first, of those that work as of those that wait, or else everybody would wait for
    it.
    """
    marked = {item: {mark.name for mark in item.iter_markers()} for item in items}
    long = [item for item in items if {"long"} == marked[item] & {"long", "waits"}]
    waiting = sorted(
        (item for item in items if "waits" in marked[item]),
        key=lambda item: "long" not in marked[item],
    )
    apart = {*long, *waiting}
    others = [item for item in items if item not in apart]
    third, fourth = len(items) // 2 - len(long), len(items) * 3 // 4 - len(long)
    short = waiting[2::3]
    rows = [one for one in waiting if one not in short], short
    fourth = max(0, fourth - len(rows[0]))
    third = max(0, min(third, fourth))
    items[:] = [
        *long,
        *others[:third],
        *rows[0],
        *others[third:fourth],
        *rows[1],
        *others[fourth:],
    ]


def pytest_collection_finish() -> None:
    """What was imported stays to the end: without it each full collection looks at less."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WorkStealingScheduling:
    """Idle workers take over from busy ones; in fixed shares the last was minutes behind."""
    return WorkStealingScheduling(config, log)


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = address[0]
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh NUMERI_HOME, a fresh current directory, no keys in the environment."""
    root = tmp_path / "home"
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("NUMERI_HOME", str(root))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # locks that homes share
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    return root


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise AssertionError(f"a test wanted to reach {address!r}")
        real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
