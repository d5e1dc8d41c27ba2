"""The tournament itself: made whole, advanced, killed, seen by two processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import numpy as np
import pytest

from numeri_cli.errors import (
    LockHeld,
    ModelUnknown,
    PracticeDamaged,
    PracticeExists,
    PracticeMissing,
    PracticeSettings,
)
from numeri_cli.locks import held_lock
from numeri_cli.practice.participants.check import read_aligned
from numeri_cli.practice.rounds.late_submissions import QueuedTime
from numeri_cli.practice.server.server import application, listening
from numeri_cli.practice.tournament import Tournament
from numeri_cli.progress import Silent
from tests.support.tournaments import SETTINGS, fresh_tournament, template
from tests.support.wire import CREATE, UPLOAD_AUTH, Wire

LAST_STEPS = ("round_closed", "market_moved", "scores_settled", "round_opened", "files_published")
WORLD_STEPS = ("returns_drawn", "week_in_force", "files_in_force")
KILLER = """
import os, signal, sys
from contextlib import nullcontext
from pathlib import Path
import lightgbm  # once, before the children
from numeri_cli.practice.tournament import Tournament
from numeri_cli.progress import Silent

class Killer(Silent):
    def __init__(self, at):
        self.at = at
    def step(self, name):
        if name == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

