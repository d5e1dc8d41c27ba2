"""The books are no condition of the work: whatever lies in their place, the round goes in."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.migrations import MIGRATIONS
from tests.support.damages import cut, emptied, replaced
from tests.support.examined import found
from tests.support.refusals import refused
from tests.support.runner import PROFILE, Numeri
from tests.support.said import Said

Damage = Callable[[Path], object]


def torn(path: Path) -> None:
    """The second half is another file's, as after a crash of the disk."""
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:half] + b"\xff" * (len(content) - half))


def another_schema(path: Path) -> None:
    """A table that an attempt is written to has lost a column."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX attempts_by_round")
        connection.execute("ALTER TABLE attempts DROP COLUMN error")
        connection.commit()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("kept")


def a_link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone") / "away")


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_time_that_is_none(path: Path) -> None:
    """Sound pages, and a row that nobody wrote."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE attempts SET updated = 'yesterday'")
        connection.commit()


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE of_tomorrow (something)")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        connection.commit()


def digest(path: Path) -> str | None:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def set_aside(home: Path) -> list[Path]:
    return sorted((home / "data").glob("ledger-damaged-*"))


def accepted(said: Said) -> str:
    """The submission that counts."""
    assert said.code == 0, said
    (model,) = said.data["models"]
    assert model["state"] in ("accepted", "already accepted"), model
    return str(model["server_id"])


@pytest.mark.parametrize(
    "damage",
    [cut, torn, replaced, another_schema, a_folder, a_link_to_nothing, a_pipe, a_time_that_is_none],
)
def test_a_damaged_ledger_is_set_aside_and_the_round_goes_in_once(
    numeri: Numeri, trained: Path, damage: Damage
) -> None:
    ledger = trained / "data" / "ledger.sqlite"
    first = accepted(numeri("run", "--json"))
    damage(ledger)
    was = digest(ledger)
    said = numeri("run", "--json")
    assert accepted(said) == first
    notice = said.data["ledger"]
    assert notice["code"] == "ledger_set_aside"
    (kept,) = set_aside(trained)
    assert notice["kept"] == str(kept)
    assert kept.name in notice["message"]
    if damage is not a_time_that_is_none:  # which is met after the run has written
        assert digest(kept) == was
    assert found(numeri("doctor", "--json"))["ledger_set_aside"] == "mend"
    # what counts for this round is known without the server, and the next round goes in as ever
    (row,) = numeri("rounds", "--json").data["rounds"][:1]
    assert [one["server_id"] for one in row["receipts"]] == [first]
    assert numeri("practice", "advance").code == 0
    second = numeri("run", "--json")
    assert accepted(second) != first
    assert second.data["ledger"] is None
    assert set_aside(trained) == [kept]


def test_an_empty_ledger_is_filled_from_server_and_artifacts(numeri: Numeri, trained: Path) -> None:
    first = accepted(numeri("run", "--json"))
    emptied(trained / "data" / "ledger.sqlite")
    said = numeri("rounds", "--json")
    assert said.code == 0
    (receipt,) = said.data["rounds"][0]["receipts"]
    assert receipt["server_id"] == first
    with Ledger.open(trained / "data" / "ledger.sqlite") as ledger:
        (model,) = ledger.models("practice")
    assert model.digest


def test_what_can_be_read_of_a_torn_ledger_is_in_the_new_one(numeri: Numeri, trained: Path) -> None:
    accepted(numeri("run", "--json"))
    path = trained / "data" / "ledger.sqlite"
    with Ledger.open(path) as ledger:
        before = ledger.attempts("practice"), ledger.files("practice"), ledger.models("practice")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE receipts SET time = 'never'")
        connection.commit()
    assert numeri("rounds", "--json").code == 0
    with Ledger.open(path) as ledger:
        after = ledger.attempts("practice"), ledger.files("practice"), ledger.models("practice")
    assert after == before


def test_who_is_told_of_a_run_is_told_of_the_ledger(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.json"
    told = f'[guard]\ntarget = "off"\n\n[notify]\ncommand = ["tee", "{heard}"]\n\n'
    Path("numeri.toml").write_text(PROFILE.replace("[models", told + "[models", 1))
    accepted(numeri("run", "--json"))
    assert not heard.exists()
    replaced(trained / "data" / "ledger.sqlite")
    accepted(numeri("run", "--json"))
    message = json.loads(heard.read_text())
    assert message["event"] == "guard"
    assert [one["code"] for one in message["findings"]] == ["ledger_set_aside"]


def test_a_run_goes_on_without_a_ledger_of_a_newer_numeri(
    numeri: Numeri, trained: Path, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.json"
    told = f'[guard]\ntarget = "off"\n\n[notify]\ncommand = ["tee", "{heard}"]\n\n'
    Path("numeri.toml").write_text(PROFILE.replace("[models", told + "[models", 1))
    ledger = trained / "data" / "ledger.sqlite"
    newer(ledger)
    before = digest(ledger)
    said = numeri("run", "--json")
    first = accepted(said)
    assert said.data["ledger"]["code"] == "ledger_newer"
    assert "pip install --upgrade numeri" in said.data["ledger"]["hint"]
    assert [one["code"] for one in json.loads(heard.read_text())["findings"]] == ["ledger_newer"]
    again = numeri("run")
    assert again.code == 0
    assert "newer version of numeri" in again.err
    assert numeri("status", "--json").data["models"][0]["server_id"] == first
    assert numeri("train", "--json").code == 0
    assert found(numeri("doctor", "--json"))["ledger_newer"] == "mend"
    assert digest(ledger) == before
    for words in (["rounds"], ["clean"]):  # they have nothing else to go by
        refused(
            numeri(*words, "--json"),
            exit_code=4,
            code="ledger_damaged",
            sentence="written by a newer version",
            cure="`pip install --upgrade numeri`",
        )


OPENING = ("status", "scores", "payouts", "download", "submissions", "account", "train", "submit")
ALSO_OPENING = ("datasets", "stakes", "leaderboard", "retrain lighthouse")


@pytest.mark.parametrize("words", [*OPENING, *ALSO_OPENING])
def test_every_command_that_opens_the_ledger_puts_it_in_order(
    numeri: Numeri, trained: Path, words: str
) -> None:
    torn(trained / "data" / "ledger.sqlite")
    for path in (trained / "data" / "datasets").rglob("live*"):  # here since yesterday
        os.utime(path, (time.time() - 86_400,) * 2)
    said = numeri(*words.split(), "--json")
    assert said.code in (0, 1), said  # nothing is submitted yet, says the status
    assert said.json["error"] is None
    assert len(set_aside(trained)) == 1
    assert numeri("rounds", "--json").code == 0
