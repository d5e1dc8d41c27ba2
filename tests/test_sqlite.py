"""SQLite's errors as errors of ours, by both who keep a file of it: the ledger and practice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.errors import (
    DiskFull,
    DiskTrouble,
    LedgerDamaged,
    NumeriError,
    PathForbidden,
    PracticeDamaged,
    PracticeMissing,
)
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.practice.database.database import Store

CASES: list[tuple[int, type[NumeriError] | None, str]] = [
    (sqlite3.SQLITE_FULL, DiskFull, "the disk is full"),
    (sqlite3.SQLITE_READONLY, PathForbidden, "no permission"),
    (sqlite3.SQLITE_READONLY_DBMOVED, PathForbidden, "no permission"),
    (sqlite3.SQLITE_PERM, PathForbidden, "no permission"),
    (sqlite3.SQLITE_AUTH, PathForbidden, "no permission"),
    (sqlite3.SQLITE_CANTOPEN, PathForbidden, "no permission"),
    (sqlite3.SQLITE_BUSY, DiskTrouble, "in use by another process"),
    (sqlite3.SQLITE_BUSY_SNAPSHOT, DiskTrouble, "in use by another process"),
    (sqlite3.SQLITE_LOCKED, DiskTrouble, "in use by another process"),
    (sqlite3.SQLITE_IOERR, DiskTrouble, "as SQLite says it"),
    (sqlite3.SQLITE_IOERR_WRITE, DiskTrouble, "as SQLite says it"),
    (sqlite3.SQLITE_CORRUPT, None, "damaged"),
    (sqlite3.SQLITE_NOTADB, None, "damaged"),
    (sqlite3.SQLITE_ERROR, None, "damaged"),
    (sqlite3.SQLITE_SCHEMA, None, "damaged"),
    (sqlite3.SQLITE_MISMATCH, None, "damaged"),
]
User = Callable[[Path, int], None]


def saying(code: int) -> sqlite3.DatabaseError:
    """What Python raises where SQLite answers with a code."""
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


def ask_ledger(path: Path, code: int) -> None:
    """A question to a ledger whose file answers with a code."""

    class Answering(sqlite3.Connection):
        def execute(self, *_: Any) -> Any:
            raise saying(code)

    Ledger.open(path).close()
    with Ledger(sqlite3.connect(path, factory=Answering), path=path) as ledger:
        ledger.files("numerai")


def ask_practice(path: Path, code: int) -> None:
    """A question to a practice tournament whose file answers with a code."""
    with Store.create(path).reading():
        raise saying(code)


@pytest.mark.parametrize(("code", "kind", "sentence"), CASES)
@pytest.mark.parametrize(
    ("ask", "damaged"), [(ask_ledger, LedgerDamaged), (ask_practice, PracticeDamaged)]
)
def test_what_sqlite_says_is_an_error_of_ours(
    tmp_path: Path,
    ask: User,
    damaged: type[NumeriError],
    code: int,
    kind: type[NumeriError] | None,
    sentence: str,
) -> None:
    with pytest.raises(kind or damaged, match=sentence) as caught:
        ask(tmp_path / "some.sqlite", code)
    assert type(caught.value) is (kind or damaged)
    assert "some.sqlite" in caught.value.message
    assert caught.value.hint


def test_a_text_that_is_no_utf_8_is_called_damage(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    with Ledger.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO files VALUES ('numerai', CAST(x'ff80' AS TEXT), 1, '', '', 1, 'x', 1)"
        )
    with Ledger.open(path) as ledger, pytest.raises(LedgerDamaged, match=r"decode to UTF-8"):
        ledger.files("numerai")


@pytest.mark.parametrize("ask", [ask_ledger, ask_practice])
def test_a_mistake_of_the_program_is_not_called_a_trouble_of_the_disk(
    tmp_path: Path, ask: User
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="as SQLite says it"):
        ask(tmp_path / "some.sqlite", sqlite3.SQLITE_CONSTRAINT)


def test_a_full_disk_is_named_by_both(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger.open(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA max_page_count = 1")
    with Ledger(connection, path=path) as ledger, pytest.raises(DiskFull):
        for number in range(10_000):
            ledger.keep_live_ids("numerai", "x" * 1000, round_number=number, digest="y")
    store = Store.create(tmp_path / "practice.sqlite")
    with pytest.raises(DiskFull), store.writing() as writing:
        writing.execute("PRAGMA max_page_count = 1")
        for number in range(10_000):
            writing.execute("INSERT INTO settlements VALUES (?, 20, ?)", (number, "x" * 1000))


def test_a_folder_in_the_way_is_named_by_both(tmp_path: Path) -> None:
    with pytest.raises(PathForbidden, match="cannot be opened"):
        Ledger.open(tmp_path)
    with pytest.raises(PathForbidden, match="cannot be opened"), Store(tmp_path).reading():
        pass


def test_only_practice_expects_its_file_to_be_there(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "practice.sqlite")
    (tmp_path / "practice.sqlite").unlink()
    with pytest.raises(PracticeMissing, match="any more"), store.reading():
        pass
    Ledger.open(tmp_path / "new" / "ledger.sqlite").close()
    assert (tmp_path / "new" / "ledger.sqlite").is_file()
