"""Cleaning keeps a home within a bound, and never takes what a round or a pin needs."""

from __future__ import annotations

import io
import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from numeri_cli.commands.clean import (
    CRASH_FILES,
    OUTPUT_BYTES,
    ROUNDS,
    SCORED_FILES,
    clean,
    unneeded,
)
from numeri_cli.commands.rounds import rounds
from numeri_cli.errors import ExitCode, LockHeld
from numeri_cli.home import Home
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.locks import held_lock
from numeri_cli.log import read_log
from numeri_cli.output.json import json_text, plain
from numeri_cli.output.text.rounds import seen_rounds
from tests.support.aged_home import (
    BOOSTER,
    MODELS,
    PREDICTIONS,
    START,
    entered,
    years,
)
from tests.support.program import numeri, profile, trained, trained_template
from tests.support.rounds import a_round
from tests.support.runner import Numeri

__all__ = ["numeri", "profile", "trained", "trained_template"]

# 12 rounds and the one that closes them, 3 artifacts, a ledger of 200 rounds, a rotated log
BOUND_BYTES = 5 * (13 * len(PREDICTIONS) + 4 * len(BOOSTER)) + 3_000_000 + 2 * OUTPUT_BYTES


def test_over_two_hundred_rounds_with_ten_retrainings_a_home_stays_within_its_bound(
    tmp_path: Path,
) -> None:
    one, largest = years(tmp_path / "one"), 0
    for week in range(200):
        if week % 20 == 0:
            for model in MODELS:
                one.train(model, 7 * week - 1)
        one.round(7 * week)
        for model in MODELS:
            one.scored(model)
        clean(one.context)
        one.require_kept()
        largest = max(largest, one.size())
    assert largest < BOUND_BYTES
    kept = sum(1 for _ in one.home.predictions("practice").glob("[0-9]*"))
    assert kept == ROUNDS
    scored = list((one.home.predictions("practice") / "validation").iterdir())
    assert len(scored) == SCORED_FILES * len(MODELS)
    assert {int(path.stem[-8:], 16) for path in scored} == {197, 198, 199, 200}
    assert len(one.context.ledger.receipts("practice")) == 200 * len(MODELS)
    one.context.close()


def test_a_dry_run_says_what_goes_and_takes_nothing(tmp_path: Path) -> None:
    one = years(tmp_path / "one")
    one.train("lighthouse", -2)
    for week in range(15):
        one.round(7 * week)
        if week == 0:
            one.train("lighthouse", 7 * week + 2)
    before = one.size()
    said = clean(one.context, dry_run=True)
    assert [item.kind for item in said.removed] == ["predictions"] * 3 + ["artifact"]
    assert said.freed_bytes >= 3 * len(PREDICTIONS) + len(BOOSTER)
    assert one.size() == before
    done = clean(one.context)
    assert done.removed == said.removed
    assert one.size() <= before - said.freed_bytes + 4096
    assert clean(one.context).removed == ()
    one.context.close()


EVENTS = st.lists(
    st.one_of(st.just("round"), st.sampled_from(MODELS[:2]), st.just("clean")), max_size=60
)


