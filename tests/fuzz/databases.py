"""SQLite files with something wrong in their bytes, tables or cells."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from tests.fuzz.accidents import ODD_VALUES, mangled_bytes

ODD_SETTINGS = ("user_version", "application_id")


def mangle_database(path: Path, chance: random.Random) -> None:
    """Change the file in place: its bytes, or by statements that any program may make."""
    if chance.random() < 0.4:
        path.write_bytes(mangled_bytes(path.read_bytes(), chance))
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        for _ in range(chance.choice([1, 1, 2, 4])):
            with suppress(sqlite3.Error):  # this file cannot have that
                connection.execute(*_statement(connection, chance))
    if chance.random() < 0.1:
        path.with_name(f"{path.name}-journal").write_bytes(chance.randbytes(600))


def _statement(
    connection: sqlite3.Connection, chance: random.Random
) -> tuple[str, tuple[object, ...]]:
    """One that changes something, with its values."""
    tables = [
        name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    filled = [one for one in tables if connection.execute(f'SELECT 1 FROM "{one}"').fetchone()]  # noqa: S608 - names of our own tables
    table = chance.choice(filled or tables)
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    column = chance.choice(columns)
    kind = chance.random()
    if kind < 0.65:
        values = [one for one in ODD_VALUES if not isinstance(one, dict | list)]
        value = chance.choice([*values, b"\x00\xff", "{", '[["a", 1, null]]', "2026-11-29"])
        value = value if not isinstance(value, int) else max(-(2**63), min(value, 2**63 - 1))
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")
            return (
                f'UPDATE "{table}" SET "{column}" = CAST(? AS TEXT) WHERE rowid % ? = 0',  # noqa: S608 - names of our own tables
                (value, chance.choice([1, 1, 3])),
            )
        return f'UPDATE "{table}" SET "{column}" = ? WHERE rowid % 2 = 0', (value,)  # noqa: S608 - names of our own tables
    if kind < 0.75:
        return f'DROP TABLE "{table}"', ()
    if kind < 0.85:
        return f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}_"', ()
    if kind < 0.9:
        return f'ALTER TABLE "{table}" ADD COLUMN "more" INTEGER', ()
    if kind < 0.95:
        number = chance.choice([0, 1, 3, 99, 2**31 - 1])
        return f"PRAGMA {chance.choice(ODD_SETTINGS)} = {number}", ()
    return f'DELETE FROM "{table}"', ()  # noqa: S608 - names of our own tables
