"""A tournament of one seed is one tournament: however it is made, advanced, killed, by whom."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.week import final_scores
from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.support.dying import advanced, files, rows
from tests.support.played_through import TINY, UNTIL_PAID, begun
from tests.support.processes import forked
from tests.support.tournaments import let_the_window_pass
from tests.support.wire import Wire

REPOSITORY = Path(__file__).resolve().parents[2]
GATHERING = ("rivals_trained", "rivals_asked", "field_files_written", "field_in_force")
WHOLE = "never killed"
SETTLING = ("round_closed", "market_moved", "scores_settled")
ELSEWHERE = """
import json, sys
from pathlib import Path
from tests.support.played_through import played_through, threads
in_steps = sys.argv[2] == "in steps"
print(json.dumps([threads(), played_through(Path(sys.argv[1]), in_steps=in_steps)]))
"""


def with_a_late_one(tournament: Tournament) -> Path:
    """Something more for the next advance to do: another stake, a submission to carry over."""
    with Wire.inside(tournament) as wire:
        tournament.set_stake("beacon", Decimal("7.5"))
        wire.submit(wire.predictions(seed=2), model=wire.model("beacon"))
        let_the_window_pass(tournament)
        wire.submit(wire.predictions(seed=3), model=wire.model("harbour"))
    return tournament.folders.root


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first round whose field is not gathered."""
    return with_a_late_one(begun(tmp_path_factory.mktemp("bare") / "t", TINY, field=False))


@pytest.fixture(scope="module")
def ripe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round whose end settles scores of both horizons."""
    made = begun(tmp_path_factory.mktemp("ripe") / "t", TINY, field=False)
    made.advance(UNTIL_PAID - 1)
    return with_a_late_one(made)


def test_in_one_go_or_in_steps_gathered_soon_or_late_it_is_the_same(
    bare: Path, tmp_path: Path
) -> None:
    at_once, stepwise = (shutil.copytree(bare, tmp_path / name) for name in ("once", "steps"))
    Tournament.open(at_once).advance(UNTIL_PAID)
    Tournament.open(stepwise).field_world()
    for _ in range(UNTIL_PAID):
        Tournament.open(stepwise).advance()
    assert rows(at_once) == rows(stepwise)
    assert files(at_once) == files(stepwise)
    assert {"settlements", "scores", "entries", "stake_moves"} <= rows(bare).keys()
    for table in ("settlements", "scores", "entries", "stake_moves"):
        assert rows(bare)[table] != rows(at_once)[table]


@contextmanager
def elsewhere(root: Path, *, way: str, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that plays through a tournament at `root`, with so many threads."""
    limits = {f"{library}_NUM_THREADS": str(count) for library in ("OMP", "OPENBLAS", "MKL")}
    with subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, str(root), way],
        env={**os.environ, **limits, "PYTHONHASHSEED": str(count), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
    ) as process:
        yield process


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="BLAS takes no more threads than cores")
def test_another_process_with_other_threads_makes_the_same_files_scores_and_payouts(
    tmp_path: Path,
) -> None:
    """Measured once with 2,000 stocks, 64 rivals, 14 rounds and 1, 2 and 5 threads, too."""
    with (
        elsewhere(tmp_path / "one", way="in steps", count=1) as first,
        elsewhere(tmp_path / "two", way="at once", count=2) as second,
    ):
        few, here = json.loads(first.communicate(timeout=300)[0])
        more, there = json.loads(second.communicate(timeout=300)[0])
    assert set(few.values()) == {1}
    assert set(more.values()) == {2}
    assert here["scores"]
    assert {row[3] for row in here["moves"]} >= {"payout"}
    for name, held in here.items():
        assert there[name] == held, name


def test_no_number_of_threads_decides_a_score_in_the_largest_world() -> None:
    """BLAS splits sums of more than 10,000 terms; in the plain settlement it shows."""
    random = np.random.default_rng(0)
    predictions = random.random((12_000, 3))
    target = random.choice([0, 0.25, 0.5, 0.75, 1], 12_000)
    stakes = [Decimal(1)] * 3
    meta = settlement.meta_model(predictions, stakes)
    plain, final = [], []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            scores = settlement.scores_of(predictions, meta, target=target, horizon_days=60)
            plain.append({name: values.tolist() for name, values in scores.items()})
            scores = final_scores(predictions, stakes, target=target, horizon_days=60)
            final.append({name: values.tolist() for name, values in scores.items()})
    assert plain[0] != plain[1]
    assert final[0] == final[1] == plain[0]


