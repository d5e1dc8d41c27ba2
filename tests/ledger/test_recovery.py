"""A damaged ledger is set aside by one process, whoever else is at it and wherever it is killed."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from numeri_cli.errors import LedgerDamaged
from numeri_cli.ledger import accounts, money, scores
from numeri_cli.ledger.connection import connected
from numeri_cli.ledger.entries import TrainedModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.recovery import LedgerNotice, Recovery, set_aside_before
from numeri_cli.ledger.retrainings import keep_retraining, retrainings
from numeri_cli.records import AccountStanding, DataFileRecord, ModelStake, Payout, PriceSeen, Round
from tests.support.disks import sealed

NOW = datetime(2026, 3, 21, 12, 5, 1, tzinfo=UTC)
ROUND = Round(
    id="r", number=1374, tournament=8, open_time=NOW, deadline=NOW + timedelta(hours=26),
    close_time=None, resolve_time=None, data_datestamp=20260320, target="target_ender_60",
    payout_factor=Decimal(1), stake_threshold=None,
)  # fmt: skip
FILE = DataFileRecord(
    tournament="numerai", name="v5.3/live.parquet", size_bytes=2**40, etag='"e"', digest="d" * 64,
    round_number=1374, time=NOW, modified_ns=17,
)  # fmt: skip
MODEL = TrainedModel(tournament="numerai", model="m", artifact="a", digest="x", time=NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with rows of every kind."""
    path = tmp_path / "ledger.sqlite"
    with Recovery(path, print).open() as ledger:
        for number in range(60):
            ledger.see_round("numerai", replace(ROUND, number=number), time=NOW)
            ledger.keep_file(replace(FILE, name=f"file-{number}"))
            ledger.begin_attempt("numerai", round_number=number, model="m", digest="d", time=NOW)
        ledger.keep_model(MODEL)
        keep_retraining(ledger, "numerai", model="m", state="begun", words="", time=NOW)
        standing = AccountStanding(
            name="me",
            available_nmr=Decimal(1),
            models=(ModelStake(id="i", name="m", stake_nmr=Decimal(2), archived=False),),
        )
        accounts.keep_account(
            ledger, "numerai", asker="k", standing=standing, scopes=["read"], seen=NOW
        )
        paid = Payout(
            round_number=1, model_id="i", amount_nmr=Decimal(3), resolve_date=NOW, settled=True
        )
        money.keep_payouts(ledger, "numerai", [paid], seen=NOW)
        money.keep_price(ledger, "numerai", PriceSeen(usd=Decimal(9), time=NOW), seen=NOW)
        scores.keep_rules(ledger, "numerai", [ROUND], seen=NOW)
    return path


def everything(ledger: Ledger) -> tuple[object, ...]:
    """All that a command may ask."""
    return (
        ledger.rounds("numerai", limit=100),
        ledger.files("numerai"),
        ledger.attempts("numerai"),
        ledger.receipts("numerai"),
        ledger.models("numerai"),
        retrainings(ledger, "numerai"),
        money.payouts(ledger, "numerai", model_ids=["i"]),
        money.prices(ledger, "numerai"),
        money.stakes(ledger, "numerai", "i"),
        accounts.account(ledger, "numerai", asker="k"),
        accounts.models(ledger, "numerai", account_name="me"),
        accounts.board(ledger, "numerai", of="models"),
        scores.rules(ledger, "numerai"),
        scores.performances(ledger, "numerai", model_ids=["i"]),
    )


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("seed", range(40))
def test_a_mangled_ledger_answers_every_question_at_the_second_try(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice([1, 3, 30, 300])):
        place = chance.randrange(len(content))
        content[place : place + chance.choice([1, 1, 64])] = chance.randbytes(1)
    path.write_bytes(content[: chance.choice([len(content), chance.randrange(len(content))])])
    told: list[LedgerNotice] = []
    with Recovery(path, told.append).open() as ledger:
        everything(ledger)
        ledger.keep_file(FILE)
        assert ledger.file("numerai", FILE.name) == FILE
    assert len(told) <= 2
    with Ledger.open(path) as ledger:  # what is left is sound for whoever mends nothing
        everything(ledger)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rounds SET seen = 'yesterday'",
        "UPDATE files SET time = '2026-03-21T12:00:00' WHERE name = 'file-3'",  # of no zone
        "UPDATE payouts SET amount_nmr = 'much'",
        "UPDATE accounts SET scopes = '{'",
        "UPDATE account_models SET profile = '[1]'",
        "UPDATE round_rules SET configs = '[[1]]'",
        "UPDATE round_rules SET configs = replace(printf('%.100000c', ' '), ' ', '[')",
        "UPDATE prices SET day = 'today'",
        "UPDATE files SET etag = CAST(x'ff' AS TEXT) WHERE name = 'file-3'",
    ],
)
def test_a_value_that_nobody_wrote_is_met_once(path: Path, statement: str) -> None:
    with Ledger.open(path) as ledger:
        before = everything(ledger)
    changed(path, statement)
    told: list[LedgerNotice] = []
    with Recovery(path, told.append).open() as ledger:
        everything(ledger)
        after = everything(ledger)
    assert [one.code for one in told] == ["ledger_set_aside"]
    assert after[2] == before[2]  # the attempts, which nobody else knows
    assert after[4] == before[4]


