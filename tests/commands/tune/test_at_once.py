"""Several trials at once: processes that are heard, ended together, and asked for in vain."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from numeri_cli.commands.tune.at_once import TrialOrder, run_at_once
from numeri_cli.commands.tune.preparation import SearchSettings
from numeri_cli.errors import DiskFull
from tests.support.clusters import Heard
from tests.support.runner import PROFILE, Numeri

SPACE = "\n[models.lighthouse.tune]\nn_estimators = { range = [2, 9] }\n"
READS = "import json, os, sys, time; order = json.loads(sys.stdin.readline()); "


def order(model: str) -> TrialOrder:
    return TrialOrder(
        tournament=None,
        profile=None,
        model=model,
        trials=4,
        settings=SearchSettings(),
        seed=None,
        force=False,
        cluster="tcp://127.0.0.1:1",
    )


def command(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", READS + code)


def test_what_processes_say_is_passed_on_and_a_killed_one_is_told() -> None:
    heard = Heard()
    code = (
        "told = order['model'] + ' within ' + str(order['hours']);"
        "print(json.dumps({'said': told}), flush=True);"
        "os.kill(os.getpid(), 9) if order['model'] == 'b' else None"
    )
    until = time.monotonic() + 7200
    run_at_once(
        [order("a"), order("b")],
        listener=heard,
        finished=lambda: 4,
        until=until,
        command=command(code),
    )
    assert sorted(text[:10] for text in heard.said) == ["a process ", "a within 1", "b within 1"]
    assert any("ended with -9" in text for text in heard.said)
    assert heard.bars == ["trials"]


def test_an_error_of_one_process_ends_the_others_and_is_that_of_the_command() -> None:
    error = {"code": "disk_full", "message": "no room", "hint": "make some"}
    code = (
        f"order['model'] == 'b' and print(json.dumps({{'error': {error!r}}}), flush=True);"
        "sys.stdin.read()"
    )
    with pytest.raises(DiskFull, match="no room"):
        run_at_once(
            [order("a"), order("b")],
            listener=Heard(),
            finished=lambda: 0,
            command=command(code),
        )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--at-once", "2"), "none is named"),
        (("--at-once", "2", "--cluster", "local:2", "--distribute", "rows"), "one trial keeps"),
        (("--at-once", "99", "--cluster", "local:2"), "99 processes"),
    ],
)
def test_trials_at_once_where_they_gain_nothing_are_refused(
    words: tuple[str, ...], told: str, numeri: Numeri, profile: Path
) -> None:
    profile.write_text(PROFILE + SPACE)
    said = numeri("tune", "lighthouse", "--trials", "4", *words)
    assert said.code == 2
    assert told in said.err