def dying(*cases: tuple[Path, str]) -> list[dict[str, Any]]:
    """What came of a copy that was killed at its moment; see tests/support/dying.py."""
    words = [f"{root}:{moment}" for root, moment in cases]
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.dying", *words],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_killed_at_any_moment_the_rest_is_done_by_the_next_call(bare: Path, ripe: Path) -> None:
    """Numbers are places between steps. All there are, 104 and 70, were tried once, and held.

    What is found is the round as it was, as it was closed, or the next; never one between.
    """
    stages = {bare: (WHOLE, *GATHERING, "71"), ripe: (WHOLE, *SETTLING, "29")}
    found = dying(*((root, moment) for root, moments in stages.items() for moment in moments))
    for root, moments in stages.items():
        whole, *killed = found[: len(moments)]
        del found[: len(moments)]
        before = rows(root)
        assert (whole["code"], len(killed)) == (0, len(moments) - 1)
        for one in killed:
            assert one["code"] == -signal.SIGKILL, one["case"]
            is_past = one["round"] == whole["round"]
            changed = {name for name, held in one["rows"].items() if held != before[name]}
            assert changed <= {"entries"} or is_past, one["case"]
            assert not is_past or one["rows"] == whole["rows"], one["case"]
            assert one["end"] == whole["end"], one["case"]
    assert found == []


def killed_when_closed(root: Path) -> None:
    """Advance in this process, which a child of ours is, until the round is closed."""
    advanced(root, "round_closed")


def test_what_is_submitted_after_a_killed_close_counts(tmp_path: Path) -> None:
    """The round goes on, so its entries are made again when it ends."""
    root = begun(tmp_path / "t", TINY, field=True).folders.root
    code = forked(killed_when_closed, root)
    assert code == -signal.SIGKILL
    again = Tournament.open(root)
    number = again.status().round_number
    assert again.status().is_open
    with Wire.inside(again) as wire:
        made = wire.submit(wire.predictions(seed=8))
        assert made["selected"]
        also = wire.submit(wire.predictions(seed=9), model=wire.model("beacon"))
    again.advance()
    with again.store.reading() as connection:
        entered = {one.submission_id for one in settlement.entries_of(connection, number)}
    assert {made["id"], also["id"]} <= entered
    assert len(entered - {None}) == 2


def test_a_round_whose_close_was_killed_holds_nothing_while_it_goes_on(tmp_path: Path) -> None:
    root = begun(tmp_path / "t", TINY, field=True).folders.root
    code = forked(killed_when_closed, root)
    assert code == -signal.SIGKILL
    again = Tournament.open(root)
    withdrawn = again.set_stake("lighthouse", Decimal(0))
    assert [withdrawn.stake_nmr, withdrawn.locked_nmr] == [0, 0]


def test_a_server_goes_on_where_an_advance_was_killed_beside_it(tmp_path: Path) -> None:
    made = begun(tmp_path / "t", TINY, field=True)
    number = made.state().live_round
    with listening(made):
        code = forked(killed_when_closed, made.folders.root)
        assert code == -signal.SIGKILL
        until = time.monotonic() + 300
        while not made.status().is_open:
            assert time.monotonic() < until, "the round never opened again"
            time.sleep(0.05)
    assert made.state().live_round == number


def test_a_round_whose_close_was_killed_holds_its_part_of_a_stake_once(tmp_path: Path) -> None:
    root = begun(tmp_path / "t", TINY, field=True).folders.root
    code = forked(killed_when_closed, root)
    assert code == -signal.SIGKILL
    again = Tournament.open(root)
    again.set_stake("lighthouse", Decimal(65))
    let_the_window_pass(again)
    withdrawn = again.set_stake("lighthouse", Decimal(0))
    assert withdrawn.stake_nmr == withdrawn.locked_nmr == 5  # a thirteenth, not the entry's 1 more


def test_of_models_with_equal_scores_the_one_opened_first_ranks_first(tmp_path: Path) -> None:
    """Their ids are drawn by lot and decide nothing."""
    made = Tournament.create(tmp_path / "t", TINY)
    names = ("lighthouse", "beacon", "harbour", "pier", "quay", "mole", "jetty")
    for name in names[3:]:
        made.add_model(name)
    with Wire.inside(made) as wire:
        for name in names:
            wire.submit(wire.predictions(seed=1), model=wire.model(name))
        made.advance(5)
        ranks = [
            wire.data(
                "query($n: String!) { v3UserProfile(modelName: $n) { latestRanks { mmc } } }",
                n=name,
            )["v3UserProfile"]["latestRanks"]["mmc"]
            for name in names
        ]
    assert ranks == list(range(ranks[0], ranks[0] + len(names)))
