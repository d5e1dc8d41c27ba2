"""A machine whose clock is three hours wrong: only the server's clock decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.bench import Bench, numeri
from tests.support.processes import fork
from tests.support.said import Said
from tests.support.steps import Step

pytestmark = pytest.mark.waits

MINUTE = timedelta(minutes=1)
HOURS = (-3, 3)


def wrong(bench: Bench, hours: int, *words: str) -> Said:
    """The program on a machine whose clock is so many hours ahead of the server's."""
    moment = bench.tournament.now() + timedelta(hours=hours)
    return fork("tests.faults.wrong_clock", moment.isoformat(), *words).ended()


@pytest.mark.parametrize("hours", HOURS)
def test_the_clock_of_that_machine_is_really_wrong(bench: Bench, hours: int) -> None:
    said = wrong(bench, hours, "run", "--verbose")
    assert said.code == 0, said.err
    shown = [line.split("Z ")[0] for line in said.err.splitlines() if "Z " in line]
    moment = bench.tournament.now() + timedelta(hours=hours)
    assert len(shown) > 3
    assert {line[:4] for line in shown} <= {
        (moment + timedelta(minutes=late)).strftime("%H:%M")[:4] for late in range(3)
    }


@pytest.mark.parametrize("hours", HOURS)
def test_a_minute_before_the_close_it_still_submits(bench: Bench, home: Path, hours: int) -> None:
    bench.set_clock(bench.closes_at - MINUTE)
    said = wrong(bench, hours, "run", "--json")
    assert said.code == 0, said.out
    assert said.model["timing"] == "on-time"
    bench.require_exactly_one(home)


@pytest.mark.parametrize("hours", HOURS)
def test_a_minute_after_the_close_it_refuses(bench: Bench, home: Path, hours: int) -> None:
    bench.set_clock(bench.closes_at + MINUTE)
    said = wrong(bench, hours, "run", "--json")
    assert said.code == 6, said.out
    assert said.problem["code"] == "no_round_open"
    assert bench.held() == []


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("step", [Step.DATASET, Step.DOWNLOAD])
def test_a_round_that_closes_while_the_run_is_at_work_gets_nothing(
    bench: Bench, home: Path, hours: int, step: Step
) -> None:
    bench.proxy.when(step, lambda: bench.set_clock(bench.closes_at + MINUTE))
    said = wrong(bench, hours, "run", "--json")
    assert said.code == 6, said.out
    assert said.problem["code"] == "round_closed"
    assert said.problem["hint"]
    assert bench.held() == []


def test_a_round_that_closes_before_createsubmission_is_named_as_late(
    bench: Bench, home: Path
) -> None:
    bench.proxy.when(Step.CREATE, lambda: bench.set_clock(bench.closes_at + MINUTE))
    said = numeri("run", "--json")
    assert said.code == 6, said.out
    assert said.problem["code"] == "round_closed"
    assert "late" in said.problem["message"]
    [row] = bench.held()
    assert row["on_time"] == 0
