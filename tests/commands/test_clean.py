"""Cleaning keeps a home within a bound, and never takes what a round or a pin needs."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from numeri_cli.commands.clean import CRASH_FILES, OUTPUT_BYTES, ROUNDS, clean, unneeded
from numeri_cli.commands.context import Context
from numeri_cli.commands.rounds import rounds
from numeri_cli.errors import ExitCode, LockHeld
from numeri_cli.home import Home
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.locks import held_lock
from numeri_cli.log import Log, Mask
from numeri_cli.output.json import json_text, plain
from numeri_cli.output.text.rounds import seen_rounds
from numeri_cli.records import Receipt, Round

START = datetime(2026, 1, 3, 12, tzinfo=UTC)
MODELS = ("lighthouse", "beacon", "harbour", "quay", "mole")
PREDICTIONS, BOOSTER = bytes(20_000), bytes(100_000)
# 12 rounds and the one that closes them, 3 artifacts, a ledger of 200 rounds, a rotated log
BOUND_BYTES = 5 * (13 * len(PREDICTIONS) + 4 * len(BOOSTER)) + 3_000_000 + 2 * OUTPUT_BYTES


@dataclass
class Years:
    """A home in which rounds pass and models are trained, as runs leave it behind."""

    context: Context
    number: int = 0
    used: dict[int, dict[str, str]] = field(default_factory=dict)
    trained: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in MODELS})

    @property
    def home(self) -> Home:
        return self.context.home

    def train(self, model: str, day: float) -> None:
        moment = START + timedelta(days=day)
        name = f"{moment:%Y%m%dT%H%M%S%f}-{len(self.trained[model]):06x}"
        folder = self.home.models("practice") / model / name
        folder.mkdir(parents=True)
        (folder / "target-seed1.txt").write_bytes(BOOSTER)
        (folder / "model.json").write_text("{}")
        self.context.ledger.keep_model(
            TrainedModel(tournament="practice", model=model, artifact=name, digest="d", time=moment)
        )
        self.trained[model].append(name)

    def round(self, day: float) -> None:
        self.number += 1
        opens = START + timedelta(days=day)
        self.context.ledger.see_round("practice", a_round(self.number, opens))
        folder = self.home.predictions("practice") / f"{self.number:04d}"
        folder.mkdir(parents=True)
        self.used[self.number] = {}
        log = Log(self.home.log, command="run", mask=Mask(), trouble=print)
        log.begin("numeri run")
        for model in MODELS:
            if self.trained[model]:
                self.used[self.number][model] = self.trained[model][-1]
                (folder / f"{model}.parquet").write_bytes(PREDICTIONS)
                entered(self.context.ledger, self.number, model, opens)
        log.end(0)
        with (self.home.log / "run.log").open("ab") as file:
            file.write(b"lighthouse   accepted, on-time      0.0257     0.99\n" * 400)

    def require_kept(self) -> None:
        """What the last rounds used is here, and so is the newest of every model."""
        for number in sorted(self.used)[-ROUNDS:]:
            for model, artifact in self.used[number].items():
                name = f"{number:04d}/{model}.parquet"
                assert (self.home.predictions("practice") / name).is_file()
                assert (self.home.models("practice") / model / artifact).is_dir()
        for model, names in self.trained.items():
            if names:
                assert (self.home.models("practice") / model / names[-1] / "model.json").is_file()

    def size(self) -> int:
        root = self.home.data.parent
        return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def a_round(number: int, opens: datetime) -> Round:
    return Round(
        id=str(number), number=number, tournament=8, open_time=opens,
        deadline=opens + timedelta(hours=26), close_time=None, resolve_time=None,
        data_datestamp=None, target=None, payout_factor=None, stake_threshold=None,
    )  # fmt: skip


def entered(ledger: Ledger, number: int, model: str, moment: datetime) -> None:
    attempt = ledger.begin_attempt(
        "practice", round_number=number, model=model, digest="d" * 64, time=moment
    )
    ledger.accept(
        attempt,
        Receipt(
            tournament="practice", round_number=number, model=model,
            server_id=f"{model}-{number}", filename=f"{model}-{number}.parquet",
            prediction_digest="d" * 64, rows=7000, timing="on-time", time=moment, selected=True,
        ),
    )  # fmt: skip


def years(root: Path) -> Years:
    """An empty home with a profile of five models."""
    home = Home(*(root / part for part in ("config", "data", "cache", "log")))
    profile = root / "numeri.toml"
    root.mkdir(parents=True, exist_ok=True)
    profile.write_text('tournament = "practice"\n' + "".join(f"[models.{m}]\n" for m in MODELS))
    return Years(Context(home=home, asked_profile=profile))


def test_over_two_hundred_rounds_with_ten_retrainings_a_home_stays_within_its_bound(
    tmp_path: Path,
) -> None:
    one, largest = years(tmp_path / "one"), 0
    for week in range(200):
        if week % 20 == 0:
            for model in MODELS:
                one.train(model, 7 * week - 1)
        one.round(7 * week)
        clean(one.context)
        one.require_kept()
        largest = max(largest, one.size())
    assert largest < BOUND_BYTES
    kept = sum(1 for _ in one.home.predictions("practice").iterdir())
    assert kept == ROUNDS
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


def test_a_thousand_rounds_with_thirteen_thousand_receipts_are_listed_in_a_second(
    tmp_path: Path,
) -> None:
    one = years(tmp_path / "one")
    ledger = one.context.ledger
    ledger._connection.execute("PRAGMA synchronous = OFF")
    for number in range(1, 1001):
        moment = START + timedelta(days=number)
        ledger.see_round("practice", a_round(number, moment))
        for model in range(13):
            entered(ledger, number, f"m{model}", moment)
    took = []
    for _ in range(3):  # the quickest: others use this machine, too
        started = time.process_time()
        listed = rounds(one.context, limit=1000)
        json_text("rounds", plain(listed), None, ExitCode.done)
        took.append(time.process_time() - started)
    started, paper = time.process_time(), io.StringIO()
    Console(file=paper, width=80).print(seen_rounds(listed))
    assert time.process_time() - started < 1.0
    assert min(took) < 1.0
    assert sum(len(row.receipts) for row in listed.rounds) == 13_000
    assert [row.number for row in listed.rounds] == list(range(1000, 0, -1))
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith(" 1000  ") for line in lines) == 13
    one.context.close()