for root in sys.argv[1:]:
    child = os.fork()
    if not child:
        Tournament.open(Path(root)).advance(listener=Killer(Path(root).name))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def contents(tournament: Tournament) -> dict[str, list[tuple[object, ...]]]:
    """Everything the store holds."""
    with tournament.store.reading() as connection:
        names = [
            row["name"]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: [tuple(row) for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608 - names out of the store itself
            for name in sorted(names)
        }


def money_of(tournament: Tournament) -> Decimal:
    """All NMR that is held or staked."""
    with tournament.store.reading() as connection:
        rows = connection.execute(
            "SELECT stake_nmr FROM models UNION ALL SELECT available_nmr FROM accounts"
        )
        return sum((Decimal(row[0]) for row in rows), start=Decimal(0))


class TestMaking:
    def test_a_new_one_stands_in_its_first_round_with_keys_for_its_owner_only(
        self, tournament: Tournament
    ) -> None:
        status = tournament.status()
        assert status.round_number == status.live_era == SETTINGS.eras + 1
        assert status.now == datetime(2026, 1, 3, 12, 5, tzinfo=UTC)
        assert status.is_open
        assert [model.name for model in status.models] == ["lighthouse", "beacon", "harbour"]
        public_id, secret = tournament.participant_keys()
        assert len(public_id) == 32
        assert set(public_id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        assert tournament.folders.keys.stat().st_mode & 0o777 == 0o600
        assert secret.encode() not in tournament.folders.database.read_bytes()

    def test_it_is_not_made_over_another(self, tournament: Tournament) -> None:
        before = contents(tournament)
        with pytest.raises(PracticeExists):
            Tournament.create(tournament.folders.root, SETTINGS)
        assert contents(tournament) == before

    def test_one_that_was_killed_in_the_making_is_begun_again(self, tmp_path: Path) -> None:
        root = tmp_path / "practice"
        rest = tmp_path / ".practice.building" / "world"
        rest.mkdir(parents=True)
        (rest / "world.json").write_text("half")
        assert not Tournament.exists(root)
        with pytest.raises(PracticeMissing):
            Tournament.open(root)
        made = Tournament.create(root, SETTINGS)
        assert made.status().is_open
        assert not rest.exists()

    @pytest.mark.parametrize("lost", ["keys.json", "world/world.json"])
    def test_damage_is_named(self, tournament: Tournament, lost: str) -> None:
        (tournament.folders.root / lost).unlink()
        with pytest.raises((PracticeDamaged, PracticeMissing)):
            Tournament.open(tournament.folders.root)

    def test_keys_that_are_no_json_are_damage(self, tournament: Tournament) -> None:
        tournament.folders.keys.write_text("{")
        with pytest.raises(PracticeDamaged, match=r"keys\.json"):
            Tournament.open(tournament.folders.root)


class TestTime:
    def test_the_clock_stands_until_it_is_advanced(self, tournament: Tournament) -> None:
        before = tournament.now()
        assert tournament.now() == before
        tournament.advance()
        assert tournament.now() == before + timedelta(days=7)
        assert tournament.status().is_open

    def test_in_steps_or_in_one_go_is_the_same(self, tmp_path: Path) -> None:
        at_once = fresh_tournament(tmp_path / "a" / "practice")
        stepwise = fresh_tournament(tmp_path / "b" / "practice")
        at_once.advance(3)
        for _ in range(3):
            stepwise.advance()
        assert contents(at_once) == contents(stepwise)
        for name, path in at_once.files().items():
            assert path.read_bytes() == stepwise.files()[name].read_bytes(), name

    def test_there_is_no_way_back(self, tournament: Tournament) -> None:
        with pytest.raises(PracticeSettings):
            tournament.advance(0)

    def test_two_do_not_advance_at_once(self, tournament: Tournament) -> None:
        with held_lock(tournament.folders.lock, what="a test"), pytest.raises(LockHeld):
            tournament.advance()
        tournament.advance()

    def test_a_server_sees_what_another_process_advanced(self, tournament: Tournament) -> None:
        other = Tournament.open(tournament.folders.root)
        with Wire.inside(tournament) as wire:
            before = set(wire.live_ids())
            other.advance(2)
            [current] = wire.data("{ rounds(number: 0) { number } }")["rounds"]
            assert current["number"] == other.status().round_number
            assert not before & set(wire.live_ids())
            assert wire.submit(wire.predictions())["selected"]

    def test_while_the_next_round_is_made_none_is_open(self, tournament: Tournament) -> None:
        with tournament.store.writing() as connection:
            connection.execute("UPDATE tournament SET published_round = live_round - 1")
        with Wire.inside(tournament) as wire:
            closed = "Current round not open for submissions"
            assert wire.refusal("{ rounds(number: 0) { number } }") == closed
            assert wire.refusal("{ listDatasets }") != ""
        assert not tournament.status().is_open

    @pytest.mark.parametrize("step", ["round_closed", "market_moved", "scores_settled"])
    def test_what_comes_while_a_week_passes_is_refused_not_lost(
        self, tournament: Tournament, step: str
    ) -> None:
        other = Tournament.open(tournament.folders.root)
        refusals = []
        with Wire.inside(other) as wire:
            model = wire.model("lighthouse")
            content = wire.predictions().to_csv(index=False).encode()
            auth = wire.data(UPLOAD_AUTH, name="p.csv", model=model)["submissionUploadAuth"]
            wire.http.put(auth["url"], content=content)

            class Hasty(Silent):
                def step(self, name: str) -> None:
                    if name == step:
                        refusals.append(wire.refusal(CREATE, name=auth["filename"], model=model))

            tournament.advance(listener=Hasty())
            assert refusals == ["Current round not open for submissions"]
            assert wire.submit(wire.predictions(), model=model)["selected"]

    def test_killed_at_any_step_the_rest_is_done_by_the_next(self, tmp_path: Path) -> None:
        steps = (*LAST_STEPS, *WORLD_STEPS)
        reference = fresh_tournament(tmp_path / "reference")
        reference.advance()
        for step in steps:
            fresh_tournament(tmp_path / step)
        roots = [str(tmp_path / step) for step in steps]
        run = subprocess.run(
            [sys.executable, "-c", KILLER, *roots], capture_output=True, text=True, check=True
        )
        assert run.stdout.split() == [str(-signal.SIGKILL)] * len(steps), run.stderr
        for step in steps:
            killed = Tournament.open(tmp_path / step)
            status = killed.status()
            assert status.is_open, step
            if status.round_number < reference.status().round_number:
                killed.advance()
            assert contents(killed) == contents(reference), step
            for name, path in reference.files().items():
                assert killed.files()[name].read_bytes() == path.read_bytes(), (step, name)

    def test_a_running_clock_opens_the_rounds_it_comes_to(self, tournament: Tournament) -> None:
        before = tournament.status().round_number
        with listening(tournament, clock="running:302400"):  # a week in two seconds
            deadline = time.monotonic() + 300
            while tournament.status().round_number < before + 2:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        after = tournament.status()
        assert after.opens_at <= after.now < after.opens_at + timedelta(days=7)
        assert Tournament.open(tournament.folders.root).now() == after.now

    def test_a_clock_too_fast_for_the_market_leaves_no_round_out(
        self, tournament: Tournament
    ) -> None:
        before = tournament.status()
        with listening(tournament, clock="running:1000000"):
            time.sleep(1.5)  # two weeks and a half
        stopped = tournament.status()
        assert stopped.opens_at <= stopped.now < stopped.opens_at + timedelta(days=7)
        tournament.advance()
        after = tournament.status()
        assert after.is_open
        assert after.round_number == stopped.round_number + 1 > before.round_number

    def test_a_running_clock_goes_on_from_where_it_was_moved(self, tournament: Tournament) -> None:
        with listening(tournament, clock="running:60"):
            Tournament.open(tournament.folders.root).advance(3)
            opening = tournament.status().opens_at
            assert timedelta(0) < tournament.now() - opening < timedelta(hours=1)


class TestLate:
    def late(self, tournament: Tournament) -> None:
        """Let the window of the round pass."""
        closes = tournament.status().closes_at
        with tournament.store.writing() as connection:
            connection.execute(
                "UPDATE tournament SET clock = ?",
                ((closes + timedelta(hours=1)).isoformat(timespec="microseconds"),),
            )

    def latest(self, wire: Wire) -> dict[int, str]:
        query = """{ account { models { name
            latestSubmissions(latestNRounds: 3) { roundNumber status } } } }"""
        models = wire.data(query)["account"]["models"]
        rows = next(m["latestSubmissions"] for m in models if m["name"] == "lighthouse")
        return {row["roundNumber"]: row["status"] for row in rows}

    def test_a_late_one_counts_late_and_waits_for_the_next_round(
        self, tournament: Tournament, wire: Wire
    ) -> None:
        number = tournament.status().round_number
        table = wire.predictions()
        assert self.latest(wire) == {number: "none"}
        tournament.set_stake("lighthouse", Decimal(13))
        self.late(tournament)
        assert wire.submit(table)["selected"]
        assert self.latest(wire) == {number + 1: "queued", number: "late"}
        tournament.advance()
        assert self.latest(wire) == {number + 1: "on-time", number: "late"}
        tournament.advance()
        with tournament.store.reading() as connection:
            rows = connection.execute(
                "SELECT round, at_risk_nmr FROM entries WHERE submission_id IS NOT NULL"
            )
            risked = {row["round"]: Decimal(row["at_risk_nmr"]) for row in rows}
        assert risked == {number: 0, number + 1: 1}

    def test_a_queued_one_says_the_same_of_the_same_stocks(
        self, tournament: Tournament, wire: Wire
    ) -> None:
        # a feature persists from week to week, so the right stocks correlate and others do not
        world = tournament.world()
        number = tournament.status().round_number
        feature = world.features(number).astype(float)[0]
        ids = world.live_ids(number)
        noise = np.random.default_rng(0).uniform(size=len(ids)) / 100
        table = wire.predictions().set_index("id").loc[list(ids)].reset_index()
        table["prediction"] = (feature + noise) / 5
        self.late(tournament)
        wire.submit(table)
        tournament.advance()
        [queued] = wire.data(
            "query($m: ID) { submissions(modelId: $m) { id filename selected round { number } } }",
            m=wire.model(),
        )["submissions"][:1]
        assert (queued["selected"], queued["round"]["number"]) == (True, number + 1)
        path = tournament.folders.submission(queued["id"], queued["filename"])
        carried = read_aligned(path, tournament.live_ids(number + 1))
        following = tournament.world().features(number + 1).astype(float)
        found = [abs(np.corrcoef(carried, column)[0, 1]) for column in following]
        assert max(found) > 0.5
        shuffled = np.random.default_rng(1).permutation(carried)
        assert max(abs(np.corrcoef(shuffled, column)[0, 1]) for column in following) < 0.4

    @pytest.mark.parametrize("queued_time", QueuedTime)
    def test_a_queued_one_shows_the_time_of_its_upload_or_of_the_opening_as_the_server_is_set(
        self, tournament: Tournament, wire: Wire, queued_time: QueuedTime
    ) -> None:
        self.late(tournament)
        uploaded = tournament.now()
        wire.submit(wire.predictions())
        tournament.advance()
        opened = tournament.status().opens_at
        shown = uploaded if queued_time is QueuedTime.UPLOAD else opened
        transport = httpx.WSGITransport(app=application(tournament, queued_time=queued_time))
        with httpx.Client(transport=transport, base_url="https://practice.invalid/") as http:
            known = replace(wire, http=http)
            [one, late] = known.data(
                "query($m: ID) { submissions(modelId: $m) { insertedAt } }", m=wire.model()
            )["submissions"]
            latest = known.data(
                "{ account { models { latestSubmissions(latestNRounds: 1) { timestamp } } } }"
            )["account"]["models"][0]["latestSubmissions"][0]
        assert datetime.fromisoformat(one["insertedAt"]) == shown
        assert datetime.fromisoformat(latest["timestamp"]) == shown
        assert datetime.fromisoformat(late["insertedAt"]) == uploaded

    def test_a_late_one_does_not_replace_one_on_time(
        self, tournament: Tournament, wire: Wire
    ) -> None:
        number = tournament.status().round_number
        table = wire.predictions()
        first = wire.submit(table)
        self.late(tournament)
        assert not wire.submit(table)["selected"]
        assert wire.submission(first["id"])["selected"]
        assert self.latest(wire) == {number + 1: "queued", number: "on-time"}


class TestMoney:
    def test_a_stake_comes_from_the_account_and_goes_back(self, tournament: Tournament) -> None:
        before = money_of(tournament)
        tournament.set_stake("beacon", Decimal("60.5"))
        assert tournament.status().available_nmr == Decimal("39.5")
        with pytest.raises(PracticeSettings, match=r"39\.5"):
            tournament.set_stake("harbour", Decimal(40))
        with pytest.raises(ModelUnknown):
            tournament.set_stake("icarus", Decimal(1))
        with pytest.raises(PracticeSettings):
            tournament.set_stake("beacon", Decimal(-1))
        tournament.set_stake("beacon", Decimal(0))
        assert tournament.status().available_nmr == 100
        assert money_of(tournament) == before

    def test_what_is_held_changes_by_payouts_and_burns_alone(
        self, tournament: Tournament, wire: Wire
    ) -> None:
        tournament.set_stake("lighthouse", Decimal("33.333333333333333333"))
        wire.submit(wire.predictions())
        before = money_of(tournament)
        tournament.advance(15)
        with tournament.store.reading() as connection:
            rows = connection.execute(
                "SELECT kind, amount_nmr FROM stake_moves WHERE kind IN ('payout', 'burn')"
            ).fetchall()
        assert {row["kind"] for row in rows} == {"payout", "burn"}
        moved = sum((Decimal(row["amount_nmr"]) for row in rows), start=Decimal(0))
        assert money_of(tournament) == before + moved

    def test_a_new_model_has_a_good_name_of_its_own(self, tournament: Tournament) -> None:
        tournament.add_model("nightwatch")
        assert tournament.status().models[-1].name == "nightwatch"
        for name in ("nightwatch", "", "a" * 21, "a b", "-x", "../x", "a.b", "ä", "a\n"):
            with pytest.raises(PracticeSettings):
                tournament.add_model(name)


def test_many_threads_read_while_one_advances(tournament: Tournament) -> None:
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        try:
            with Wire.inside(tournament) as wire:
                while not stop.is_set():
                    answer = wire.post("{ rounds { number } listDatasets }")
                    assert answer.status_code == 200, answer.text
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    tournament.advance(2)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_template_is_never_changed() -> None:
    assert Tournament.open(template()).status().round_number == SETTINGS.eras + 1
