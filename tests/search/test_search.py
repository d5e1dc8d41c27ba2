"""A search in its journal: shared by processes, and nothing is stuck where one is killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from numeri_cli.errors import FileDamaged
from numeri_cli.search.journal import cut_unfinished_line
from numeri_cli.search.search import Search
from numeri_cli.search.trial_facts import TrialFacts, chosen, falls_behind, front
from numeri_cli.search_space import Dimension
from tests.support.processes import forked

SPACE = {
    "rate": Dimension(log=(0.001, 1.0)),
    "leaves": Dimension(range=(4, 40), step=4),
    "features": Dimension(choice=("small", ["medium", "-charisma"])),
    "neutralize.proportion": Dimension(range=(0, 1)),
}


def search_in(folder: str, *, aims: int = 1, seed: int | None = 7) -> Search:
    return Search(Path(folder) / "lighthouse.journal", space=SPACE, aims=aims, seed=seed)


def killed_in_a_trial(folder: str) -> None:
    """A process that dies while its trial is going on."""
    search = search_in(folder)
    with search.at_work():
        trial = search.ask(3)
        assert trial is not None
        search.report(trial, [(0.5,)])
        os.kill(os.getpid(), signal.SIGKILL)


def facts(number: int, *figures: float, state: str = "done") -> TrialFacts:
    from datetime import UTC, datetime

    return TrialFacts(
        number=number,
        state=state,  # type: ignore[arg-type]
        values={},
        figures=figures if state == "done" else (),
        windows=tuple(figures for _ in range(3)),
        began=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=1.0,
    )


def test_what_is_tried_lies_in_the_space_and_the_same_seed_tries_the_same(tmp_path: Path) -> None:
    tried = []
    for name in ("one", "other"):
        search = search_in(str(tmp_path / name))
        with search.at_work():
            trials = [search.ask(8) for _ in range(8)]
            assert search.ask(8) is None
        tried.append([dict(trial.values) for trial in trials if trial])
    assert tried[0] == tried[1]
    for values in tried[0]:
        assert 0.001 <= values["rate"] <= 1
        assert values["leaves"] in range(4, 41, 4)
        assert values["features"] in ("small", ["medium", "-charisma"])
        assert 0 < values["neutralize.proportion"] < 1
        assert len(str(values["rate"]).lstrip("0.")) <= 4


def test_the_trial_of_a_killed_process_is_failed_and_another_one_takes_its_place(
    tmp_path: Path,
) -> None:
    assert forked(killed_in_a_trial, str(tmp_path)) == -signal.SIGKILL
    search = search_in(str(tmp_path))
    assert [one.state for one in search.trials()] == ["running"]
    with search.at_work():
        for _ in range(3):
            trial = search.ask(3)
            assert trial is not None
            search.done(trial, (trial.values["rate"],))
        assert search.ask(3) is None
    found = search.trials()
    assert [one.state for one in found] == ["failed", "done", "done", "done"]
    assert found[0].note == "its process ended before it was done"
    assert found[0].windows == ((0.5,),)
    assert list(tmp_path.glob("*.workers/*")) == []


def test_the_trial_of_a_process_at_work_is_left_to_it(tmp_path: Path) -> None:
    one, other = search_in(str(tmp_path)), search_in(str(tmp_path), seed=8)
    with one.at_work(), other.at_work():
        assert one.ask(2) is not None
        assert other.ask(2) is not None
        assert one.ask(2) is None
        other.end_orphans()
        assert [found.state for found in one.trials()] == ["running", "running"]
    other = search_in(str(tmp_path))
    other.end_orphans()
    assert [found.state for found in other.trials()] == ["failed", "failed"]


def test_a_line_that_a_kill_left_unfinished_is_cut_off_and_the_search_goes_on(
    tmp_path: Path,
) -> None:
    search = search_in(str(tmp_path))
    with search.at_work():
        trial = search.ask(9)
        assert trial is not None
        search.done(trial, (0.5,))
    with search.path.open("ab") as file:
        file.write(b'{"op_code":4,"worker_id":"half a li')
    again = search_in(str(tmp_path))
    with again.at_work():
        assert again.ask(9) is not None
    assert [one.state for one in search_in(str(tmp_path)).trials()] == ["done", "running"]
    torn = tmp_path / "torn"
    torn.write_bytes(b"half")
    cut_unfinished_line(torn)
    assert torn.read_bytes() == b""


@pytest.mark.parametrize("line", ["no json", "[1]", '{"op_code": 4}', '{"op_code": 99}'])
def test_a_journal_with_a_line_that_is_none_is_refused_by_name(tmp_path: Path, line: str) -> None:
    search = search_in(str(tmp_path))
    text = search.path.read_text()
    search.path.write_text(f"{text}{line}\n{text}")
    with pytest.raises(FileDamaged, match="journal"):
        search_in(str(tmp_path))


def test_a_trial_is_given_up_that_is_below_the_median_in_every_aim() -> None:
    done = [facts(at, 0.1 * at, 1.0 - 0.1 * at) for at in range(5)]
    assert falls_behind([(0.1, 0.5)], done)
    assert not falls_behind([(0.2, 0.5)], done)
    assert not falls_behind([(0.1, 0.9)], done)
    assert not falls_behind([(0.1, 0.5)], done[:4])
    assert not falls_behind([(0.1, 0.5)], [*done[:4], facts(5, 0.9, 0.9, state="pruned")])


def test_the_front_has_those_that_no_other_beats_and_of_it_the_steady_one_is_taken() -> None:
    trials = [facts(0, 5, 0), facts(1, 4, 4), facts(2, 0, 5), facts(3, 3, 4), facts(4, 4, 4)]
    assert [one.number for one in front([*trials, facts(5, 9, 9, state="pruned")])] == [0, 1, 2]
    taken = chosen(trials)
    assert taken is not None
    assert taken.number == 1
    assert chosen([facts(0, 1, state="failed")]) is None
    alone = [facts(0, 0.1), facts(1, 0.3), facts(2, 0.3), facts(3, 0.2)]
    assert [one.number for one in front(alone)] == [1]


def test_the_parameter_that_decides_is_the_important_one(tmp_path: Path) -> None:
    search = search_in(str(tmp_path))
    with search.at_work():
        for _ in range(20):
            trial = search.ask(20)
            assert trial is not None
            search.done(trial, (trial.values["neutralize.proportion"],))
    weights = search.importances(0)
    assert sum(weights.values()) == pytest.approx(1)
    assert max(weights, key=weights.__getitem__) == "neutralize.proportion"