@settings(max_examples=40, deadline=None)
@given(events=EVENTS)
def test_what_the_last_rounds_and_the_newest_need_never_goes(
    events: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = years(tmp_path_factory.mktemp("home") / "one")
    for day, event in enumerate(events):
        if event == "round":
            one.round(day)
        elif event == "clean":
            clean(one.context)
        else:
            one.train(event, day)
        one.require_kept()
    clean(one.context)
    one.require_kept()
    one.context.close()


@given(
    hours=st.lists(st.integers(0, 5000), max_size=30, unique=True),
    known=st.lists(st.booleans(), min_size=30, max_size=30),
    openings=st.lists(st.integers(0, 5000), max_size=40, unique=True),
    choice=st.integers(0, 29),
)
def test_a_pinned_artifact_never_goes_nor_one_that_a_round_may_have_used(
    hours: list[int], known: list[bool], openings: list[int], choice: int
) -> None:
    times = {f"{hour:05d}": START + timedelta(hours=hour) for hour in sorted(hours)}
    ledger = {name: at for (name, at), told in zip(times.items(), known, strict=False) if told}
    pinned = list(times)[choice] if choice < len(times) else None
    opened = [START + timedelta(hours=hour) for hour in openings]
    gone = unneeded(ledger, list(times), round_openings=opened, pinned=pinned)
    assert pinned not in gone
    assert set(gone) <= set(ledger)
    for opening in sorted(opened)[-ROUNDS:]:
        serving = [name for name, at in times.items() if at <= opening]
        assert not set(serving[-1:]) & set(gone)
    assert not set(list(times)[-1:]) & set(gone)
    assert len(opened) >= ROUNDS or gone == ()


def test_a_run_cleans_when_its_last_proof_is_in_and_keeps_what_the_last_rounds_used(
    numeri: Numeri, trained: Path
) -> None:
    newest = numeri("status", "--json").data["round_number"]
    opens = {number: START + timedelta(weeks=number - newest) for number in range(1, newest)}
    home = Home.find()
    models, predictions = home.models("practice") / "lighthouse", home.predictions("practice")
    [current] = models.iterdir()
    replaced, served = "20200101T000000000000-aaaaaa", "20200102T000000000000-bbbbbb"
    with Ledger.open(home.ledger) as ledger:
        for number in range(newest - 14, newest):
            ledger.see_round("practice", a_round(number, opens=opens[number]))
            (predictions / f"{number:04d}").mkdir(parents=True)
        for days, name in ((200, replaced), (190, served)):
            shutil.copytree(current, models / name)
            moment = START - timedelta(days=days)
            facts = {"tournament": "practice", "model": "lighthouse", "digest": "d"}
            ledger.keep_model(TrainedModel(**facts, artifact=name, time=moment))
    before = {path.name for path in predictions.iterdir()}
    assert numeri("run", "--dry-run", "--quiet").code == 0
    assert {path.name for path in predictions.iterdir()} >= before
    assert numeri("run", "--quiet").code == 0
    kept = sorted(int(path.name) for path in predictions.glob("[0-9]*"))
    assert kept == list(range(newest - ROUNDS + 1, newest + 1))
    assert {path.name for path in models.iterdir()} == {served, current.name}
    events = [(line.event, line.words) for line in read_log(home.log) if line.command == "run"]
    cleaned = [place for place, (event, _) in enumerate(events) if event == "clean"]
    proved = [place for place, event in enumerate(events) if event[1] == "submission_confirmed"]
    assert len(cleaned) == len(proved) == 1
    assert cleaned[0] > proved[0]


@given(
    trained=st.dictionaries(st.integers(0, 5000), st.integers(0, 400), max_size=20),
    openings=st.lists(st.integers(0, 5400), min_size=ROUNDS, max_size=40, unique=True),
)
def test_an_adopted_artifact_that_a_round_used_never_goes_nor_the_one_it_took_the_place_of(
    trained: dict[int, int], openings: list[int]
) -> None:
    adopted = {  # called after its training, in place from its adoption on
        f"{hour:05d}": START + timedelta(hours=hour + delay)
        for hour, delay in sorted(trained.items())
    }
    opened = [START + timedelta(hours=hour) for hour in openings]
    gone = unneeded(adopted, list(adopted), round_openings=opened, pinned=None)
    for opening in sorted(opened)[-ROUNDS:]:
        in_place = [name for name, at in adopted.items() if at <= opening]
        assert not set(in_place[-1:]) & set(gone)
    assert not set(list(adopted)[-1:]) & set(gone)


def test_a_note_of_what_made_a_file_goes_with_its_artifact(
    trained: Path, numeri: Numeri, home: Path
) -> None:
    assert numeri("predict", "--data", "validation", "--output", "mine.csv").code == 0
    [note] = home.glob("data/predictions/practice/made by/*.json")
    changed = note.with_name("changed.json")
    changed.write_text('{"model": "../lighthouse", "artifact": "."}')
    assert numeri("clean").code == 0
    assert (note.exists(), changed.exists()) == (True, False)
    shutil.rmtree(home / "data" / "models" / "practice" / "lighthouse")
    said = numeri("clean", "--json")
    assert said.code == 0, said.out
    assert [Path(one["path"]) for one in said.data["removed"]] == [note]
    assert not note.exists()


def test_what_was_predicted_to_be_scored_goes_by_age_and_count_but_never_within_a_day(
    tmp_path: Path,
) -> None:
    one = years(tmp_path / "one")
    folder = one.home.predictions("practice") / "validation"
    folder.mkdir(parents=True)
    now = time.time()
    for model, days in (("mole", [0, 0, 0, 0, 0, 0.5]), ("quay", [2, 3, 4, 5, 6, 7]), ("x", [31])):
        for number, age in enumerate(days):
            path = folder / f"{model}-{number:024x}.parquet"
            path.write_bytes(PREDICTIONS)
            os.utime(path, (now - age * 86_400, now - age * 86_400))
    said = clean(one.context, dry_run=True)
    assert {(item.kind, item.path.name[:4], item.path.stem[-1]) for item in said.removed} == {
        ("cache", "quay", "4"), ("cache", "quay", "5"), ("cache", "x-00", "0"),
    }  # fmt: skip
    one.context.close()


def test_old_versions_caches_crashes_and_remains_go_by_age_and_count(tmp_path: Path) -> None:
    one = years(tmp_path / "one")
    old = time.time() - 100 * 86_400
    data, cache = one.home.datasets("practice"), one.home.binned("practice")
    files = {
        data / "v5.3" / "train.parquet": False,
        data / "v4.0" / "train.parquet": True,
        data / "v5.3" / ".live.parquet.1.2.part": True,
        cache / "aa.bin": True,
        cache / "aa.json": True,
    }
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
        os.utime(path, (old, old))
        os.utime(path.parent, (old, old))
    (data / "v5.2").mkdir()
    (data / "v5.2" / "live.parquet").write_bytes(b"young")
    one.home.log.mkdir()
    for number in range(CRASH_FILES + 3):
        (one.home.log / f"crash-{number:04d}.txt").write_text("Traceback")
    (one.home.log / "run.log").write_bytes(b"a line\n" * (OUTPUT_BYTES // 2))
    clean(one.context)
    assert {path: path.exists() for path in files} == {
        path: not gone for path, gone in files.items()
    }
    assert (data / "v5.2" / "live.parquet").exists()
    assert len(list(one.home.log.glob("crash-*"))) == CRASH_FILES
    assert (one.home.log / "crash-0002.txt").exists() is False
    assert (one.home.log / "run.log").stat().st_size == 0
    assert 0 < (one.home.log / "run.1.log").stat().st_size <= OUTPUT_BYTES
    one.context.close()


def test_an_artifact_that_the_profile_pins_stays(tmp_path: Path) -> None:
    one = years(tmp_path / "one")
    for week in range(40):
        if week % 10 == 0:
            one.train("beacon", 7 * week - 1)
        one.round(7 * week)
    oldest, second, *_ = one.trained["beacon"]
    profile = tmp_path / "one" / "numeri.toml"
    pin = f'[models.beacon]\nartifact = "{oldest}"\n'
    profile.write_text(profile.read_text().replace("[models.beacon]\n", pin))
    folder = one.home.models("practice") / "beacon"
    clean(one.context)
    assert (folder / oldest).is_dir()
    assert not (folder / second).exists()
    one.require_kept()
    one.context.close()


def test_a_cleaning_has_a_bound_and_a_lock(tmp_path: Path) -> None:
    one = years(tmp_path / "one")
    for week in range(15):
        one.round(7 * week)
    assert clean(one.context, seconds=0.0).left == 3
    with held_lock(one.home.lock("practice", "clean"), what="a test"), pytest.raises(LockHeld):
        clean(one.context)
    assert clean(one.context).left == 0
    one.context.close()


def test_a_thousand_rounds_with_thirteen_thousand_receipts_are_listed_in_seconds(
    tmp_path: Path,
) -> None:
    one = years(tmp_path / "one")
    ledger = one.context.ledger
    ledger._store._connection.execute("PRAGMA synchronous = OFF")
    for number in range(1, 1001):
        moment = START + timedelta(days=number)
        ledger.see_round("practice", a_round(number, opens=moment))
        for model in range(13):
            entered(ledger, number, f"m{model}", moment)
    started, paper = time.process_time(), io.StringIO()
    listed = rounds(one.context, limit=1000)
    json_text("rounds", plain(listed), None, ExitCode.done)
    Console(file=paper, width=80).print(seen_rounds(listed))
    # 0.9 s where nobody else is at work; a question for each round or receipt takes minutes
    assert time.process_time() - started < 10
    assert sum(len(row.receipts) for row in listed.rounds) == 13_000
    assert [row.number for row in listed.rounds] == list(range(1000, 0, -1))
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith(" 1000  ") for line in lines) == 13
    one.context.close()
