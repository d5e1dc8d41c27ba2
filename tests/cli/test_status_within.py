"""The watchdog: `status --within MINUTES`, at every hour of a simulated fortnight."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from numeri_cli.credentials import Keys, store_keys
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import Receipt, Timing
from tests.support.processes import ROOT
from tests.support.rounds import a_round
from tests.support.said import Said
from tests.support.scripted_tournament import (
    FIRST_DAY,
    MODEL,
    HeldSubmission,
    ScriptedRound,
    ScriptedTournament,
    listening,
)
from tests.support.sources import PACKAGE
from tests.support.trial import numeri, profile

KEYS = Keys("A2B3C4D5E6F7A2B3C4D5E6F7A2B3C4D5", "the-secret-of-the-test-suite")
WITHIN_MINUTES = 90
FORTNIGHT_HOURS = 14 * 24
FORTNIGHT = FIRST_DAY + timedelta(days=14)
PAST_THE_HOUR = timedelta(minutes=10)
PAGE = PACKAGE / "guide" / "cron-and-watchdog.md"
CRONTAB = Path(__file__).parents[1] / "schedule" / "stand_in_crontab.py"
Plant = Callable[[ScriptedTournament, ScriptedRound], None]


def nothing(tournament: ScriptedTournament, round_: ScriptedRound) -> None:
    """Was submitted."""


def accepted(tournament: ScriptedTournament, round_: ScriptedRound) -> None:
    """Made for this round, and counts."""
    tournament.held[round_.number] = HeldSubmission(
        f"own-{round_.number}", inserted_at=round_.opens_at + timedelta(minutes=1)
    )


def pending(tournament: ScriptedTournament, round_: ScriptedRound) -> None:
    """The server has not settled it."""
    tournament.held[round_.number] = HeldSubmission(
        f"pending-{round_.number}",
        selected=False,
        inserted_at=round_.opens_at + timedelta(minutes=1),
    )


def refused(tournament: ScriptedTournament, round_: ScriptedRound) -> None:
    """The server does not take it."""
    tournament.held[round_.number] = HeldSubmission(
        f"refused-{round_.number}",
        selected=False,
        error_info="invalid_submission_ids",
        inserted_at=round_.opens_at + timedelta(minutes=1),
    )


def carried_over(tournament: ScriptedTournament, round_: ScriptedRound) -> None:
    """It was made too late for the round before."""
    made = HeldSubmission(
        f"late-{round_.number}", timing="late", inserted_at=round_.opens_at - timedelta(hours=20)
    )
    tournament.held[round_.number - 1] = made
    tournament.held[round_.number] = HeldSubmission(made.id, inserted_at=made.inserted_at)


PLANTS: tuple[Plant, ...] = (nothing, accepted, pending, refused, carried_over)


@pytest.fixture
def tournament(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedTournament]:
    """The real calendar; a crontab of one's own."""
    programs, kept = tmp_path / "bin", tmp_path / "cron"
    programs.mkdir()
    kept.mkdir()
    script = programs / "crontab"
    script.write_text(  # listing is what every hour of the fortnight asks for
        f'#!/bin/sh\n[ "$1" = -l ] && [ -f {kept}/crontab ] && exec cat {kept}/crontab\n'
        f'exec {sys.executable} -I -S {CRONTAB} {kept} any "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    Path("numeri.toml").write_text(profile(models=(MODEL,)))
    scripted = ScriptedTournament()
    with listening(scripted) as url:
        monkeypatch.setenv("NUMERI_API_URL", url)
        host = url.removeprefix("http://")  # cron does not see the environment of a shell
        store_keys(home / "config" / "credentials.toml", KEYS, host=host)
        yield scripted


def judged(tournament: ScriptedTournament, cadence: str, moment: datetime) -> ScriptedRound | None:
    """The round of the cadence whose deadline is near."""
    soon = timedelta(minutes=WITHIN_MINUTES)
    return next(
        (
            one
            for one in tournament.rounds
            if one.opens_at <= moment < one.closes_at <= moment + soon
            and (one.is_weekly or cadence == "daily")
        ),
        None,
    )


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("cadence", ["weekly", "daily"])
def test_the_watchdog_alarms_exactly_when_the_round_of_the_schedule_is_about_to_be_lost(
    tournament: ScriptedTournament, cadence: str, plant: Plant
) -> None:
    assert numeri("schedule", "install", f"--{cadence}", "--system", "cron").code == 0
    wrong, alarms = [], 0
    for hour in range(FORTNIGHT_HOURS):
        tournament.now = FORTNIGHT + timedelta(hours=hour) + PAST_THE_HOUR
        tournament.held.clear()
        current = tournament.open_round()
        if current is not None:
            plant(tournament, current)
        elif plant is not nothing:
            continue  # nothing can be planted: the same hour as without
        is_lost = judged(tournament, cadence, tournament.now) is not None and plant is not accepted
        said = numeri("status", "--within", WITHIN_MINUTES, "--json")
        alarms += said.code == 1
        if said.code != (1 if is_lost else 0):
            wrong.append(f"{tournament.now:%a %H:%M}: exit {said.code}")
    assert wrong == []
    expected = {"weekly": 2, "daily": 10}[cadence]
    assert alarms == (0 if plant is accepted else expected)


def test_the_watchdog_says_which_round_it_judges_and_what_is_wrong(
    tournament: ScriptedTournament,
) -> None:
    assert numeri("schedule", "install", "--daily", "--system", "cron").code == 0
    tournament.now = FORTNIGHT + timedelta(days=2, hours=12) + PAST_THE_HOUR
    current = tournament.open_round()
    assert current is not None
    carried_over(tournament, current)
    said = numeri("status", "--within", WITHIN_MINUTES)
    assert said.code == 1
    assert str(current.number) in said.out
    assert "carried over" in said.out


def test_a_watchdog_without_a_number_of_minutes_is_a_usage_problem(
    tournament: ScriptedTournament,
) -> None:
    assert numeri("status", "--within", "soon").code == 2


def test_a_planted_loss_is_seen_without_the_option_too(tournament: ScriptedTournament) -> None:
    tournament.now = FORTNIGHT + timedelta(days=5, hours=13)
    current = tournament.open_round()
    assert current is not None
    assert numeri("status").code == 1
    accepted(tournament, current)
    assert numeri("status").code == 0


def test_whose_rounds_are_watched_can_be_said_where_nothing_is_installed(
    tournament: ScriptedTournament,
) -> None:
    tournament.now = FORTNIGHT + timedelta(days=2, hours=12) + PAST_THE_HOUR
    assert numeri("status", "--within", WITHIN_MINUTES).code == 0
    assert numeri("status", "--within", WITHIN_MINUTES, "--weekly").code == 0
    said = numeri("status", "--within", WITHIN_MINUTES, "--daily", "--json")
    assert said.code == 1
    assert json.loads(said.out)["data"]["watch"] == {
        "minutes": WITHIN_MINUTES,
        "cadence": "daily",
        "due": True,
    }


def test_what_the_server_refused_is_said_in_its_words(tournament: ScriptedTournament) -> None:
    tournament.now = FORTNIGHT + timedelta(days=5, hours=13)
    current = tournament.open_round()
    assert current is not None
    refused(tournament, current)
    said = numeri("status", "--json")
    assert said.code == 1
    assert (said.model["status"], said.model["problem"]) == ("refused", "invalid_submission_ids")
    assert "the server says invalid_submission_ids" in numeri("status").out
    pending(tournament, current)
    assert numeri("status", "--json").model["status"] == "pending"


@pytest.mark.parametrize("words", [("--notify",), ("--daily",), ("--weekly",)])
def test_what_is_for_a_watchdog_is_refused_without_one(words: tuple[str, ...]) -> None:
    said = numeri("status", *words)
    assert said.code == 2
    assert words[0] in said.err


def test_the_watchdog_tells_whom_the_profile_names_and_only_where_a_round_is_about_to_be_lost(
    tournament: ScriptedTournament, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.json"
    Path("numeri.toml").write_text(
        profile(models=(MODEL,), more=f'[notify]\ncommand = ["tee", "{heard}"]\n')
    )
    tournament.now = FORTNIGHT + timedelta(days=6, hours=11) + PAST_THE_HOUR
    assert numeri("status", "--within", WITHIN_MINUTES, "--notify").code == 0
    assert not heard.exists()
    tournament.now += timedelta(hours=2)
    assert numeri("status", "--within", WITHIN_MINUTES, "--notify").code == 1
    told = json.loads(heard.read_text())
    assert told["event"] == "deadline"
    assert [(one["model"], one["state"]) for one in told["models"]] == [(MODEL, "none")]


@pytest.mark.parametrize("section", ["", '[notify]\ncommand = ["true"]\non = ["failure"]\n'])
def test_telling_nobody_is_refused(tournament: ScriptedTournament, section: str) -> None:
    Path("numeri.toml").write_text(profile(models=(MODEL,), more=section))
    said = numeri("status", "--within", WITHIN_MINUTES, "--notify", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "notifications_missing")


@pytest.fixture
def down(tournament: ScriptedTournament) -> ScriptedTournament:
    """The server answers nothing but 503."""
    tournament.is_down = True
    return tournament


def remember(
    tournament: ScriptedTournament,
    home: Path,
    round_: ScriptedRound,
    *,
    timing: Timing | None = None,
    seen: datetime | None = None,
) -> None:
    """Put the round into the ledger, and a proof of this timing where there is one."""
    key = os.environ["NUMERI_API_URL"].removeprefix("http://").replace(":", "-")
    (home / "data").mkdir(parents=True, exist_ok=True)
    with Ledger.open(home / "data" / "ledger.sqlite") as ledger:
        known = a_round(round_.number, opens=round_.opens_at, closes=round_.closes_at)
        ledger.see_round(key, known, time=seen or round_.opens_at)
        if timing is None:
            return
        attempt = ledger.begin_attempt(
            key, round_number=round_.number, model=MODEL, digest="d", time=round_.opens_at
        )
        ledger.accept(
            attempt,
            Receipt(
                tournament=key,
                round_number=round_.number,
                model=MODEL,
                server_id="own",
                filename="own.parquet",
                prediction_digest="d",
                rows=1,
                timing=timing,
                time=round_.opens_at + timedelta(minutes=1),
                selected=timing == "on-time",
            ),
        )


def watched_at(moment: datetime, *words: str) -> Said:
    """What the watchdog says on a machine whose clock shows this moment."""
    with time_machine.travel(moment, tick=True):
        return numeri("status", "--within", WITHIN_MINUTES, *words)


WEEKEND = FORTNIGHT + timedelta(days=5, hours=12)  # Saturday's opening


@pytest.mark.parametrize(
    ("after_opening", "cadence", "code"),
    [
        (timedelta(hours=-1), "weekly", 0),
        (timedelta(hours=1), "weekly", 0),
        (timedelta(hours=24), "weekly", 0),
        (timedelta(hours=25), "weekly", 4),  # Sunday 13:00
        (timedelta(hours=28), "weekly", 4),  # it may have opened late
        (timedelta(hours=30), "weekly", 0),
        (timedelta(days=3, minutes=10), "weekly", 0),  # Tuesday 12:10
        (timedelta(days=3, minutes=10), "daily", 4),
        (timedelta(days=3, hours=-1), "daily", 0),
        (timedelta(days=3, hours=5), "daily", 0),
        (timedelta(days=2, minutes=10), "daily", 0),  # Monday
    ],
)
@pytest.mark.usefixtures("down")
def test_a_watchdog_that_cannot_ask_alarms_only_where_a_round_may_be_about_to_close(
    after_opening: timedelta, cadence: str, code: int
) -> None:
    said = watched_at(WEEKEND + after_opening, f"--{cadence}", "--json")
    assert said.code == code, said.out
    assert said.data["source"] == "ledger"
    assert said.data["problem"]["code"] == "server_trouble"
    assert said.data["watch"]["due"] is (code == 4)
    assert (said.json["error"] is None) is (code == 0)
    quiet = watched_at(WEEKEND + after_opening, f"--{cadence}", "--quiet")
    assert (quiet.out + quiet.err == "") is (code == 0)  # or cron sends a mail


@pytest.mark.parametrize(
    ("timing", "code", "words"),
    [
        ("on-time", 0, "the ledger has the proof"),
        ("late", 4, "is not known"),
        (None, 4, "is not known"),
    ],
)
def test_near_the_deadline_nothing_but_a_proof_in_the_ledger_is_an_all_clear_without_the_server(
    down: ScriptedTournament, home: Path, timing: Timing | None, code: int, words: str
) -> None:
    current = next(one for one in down.rounds if one.opens_at == WEEKEND)
    remember(down, home, current, timing=timing)
    said = watched_at(current.closes_at - timedelta(minutes=40))
    assert said.code == code, said.out
    assert words in " ".join(said.out.split())
    assert "the server could not be asked" in " ".join(said.out.split())


def test_a_proof_of_last_weeks_round_is_no_all_clear(down: ScriptedTournament, home: Path) -> None:
    before = next(one for one in down.rounds if one.opens_at == WEEKEND - timedelta(days=7))
    remember(down, home, before, timing="on-time")
    said = watched_at(WEEKEND + timedelta(hours=25), "--json")
    assert said.code == 4
    assert said.data["round_number"] is None
    assert [one["status"] for one in said.data["models"]] == ["none"]


def test_a_round_that_the_ledger_knows_to_be_closed_is_no_alarm(
    down: ScriptedTournament, home: Path
) -> None:
    current = next(one for one in down.rounds if one.opens_at == WEEKEND)
    remember(down, home, current)
    assert watched_at(current.closes_at + timedelta(minutes=40)).code == 0


def test_a_clock_that_is_behind_what_the_server_showed_is_not_believed(
    down: ScriptedTournament, home: Path
) -> None:
    current = next(one for one in down.rounds if one.opens_at == WEEKEND)
    remember(down, home, current, seen=current.closes_at - timedelta(hours=2))
    assert watched_at(WEEKEND + timedelta(hours=1)).code == 4


def test_without_a_watchdog_a_server_that_cannot_be_asked_stays_trouble(
    down: ScriptedTournament, home: Path
) -> None:
    current = next(one for one in down.rounds if one.opens_at == WEEKEND)
    remember(down, home, current, timing="on-time")
    assert numeri("status").code == 4


def test_the_watchdog_line_of_the_guide_works(
    tournament: ScriptedTournament, home: Path, tmp_path: Path
) -> None:
    [line] = re.findall(r"^30 \* \* \* \*  (.*)$", PAGE.read_text(), re.MULTILINE)
    program = tmp_path / "numeri"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m numeri_cli "$@"\n')
    program.chmod(0o755)
    for written, meant in (
        ("/path/to/home", home),
        ("/path/to/numeri.toml", Path("numeri.toml").absolute()),
        ("/path/to/numeri", program),
    ):
        assert written in line
        line = re.sub(rf"{written}(?=\s|$)", str(meant), line)
    environment = {"PATH": os.environ["PATH"], "NUMERI_API_URL": os.environ["NUMERI_API_URL"]}

    def mail() -> str:
        """What cron would send."""
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            env=environment,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        return done.stdout + done.stderr

    tournament.now = FORTNIGHT + timedelta(days=6, hours=11, minutes=30)
    assert mail() == ""
    tournament.now += timedelta(hours=2)
    assert mail() == "numeri: not accepted yet\n"
