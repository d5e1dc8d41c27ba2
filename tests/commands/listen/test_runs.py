"""Calls start runs: one at a time, one that waits, each with the trigger id of its call."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from numeri_cli.commands.listen.receiver import receiving
from numeri_cli.commands.listen.run_queue import RunQueue, WebhookCall
from numeri_cli.commands.listen.runs import run_calls
from numeri_cli.progress import SILENT
from tests.support.processes import await_truth
from tests.support.webhooks import post, replies_to

PATH = f"/{'w' * 43}"
# writes down that it was started, and for whom; ends once it may
RUN = """
import os, pathlib, sys, time
begun = pathlib.Path("begun")
with begun.open("a") as file:
    file.write(os.environ.get("TRIGGER_ID", "-") + "\\n")
until = time.monotonic() + 300
while not pathlib.Path("may-end").exists() and time.monotonic() < until:
    time.sleep(0.01)
"""


@contextmanager
def running(queue: RunQueue) -> Iterator[None]:
    """Runs of the queue's calls, in a thread that is left alone at the end."""
    words = [sys.executable, "-I", "-S", "-c", RUN]
    Path("begun").touch()
    threading.Thread(
        target=run_calls,
        args=(queue, words),
        kwargs={"output": os.open(os.devnull, os.O_WRONLY), "listener": SILENT},
        daemon=True,
    ).start()
    try:
        yield
    finally:
        Path("may-end").touch()


def begun() -> list[str]:
    return Path("begun").read_text().split()


def test_five_hundred_calls_at_once_start_one_run_and_queue_one() -> None:
    queue = RunQueue()
    places: list[str] = []

    def hear(trigger_id: str | None) -> None:
        places.append(queue.add(WebhookCall(trigger_id)))

    requests = [post(PATH, f'{{"triggerId": "t{number}"}}'.encode()) for number in range(500)]
    with running(queue), receiving(PATH, hear) as (_, port):
        answers = replies_to(port, requests)
        assert all(answer.startswith(b"HTTP/1.1 200 OK") for answer in answers)
        assert [places.count(place) for place in ("starts", "waits", "joins")] == [1, 1, 498]
        await_truth(begun, "a run")
        assert len(begun()) == 1
        Path("may-end").touch()
        await_truth(lambda: len(begun()) == 2, "the run that waited")
        assert queue.add(WebhookCall("last")) != "joins"  # nothing is left of the five hundred
        await_truth(lambda: begun()[-1] == "last", "the last run")
    assert len(begun()) == 3


def test_a_run_is_told_the_trigger_id_of_its_call_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRIGGER_ID", "of-somebody-else")
    queue = RunQueue()
    with running(queue):
        Path("may-end").touch()
        assert queue.add(WebhookCall("mine")) == "starts"
        await_truth(lambda: len(begun()) == 1, "a run")
        assert queue.add(WebhookCall(None)) != "joins"
        await_truth(lambda: len(begun()) == 2, "another run")
    assert begun() == ["mine", "-"]


def test_of_calls_that_wait_together_the_newest_is_answered() -> None:
    queue = RunQueue()
    assert [queue.add(WebhookCall(name)) for name in ("a", "b", "c")] == [
        "starts",
        "waits",
        "joins",
    ]
    assert queue.take() == WebhookCall("a")
    queue.finish()
    assert queue.take() == WebhookCall("c")
    queue.finish()
    assert queue.add(WebhookCall("d")) == "starts"
