"""The ledger: what goes in comes out, whoever else writes and whenever it is killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.errors import DiskTrouble, LedgerDamaged, PathForbidden
from numeri_cli.ledger.entries import RoundSeen, TrainedModel, time_of
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.migrations import APPLICATION_ID, MIGRATIONS, TABLES
from numeri_cli.records import DataFileRecord, Receipt, Round
from tests.support.processes import FORKING

NOW = datetime(2026, 3, 21, 12, 5, 1, 250_000, tzinfo=UTC)
ROUND = Round(
    id="r", number=1374, tournament=8, open_time=NOW, deadline=NOW + timedelta(hours=26),
    close_time=None, resolve_time=None, data_datestamp=20260320, target="target_ender_60",
    payout_factor=Decimal(1), stake_threshold=None,
)  # fmt: skip
FILE = DataFileRecord(
    tournament="numerai", name="v5.3/live.parquet", size_bytes=2**40, etag='"e"', digest="d" * 64,
    round_number=1374, time=NOW, modified_ns=17,
)  # fmt: skip
RECEIPT = Receipt(
    tournament="numerai", round_number=1374, model="lighthouse", server_id="s1",
    filename="a-1.csv", prediction_digest="d", rows=7000, timing="on-time", time=NOW, selected=True,
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as opened:
        yield opened


def begin(ledger: Ledger, **more: Any) -> int:
    given: dict[str, Any] = {
        "round_number": 1374,
        "model": "lighthouse",
        "digest": "d",
        "time": NOW,
        **more,
    }
    return ledger.begin_attempt(str(given.pop("tournament", "numerai")), **given)


def test_rounds_come_back_newest_first_and_are_renewed(ledger: Ledger) -> None:
    ledger.see_round("numerai", ROUND, time=NOW)
    ledger.see_round("numerai", replace(ROUND, number=1373), time=NOW)
    later = NOW + timedelta(hours=1)
    ledger.see_round("numerai", replace(ROUND, target=None), time=later)
    found = ledger.rounds("numerai")
    assert [item.number for item in found] == [1374, 1373]
    deadline = ROUND.deadline
    assert found[0] == RoundSeen(
        tournament="numerai",
        number=1374,
        open_time=NOW,
        deadline=deadline,
        data_datestamp=20260320,
        target=None,
        seen=later,
    )
    assert ledger.rounds("numerai", limit=1) == found[:1]
    assert ledger.rounds("practice") == ()


def test_files_come_back_as_they_were_kept(ledger: Ledger) -> None:
    assert ledger.file("numerai", FILE.name) is None
    ledger.keep_file(FILE)
    newer = replace(FILE, etag='"f"', round_number=None)
    ledger.keep_file(newer)
    other = replace(FILE, name="v5.3/a.json")
    ledger.keep_file(other)
    assert ledger.file("numerai", FILE.name) == newer
    assert ledger.files("numerai") == (other, newer)
    assert ledger.file("practice", FILE.name) is None


def test_an_earlier_round_with_the_same_ids_is_found(ledger: Ledger) -> None:
    for number, digest in ((5, "a"), (6, "b"), (7, "a")):
        ledger.keep_live_ids("numerai", "live", round_number=number, digest=digest)

    def earlier(number: int, digest: str, name: str = "live") -> int | None:
        return ledger.earlier_round_of_ids("numerai", name, round_number=number, digest=digest)

    assert earlier(8, "a") == 7
    assert earlier(7, "a") == 5
    assert earlier(6, "b") is None
    assert earlier(8, "c") is None
    assert earlier(8, "a", "live_benchmark") is None


def test_models_come_back_newest_first(ledger: Ledger) -> None:
    first = TrainedModel(
        tournament="numerai", model="lighthouse", artifact="a1", digest="x", time=NOW
    )
    second = replace(first, artifact="a2", time=NOW + timedelta(seconds=1))
    other = replace(first, model="beacon")
    for item in (first, second, other):
        ledger.keep_model(item)
    assert ledger.models("numerai", model="lighthouse") == (second, first)
    assert len(ledger.models("numerai")) == 3
    assert ledger.models("practice") == ()


def test_an_attempt_is_told_step_by_step(ledger: Ledger) -> None:
    number = begin(ledger)
    later = NOW + timedelta(seconds=3)
    ledger.advance_attempt(number, "authorized", time=later, filename="a-1.csv")
    ledger.advance_attempt(number, "created", time=later, server_id="s1")
    ledger.advance_attempt(number, "failed", time=later, error="it broke")
    (found,) = ledger.attempts("numerai")
    assert (found.id, found.state, found.filename, found.server_id, found.error) == (
        number, "failed", "a-1.csv", "s1", "it broke",
    )  # fmt: skip
    assert (found.started, found.updated) == (NOW, later)


def test_attempts_are_narrowed_down_by_what_is_given(ledger: Ledger) -> None:
    numbers = [
        begin(ledger),
        begin(ledger, model="beacon"),
        begin(ledger, round_number=1373),
        begin(ledger, digest="e"),
        begin(ledger, tournament="practice"),
    ]
    assert [item.id for item in ledger.attempts("numerai")] == numbers[3::-1]
    assert [item.id for item in ledger.attempts("numerai", model="beacon")] == [numbers[1]]
    assert [item.id for item in ledger.attempts("numerai", round_number=1373)] == [numbers[2]]
    assert [item.id for item in ledger.attempts("numerai", digest="e")] == [numbers[3]]


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_of_two_receipts_of_the_same_second_the_one_recorded_last_comes_first(
    ledger: Ledger, ids: tuple[str, str]
) -> None:
    for server_id in ids:
        ledger.accept(begin(ledger), replace(RECEIPT, server_id=server_id))
    assert [one.server_id for one in ledger.receipts("numerai")] == list(reversed(ids))


def test_a_receipt_ends_its_attempt(ledger: Ledger) -> None:
    number = begin(ledger)
    ledger.accept(number, RECEIPT)
    ledger.accept(number, RECEIPT)  # seen twice is kept once
    assert ledger.receipts("numerai") == (RECEIPT,)
    assert ledger.receipts("numerai", model="beacon") == ()
    assert ledger.receipts("numerai", round_number=1374, model="lighthouse") == (RECEIPT,)
    assert ledger.attempts("numerai")[0].state == "accepted"
    assert ledger.attempts("numerai")[0].server_id == "s1"


def test_forgetting_a_tournament_leaves_the_others(ledger: Ledger) -> None:
    for name in ("numerai", "practice"):
        ledger.see_round(name, ROUND)
        ledger.keep_file(replace(FILE, tournament=name))
        ledger.keep_live_ids(name, "live", round_number=1, digest="d")
        ledger.keep_model(
            TrainedModel(tournament=name, model="m", artifact="a", digest="x", time=NOW)
        )
        number = begin(ledger, tournament=name)
        ledger.accept(number, replace(RECEIPT, tournament=name))
    ledger.forget("practice")
    asks = (ledger.rounds, ledger.files, ledger.models, ledger.attempts, ledger.receipts)
    assert all(len(ask("numerai")) == 1 for ask in asks)
    assert all(ask("practice") == () for ask in asks)


def test_every_table_belongs_to_a_tournament_and_is_forgotten(path: Path, ledger: Ledger) -> None:
    with sqlite3.connect(path) as raw:
        made = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert made == set(TABLES)


def test_times_of_other_zones_come_back_as_the_same_moment_in_utc(ledger: Ledger) -> None:
    from zoneinfo import ZoneInfo

    ledger.keep_file(replace(FILE, time=NOW.astimezone(ZoneInfo("Asia/Tokyo"))))
    assert ledger.files("numerai")[0].time == NOW
    assert ledger.files("numerai")[0].time.tzinfo is UTC


# old, new, foreign and damaged


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_an_old_ledger_is_brought_up_to_date_with_its_rows(path: Path, version: int) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        for step in MIGRATIONS[:version]:
            for statement in step:
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
        old.execute(
            "INSERT INTO files (tournament, name, size_bytes, etag, digest, time)"
            " VALUES ('numerai', 'a', 5, '\"e\"', 'd', ?)",
            (NOW.isoformat(),),
        )
    old.close()
    with Ledger.open(path) as ledger:
        assert ledger.files("numerai")[0].size_bytes == 5
        ledger.keep_live_ids("numerai", "live", round_number=1, digest="d")
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_migration_that_fails_leaves_the_old_ledger_whole(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("CREATE TABLE live_ids (something TEXT)")  # in the way of the second step
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute("PRAGMA user_version = 1")
    old.close()
    with pytest.raises(LedgerDamaged):
        Ledger.open(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-02:00", "2026-01-01T00:00:00", "x"]
)
def test_a_time_that_no_clock_shows_is_damage(text: str) -> None:
    with pytest.raises(LedgerDamaged):
        time_of(text)


def test_a_newer_ledger_is_left_alone(path: Path) -> None:
    Ledger.open(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(LedgerDamaged, match="newer version") as caught:
        Ledger.open(path)
    assert "upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    with pytest.raises(LedgerDamaged, match="another program"):
        Ledger.open(path)


@pytest.mark.parametrize("content", [b"no database at all" * 99, b"SQLite format 3\0" + b"x" * 999])
def test_a_damaged_ledger_is_named_with_a_cure_and_not_touched(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(LedgerDamaged, match=r"ledger\.sqlite") as caught:
        Ledger.open(path)
    assert "move it away" in caught.value.hint
    assert path.read_bytes() == content


def test_a_page_damaged_later_is_named_when_it_is_read(path: Path) -> None:
    with Ledger.open(path) as ledger:
        for number in range(200):
            ledger.keep_file(replace(FILE, name=f"file-{number}-" + "x" * 100))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(LedgerDamaged), Ledger.open(path) as ledger:
        ledger.files("numerai")


def test_a_time_that_is_none_is_named(path: Path) -> None:
    with Ledger.open(path) as ledger:
        ledger.keep_file(FILE)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE files SET time = 'yesterday'")
    raw.close()
    with Ledger.open(path) as ledger, pytest.raises(LedgerDamaged, match="yesterday"):
        ledger.files("numerai")


def test_a_folder_in_the_way_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(PathForbidden, match=r"ledger\.sqlite"):
        Ledger.open(path)


def test_a_ledger_that_somebody_holds_is_waited_for_and_named_after_too_long(
    path: Path, ledger: Ledger
) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    impatient = Ledger(sqlite3.connect(path, timeout=0.05, isolation_level=None), path=path)
    with pytest.raises(DiskTrouble, match="in use"):
        impatient.keep_file(FILE)
    impatient.close()
    threading.Timer(0.2, other.execute, ["ROLLBACK"]).start()
    ledger.keep_file(FILE)
    assert ledger.files("numerai") == (FILE,)
    other.close()


# several processes


def _open_and_write(path: Path, who: int) -> None:
    with Ledger.open(path) as ledger:
        for number in range(20):
            begin(ledger, round_number=number, model=f"m{who}")


def test_processes_that_create_and_write_at_once_lose_nothing(path: Path) -> None:
    workers = [FORKING.Process(target=_open_and_write, args=(path, who)) for who in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
        assert worker.exitcode == 0
    with Ledger.open(path) as ledger:
        assert len(ledger.attempts("numerai")) == 60


def _write_for_ever(path: Path) -> None:
    with Ledger.open(path) as ledger:
        while True:
            number = begin(ledger)
            ledger.accept(number, replace(RECEIPT, server_id=f"s{number}"))


def accepted_count(path: Path) -> int:
    with Ledger.open(path) as ledger:
        return sum(item.state == "accepted" for item in ledger.attempts("numerai"))


def test_a_kill_while_writing_leaves_a_sound_ledger_without_half_entries(path: Path) -> None:
    Ledger.open(path).close()
    seen = 0
    for _ in range(3):
        writer = FORKING.Process(target=_write_for_ever, args=(path,))
        writer.start()
        until = time.monotonic() + 300
        while accepted_count(path) < seen + 3:
            assert time.monotonic() < until, "nothing was written"
            time.sleep(0.01)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(300)
        seen = accepted_count(path)
    with Ledger.open(path) as ledger:
        accepted = [item for item in ledger.attempts("numerai") if item.state == "accepted"]
        assert accepted
        assert len(accepted) == len(ledger.receipts("numerai"))
        begin(ledger)
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_secret_has_a_place_in_the_ledger(path: Path, ledger: Ledger) -> None:
    with sqlite3.connect(path) as raw:
        columns = {row[1] for table in TABLES for row in raw.execute(f"PRAGMA table_info({table})")}
    assert columns.isdisjoint({"url", "secret", "key", "token", "authorization"})
    assert "filename" in columns