def spoil(path: Path) -> None:
    """Every page but the first is another file's, under the hands of who has it open."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(24)  # the counter of changes: what SQLite has in memory is old
        file.write((int.from_bytes(content[24:28]) + 1).to_bytes(4))
        file.seek(4096)
        file.write(b"\xff" * (len(content) - 4096))


def test_damage_that_comes_while_the_ledger_is_open_is_met_by_whoever_asks(path: Path) -> None:
    told: list[LedgerNotice] = []
    with Recovery(path, told.append).open() as ledger:
        spoil(path)
        failed: list[BaseException] = []

        def ask() -> None:
            try:
                everything(ledger)
                ledger.keep_file(FILE)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert ledger.files("numerai")[-1:] == (FILE,)
        assert ledger.models("numerai") == (MODEL,)  # of the second file
    assert [one.code for one in told] == ["ledger_set_aside"]


def test_where_nothing_can_be_moved_the_work_goes_on_without_a_ledger(
    path: Path, tmp_path: Path
) -> None:
    path.write_bytes(b"nothing of ours" * 999)
    told: list[LedgerNotice] = []
    recovery = Recovery(path, told.append)
    with sealed(tmp_path), recovery.open() as ledger:
        ledger.keep_file(FILE)
        assert ledger.files("numerai") == (FILE,)
        assert ledger.models("numerai") == (MODEL,)
    assert [one.code for one in told] == ["ledger_unkept"]
    assert isinstance(recovery.trouble, LedgerDamaged)
    assert path.read_bytes() == b"nothing of ours" * 999


def test_a_link_to_a_sound_ledger_elsewhere_is_followed(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other" / "ledger.sqlite"
    elsewhere.parent.mkdir()
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    told: list[LedgerNotice] = []
    with Recovery(path, told.append).open() as ledger:
        assert ledger.models("numerai") == (MODEL,)
    assert told == []
    assert path.is_symlink()


def test_a_damage_without_a_mender_is_raised(path: Path) -> None:
    changed(path, "UPDATE payouts SET amount_nmr = 'much'")
    with Ledger.open(path) as ledger, pytest.raises(LedgerDamaged, match="payouts"):
        money.payouts(ledger, "numerai", model_ids=["i"])


def test_what_sqlite_has_beside_the_ledger_goes_with_it(path: Path) -> None:
    path.unlink()
    path.mkdir()
    beside = path.with_name("ledger.sqlite-journal")
    beside.write_bytes(b"of the damaged one")
    with Recovery(path, print).open():
        pass
    (kept,) = set_aside_before(path)
    assert kept.with_name(f"{kept.name}-journal").read_bytes() == b"of the damaged one"
    assert not beside.exists()


def test_an_open_ledger_follows_the_file_that_another_process_put_there(path: Path) -> None:
    with Recovery(path, print).open() as first:
        path.unlink()
        with Ledger.open(path) as second:
            second.keep_file(FILE)
        assert first.files("numerai") == (FILE,)
        first.keep_file(replace(FILE, name="b"))
        with Ledger.open(path) as second:
            assert len(second.files("numerai")) == 2


def _open_and_write(path: Path, who: int) -> None:
    with Recovery(path, lambda notice: None).open() as ledger:
        for number in range(10):
            ledger.begin_attempt(
                "numerai", round_number=number, model=f"w{who}", digest="d", time=NOW
            )


def test_processes_that_meet_the_same_damage_set_it_aside_once(path: Path) -> None:
    path.write_bytes(b"nothing of ours" * 999)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_open_and_write, args=(path, who)) for who in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    assert len(set_aside_before(path)) == 1
    with Ledger.open(path) as ledger:
        assert len(ledger.attempts("numerai")) == 30


KILLED = """\
import os, signal, sys
from pathlib import Path
from numeri_cli.ledger.recovery import Recovery

left = int(sys.argv[2])

def watch(event, _):
    global left
    if event in ("os.link", "os.rename"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
Recovery(Path(sys.argv[1]), print).open().close()
"""


def test_killed_between_any_two_steps_the_next_puts_it_in_order(path: Path, tmp_path: Path) -> None:
    half = path.read_bytes()[: path.stat().st_size // 2]
    codes: list[int] = []
    for moment in range(1, 20):
        if codes and codes[-1] == 0:
            break
        place = tmp_path / str(moment) / path.name
        place.parent.mkdir()
        place.write_bytes(half)
        (place.parent / "vouched.json").write_bytes((tmp_path / "vouched.json").read_bytes())
        words = [sys.executable, "-c", KILLED, str(place), str(moment)]
        codes.append(subprocess.run(words, capture_output=True, check=False).returncode)
        with Recovery(place, print).open() as ledger:
            assert ledger.models("numerai") == (MODEL,)
            everything(ledger)
        assert all(one.read_bytes() == half for one in set_aside_before(place)[:1])
        connected(place).close()
    assert codes == [-signal.SIGKILL] * 5 + [0]  # a link, three files of SQLite's, the new one
