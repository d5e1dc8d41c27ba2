"""Every step of a run, every fault: it recovers or says why, and nothing is doubled or lost."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from numeri_cli.api.client import Client
from tests.faults.matrix import CELLS, Cell, Duration, summary
from tests.support.bench import ROOMY, TIGHT, Bench, numeri
from tests.support.processes import fork
from tests.support.replies import PLANTED_SIGNATURE, RETRY_AFTER_SECONDS
from tests.support.said import Said
from tests.support.steps import Fault, Step

pytestmark = pytest.mark.waits


def spoil(bench: Bench, cell: Cell) -> None:
    """Let the cell's fault wait for its step."""
    if cell.step is Step.LOOK:  # only asked where the reply to createSubmission was lost
        bench.proxy.spoil(Step.CREATE, Fault.LOST)
    times = 1 if cell.duration is Duration.ONCE else None
    bench.proxy.spoil(cell.step, cell.fault, times=times)


def require_end(cell: Cell, said: Said) -> None:
    """The right exit code, the right sentence, a cure, no secret."""
    assert said.code == cell.exit_code, said.out + said.err
    if cell.recovers:
        assert said.model["state"] == "accepted"
        assert said.model["timing"] == "on-time"
    else:
        assert cell.sentence.search(said.problem["message"]), said.problem
        assert said.problem["hint"]
    assert PLANTED_SIGNATURE not in said.out + said.err


def require_really_spoilt(bench: Bench, cell: Cell) -> None:
    """The fault happened, and was met as it should be."""
    proxy = bench.proxy
    fired = proxy.fired(cell.step, cell.fault)
    assert fired >= 1
    if cell.fault is Fault.REFUSED:
        assert proxy.refused >= 1
    if cell.fault is Fault.REFUSAL:
        assert fired == 1
        assert len(proxy.asked(cell.step)) == 1
    if cell.fault is Fault.TOO_MANY:
        times = [one.at for one in proxy.asked(cell.step)]
        assert all(b - a >= RETRY_AFTER_SECONDS for a, b in list(pairwise(times))[:fired])
    if cell.fault is Fault.EXPIRED_403 and cell.duration is Duration.ONCE:
        renewed = Step.DATASET if cell.step is Step.DOWNLOAD else Step.AUTHORIZE
        assert len(proxy.asked(renewed)) >= 2


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_spoilt_run_ends_well_and_the_next_one_holds_exactly_one(
    bench: Bench, home: Path, cell: Cell
) -> None:
    spoil(bench, cell)
    bench.allow(cell.attempts, seconds=TIGHT if cell.is_slow else ROOMY)
    spoilt = numeri("run", "--json")
    require_really_spoilt(bench, cell)
    require_end(cell, spoilt)
    bench.require_no_halves(home)
    bench.proxy.lift()
    bench.allow()
    again = numeri("run", "--json")
    assert again.code == 0, again.out
    assert again.model["state"] in ("accepted", "already accepted")
    bench.require_no_halves(home)
    bench.require_exactly_one(home)


@pytest.mark.parametrize("step", list(Step))
def test_a_process_of_its_own_recovers_from_a_lost_reply(
    bench: Bench, home: Path, step: Step
) -> None:
    cell = Cell(step, Fault.LOST, Duration.ONCE)
    spoil(bench, cell)
    said = fork("numeri_cli", "run").ended()
    require_really_spoilt(bench, cell)
    assert said.code == 0, said.err
    assert "accepted, on-time" in said.out
    assert said.err == ""
    bench.require_no_halves(home)
    bench.require_exactly_one(home)
    assert numeri("run").code == 0
    bench.require_exactly_one(home)


def test_the_matrix_tells_its_size(capfd: pytest.CaptureFixture[str]) -> None:
    assert len(CELLS) >= 200
    assert {cell.step for cell in CELLS} == set(Step)
    assert {cell.fault for cell in CELLS} == set(Fault)
    with capfd.disabled():  # what a worker of pytest-xdist writes to standard error is seen
        print(f"\n{summary()}", file=sys.stderr)


def test_a_planted_double_and_a_planted_half_are_found(bench: Bench, home: Path) -> None:
    assert numeri("run").code == 0
    bench.require_exactly_one(home)
    bench.require_no_halves(home)
    [row] = bench.held()
    with Client(bench.proxy.url, keys=bench.keys) as client:
        client.create_submission(row["filename"], model_id=row["model_id"])
    with pytest.raises(ValueError, match="too many values"):
        bench.require_exactly_one(home)
    live = home / "data" / "datasets" / bench.key / "v5.3" / "live.parquet"
    live.write_bytes(live.read_bytes()[:-1])
    with pytest.raises(AssertionError, match="live"):
        bench.require_no_halves(home)
