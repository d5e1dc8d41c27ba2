"""`tune` on the practice tournament: what it searches, what it never sees, what it leaves.

The small world has 60 eras, 56 of them with a target of 20 days.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.config import read_profile
from numeri_cli.ledger.ledger import Ledger
from tests.support.processes import await_words, fork
from tests.support.runner import PROFILE, Numeri

TARGET = "target_ender_20"
SPACE = """
[models.lighthouse.tune]
learning_rate = { log = [0.01, 0.3] }
n_estimators = { range = [2, 8] }
neutralize.proportion = { range = [0, 1] }
"""
BOTH_FILES = PROFILE.replace(
    'features = "medium"', 'features = "small"\ndata = ["train", "validation"]'
)
WORDS = (
    *("tune", "lighthouse", "--hold-out", "12", "--stride", "2", "--window", "16"),
    *("--seed", "3"),
)


@pytest.fixture
def space(trained: Path, profile: Path) -> Path:
    """A home with its data, and a profile with a space."""
    profile.write_text(BOTH_FILES + SPACE)
    return trained


def kept_trials(home: Path) -> list[tuple[int, str, str]]:
    """Number, state and figures of every trial in the ledger."""
    with sqlite3.connect(home / "data" / "ledger.sqlite") as ledger:
        return list(ledger.execute("SELECT number, state, figures FROM trials ORDER BY number"))


def test_a_search_ends_with_a_snippet_that_train_takes_and_every_trial_in_the_ledger(
    space: Path, numeri: Numeri
) -> None:
    said = numeri(*WORDS, "--trials", "4", "--json")
    assert said.code == 0, said.err
    found = said.data
    assert (found["done"], found["pruned"], found["failed"], found["running"]) == (4, 0, 0, 0)
    assert found["held_out_eras"] == [f"{era:04d}" for era in range(45, 57)]
    assert found["purge_eras"] == 8
    [outcome] = found["outcomes"]
    figures = {one["number"]: one["figures"]["corr"] for one in found["trials"]}
    assert outcome["search"] == max(figures.values()) == figures[found["chosen"]]
    assert outcome["gain"] == pytest.approx(outcome["held_out"] - outcome["held_out_profile"])
    assert outcome["expected_optimism"] > 0
    assert outcome["within_noise"] is found["within_noise"]
    assert ("within noise" in found["verdict"]) is found["within_noise"]

    kept = kept_trials(space)
    assert {number: json.loads(text)["corr"] for number, _, text in kept} == figures
    assert {state for _, state, _ in kept} == {"done"}

    snippet = Path(found["snippet"])
    spec = read_profile(snippet).models["lighthouse"]
    taken = found["trials"][found["chosen"]]["values"]
    assert spec.estimator.params["learning_rate"] == taken["learning_rate"]
    assert spec.estimator.params["max_depth"] == 3
    assert spec.neutralize is not None
    assert spec.neutralize.proportion == taken["neutralize.proportion"]
    trained = numeri("train", "lighthouse", "--profile", snippet, "--json")
    assert trained.code == 0, trained.err
    assert trained.data["models"][0]["trees"] == taken["n_estimators"]
    assert "lighthouse" in Path(found["page"]).read_text()

    again = numeri(*WORDS, "--trials", "4", "--json")  # nothing is left to do, and it is the same
    assert again.code == 0, again.err
    assert {**again.data, "importances": 0} == {**found, "importances": 0}


def planted(home: Path, *, first_era: int) -> None:
    """In eras from this one on, a feature of the small set decides the target."""
    folder = next((home / "data" / "datasets").rglob("train.parquet")).parent
    feature = json.loads((folder / "features.json").read_text())["feature_sets"]["small"][0]
    for name in ("train.parquet", "validation.parquet"):
        table = pq.read_table(folder / name)
        eras = np.array(table.column("era").to_pylist(), dtype=int)
        labels = table.column(TARGET).to_numpy().copy()
        order = table.column(feature).to_numpy() + np.random.default_rng(3).uniform(
            0, 1.5, len(eras)
        )
        for era in np.unique(eras[eras >= first_era]):
            rows = np.flatnonzero((eras == era) & ~np.isnan(labels))
            labels[rows[np.argsort(order[rows])]] = np.sort(labels[rows])
        place = table.column_names.index(TARGET)
        pq.write_table(table.set_column(place, TARGET, pa.array(labels)), folder / name)
    with Ledger.open(home / "data" / "ledger.sqlite") as ledger:
        ledger.forget("practice")  # else the files would be refused: they are not as downloaded


def test_a_feature_that_pays_in_the_held_out_eras_alone_is_seen_by_no_trial(
    space: Path, numeri: Numeri
) -> None:
    looks: list[int] = []

    def searched(*words: str) -> tuple[list[object], float]:
        said = numeri(*WORDS, "--trials", "1", "--json", *words)
        assert said.code == 0, said.err
        [outcome] = said.data["outcomes"]
        trials = [(one["values"], one["figures"]) for one in said.data["trials"]]
        looks.append(said.data["looks"])
        assert (looks[-1] > 1) is ("looked at" in said.data["verdict"])
        return [outcome["search_profile"], trials], outcome["held_out_profile"]

    clean, held_out = searched()
    nearer, _ = searched("--hold-out", "11")
    planted(space, first_era=45 - 8)
    leaking, pays = searched()
    assert leaking == clean
    assert abs(pays - held_out) > 0.01
    assert searched("--hold-out", "11")[0] != nearer  # whose search walks one era further
    assert looks == [1, 2, 1, 2]  # the ledger forgot what it knew before the feature was planted


def test_processes_share_a_search_and_a_killed_one_leaves_no_stuck_trial(
    space: Path, numeri: Numeri
) -> None:
    shared = (*WORDS[:-2], "--study", "shared", "--trials", "10", "--verbose")
    running = fork("numeri_cli", *shared)
    await_words(running, "trial_1_window_1")
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    other = fork("numeri_cli", *shared)
    await_words(other, "trial_2_window_1")
    mine = numeri(*shared[:-1], "--json")
    theirs = other.ended()
    assert mine.code == 0, mine.err
    assert theirs.code == 0, theirs.err
    journal = next(Path("shared").glob("*.journal")).read_text()
    workers = {
        line["user_attr"]["worker"]
        for line in map(json.loads, journal.splitlines())
        if "worker" in line.get("user_attr", {})
    }
    assert len(workers) == 3  # the killed one, and two that both contributed
    states = [state for _, state, _ in kept_trials(space)]
    assert states.count("failed") == 1
    assert len(states) == 11
    assert "running" not in states
    predictions = space / "data" / "predictions" / "practice"
    assert list(predictions.glob(".tune-*")) == []


def test_two_aims_have_a_front_and_a_trial_that_learns_nothing_is_given_up(
    space: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH_FILES + SPACE)
    said = numeri(
        *WORDS, "--trials", "10", "--aim", "corr", "--aim", "sharpe", "--window", "12", "--json"
    )
    assert said.code == 0, said.err
    found = said.data
    assert found["aims"] == ["corr", "sharpe"]
    done = [one for one in found["trials"] if one["state"] == "done"]
    pruned = [one for one in found["trials"] if one["state"] == "pruned"]
    assert pruned
    assert all(one["windows"] < found["windows"] for one in pruned)
    assert all(one["windows"] == found["windows"] for one in done)
    figures = {one["number"]: (one["figures"]["corr"], one["figures"]["sharpe"]) for one in done}
    for number, own in figures.items():
        beaten = any(a >= own[0] and b >= own[1] and (a, b) != own for a, b in figures.values())
        assert (number in found["front"]) is not beaten
    assert [one["aim"] for one in found["outcomes"]] == ["corr", "sharpe"]
    assert "The front" in Path(found["page"]).read_text()
    shown = numeri(*WORDS, "--trials", "10", "--aim", "corr", "--aim", "sharpe", "--window", "12")
    assert "the front:" in shown.out


def test_what_it_adds_to_others_can_be_aimed_at_where_they_know_the_eras(
    space: Path, numeri: Numeri
) -> None:
    said = numeri(
        *("tune", "lighthouse", "--trials", "1", "--seed", "3", "--aim", "mmc", "--aim", "bmc"),
        *("--hold-out", "2", "--purge", "0", "--window", "40", "--json"),
    )
    assert said.code == 0, said.err
    [trial] = said.data["trials"]
    assert set(trial["figures"]) == {"mmc", "bmc"}
    assert trial["figures"]["mmc"] != trial["figures"]["bmc"]
    assert said.data["importances"] == {"mmc": {}, "bmc": {}}
    assert "too few to tell" in said.data["verdict"]


def test_no_trial_begins_once_the_hours_are_up(space: Path, numeri: Numeri) -> None:
    said = numeri(*WORDS, "--trials", "3", "--hours", "0", "--json")
    assert said.code == 0, said.err
    assert said.data["trials"] == []
    assert said.data["chosen"] is None
    assert said.data["snippet"] is None
    assert said.data["verdict"] == "No trial is done yet."


def test_where_optuna_is_missing_the_extra_is_named_in_a_sentence(
    space: Path, numeri: Numeri
) -> None:
    code = "import sys; sys.modules['optuna'] = None\nfrom numeri_cli.cli.app import main\n"
    words = [*WORDS, "--trials", "1"]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main({words!r}))"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "Optuna is not installed" in done.stderr
    assert "pip install 'numeri[tune]'" in done.stderr


def test_a_search_without_a_space_is_refused_with_the_lines_to_write(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    said = numeri("tune", "lighthouse", "--trials", "2")
    assert said.code == 2
    assert "[models.lighthouse.tune]" in said.err


@pytest.mark.parametrize(
    ("lines", "words", "code"),
    [
        ("lerning_rate = { log = [0.01, 0.3] }", (), "parameter_unknown"),
        ('features = { choice = ["small", "smal"] }', (), "feature_unknown"),
        ('targets = { choice = ["target_ender_20", "target_endr_60"] }', (), "target_unknown"),
        ("learning_rate = { log = [0.01, 0.3] }", ("--aim", "crr"), "usage"),
        ("learning_rate = { log = [0.01, 0.3] }", ("--hold-out", "55"), "usage"),
        ("learning_rate = { log = [0.01, 0.3] }", ("--aim", "mmc"), "usage"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_a_trial_begins(
    trained: Path, profile: Path, numeri: Numeri, lines: str, words: tuple[str, ...], code: str
) -> None:
    profile.write_text(f"{BOTH_FILES}\n[models.lighthouse.tune]\n{lines}\n")
    said = numeri(*WORDS, "--trials", "2", "--json", *words)
    assert said.code != 0
    assert said.problem["code"] == code
    journals = list((trained / "data" / "searches").rglob("*.journal"))
    assert journals == []


def test_reset_takes_the_searches_of_practice_along(space: Path, numeri: Numeri) -> None:
    searches = space / "data" / "searches" / "practice"
    searches.mkdir(parents=True)
    assert numeri("practice", "reset", "--yes").code == 0
    assert not searches.exists()
