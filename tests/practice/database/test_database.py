"""State in SQLite: whole changes, several processes, damage that is named."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from numeri_cli.errors import PracticeDamaged
from numeri_cli.practice.database.database import Store, insert
from numeri_cli.practice.database.migrations import MIGRATIONS

SETTLEMENT = {"horizon_days": 20, "settled_at": "2026-01-03T12:05:00.000000+00:00"}


def rounds_in(store: Store) -> list[int]:
    with store.reading() as connection:
        rows = connection.execute("SELECT round FROM settlements ORDER BY round")
        return [row["round"] for row in rows]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "tournament.sqlite")


def test_a_new_store_is_for_its_owner_only(store: Store, tmp_path: Path) -> None:
    assert (tmp_path / "tournament.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_change_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as connection:
        insert(connection, "settlements", round=1, **SETTLEMENT)
        raise RuntimeError
    assert rounds_in(store) == []


def test_a_reader_sees_one_moment_while_others_write(store: Store, tmp_path: Path) -> None:
    with store.reading() as connection:
        count = "SELECT count(*) FROM settlements"
        assert connection.execute(count).fetchone()[0] == 0
        other = Store.open(tmp_path / "tournament.sqlite")
        with other.writing() as writing:
            insert(writing, "settlements", round=1, **SETTLEMENT)
        assert connection.execute(count).fetchone()[0] == 0
    assert rounds_in(store) == [1]


def test_many_writers_lose_nothing(store: Store) -> None:
    def write(number: int) -> None:
        with store.writing() as connection:
            insert(connection, "settlements", round=number, **SETTLEMENT)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(100)))
    assert rounds_in(store) == list(range(100))


def test_another_process_writes_at_the_same_time(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "tournament.sqlite"
    code = (
        "import sys; from pathlib import Path\n"
        "from numeri_cli.practice.database.database import Store, insert\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "for number in range(1000, 1040):\n"
        "    with store.writing() as connection:\n"
        "        insert(connection, 'settlements', round=number, horizon_days=20, settled_at='x')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as process:
        for number in range(40):
            with store.writing() as connection:
                insert(connection, "settlements", round=number, **SETTLEMENT)
        assert process.wait(300) == 0
    assert rounds_in(store) == [*range(40), *range(1000, 1040)]


def test_an_old_store_is_brought_up_to_date_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("INSERT INTO settlements VALUES (5, 20, 'x')")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    store = Store.open(path)
    assert rounds_in(store) == [5]
    with store.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("SELECT count(*) FROM diagnostics").fetchone()[0] == 0


def test_a_newer_store_is_refused(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "tournament.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(PracticeDamaged, match="newer numeri"):
        Store.open(path)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be one" * 50])
def test_a_foreign_or_missing_file_is_named_as_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tournament.sqlite"
    if content:
        path.write_bytes(content)
    with pytest.raises(PracticeDamaged, match=r"tournament\.sqlite is missing or not"):
        Store.open(path)
