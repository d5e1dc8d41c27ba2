"""How the ledger's tables came to be: an append-only list, each step in one transaction."""

from __future__ import annotations

import sqlite3

from numeri_cli.errors import LedgerDamaged, LedgerNewer

APPLICATION_ID = 0x4E554D52  # "NUMR"; tells our file from another program's

TABLES = (
    "accounts",
    "account_models",
    "scores",
    "newest_scores",
    "validations",
    "performances",
    "payouts",
    "round_rules",
    "stakes",
    "prices",
    "boards",
    "retrainings",
    "hosted_uploads",
    "held_submissions",
    "trials",
    "hold_out_looks",
    "rounds",
    "files",
    "models",
    "attempts",
    "receipts",
    "live_ids",
    "data_versions",
)

# Never change or remove a step that was released; add one.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE rounds (
            tournament TEXT NOT NULL, number INTEGER NOT NULL,
            open_time TEXT NOT NULL, deadline TEXT NOT NULL,
            data_datestamp INTEGER, target TEXT, seen TEXT NOT NULL,
            PRIMARY KEY (tournament, number)
        ) STRICT""",
        """CREATE TABLE files (
            tournament TEXT NOT NULL, name TEXT NOT NULL,
            size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, digest TEXT NOT NULL,
            round_number INTEGER, time TEXT NOT NULL,
            PRIMARY KEY (tournament, name)
        ) STRICT""",
        """CREATE TABLE models (
            tournament TEXT NOT NULL, model TEXT NOT NULL, artifact TEXT NOT NULL,
            digest TEXT NOT NULL, time TEXT NOT NULL,
            PRIMARY KEY (tournament, model, artifact)
        ) STRICT""",
        """CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            tournament TEXT NOT NULL, round_number INTEGER NOT NULL, model TEXT NOT NULL,
            prediction_digest TEXT NOT NULL, state TEXT NOT NULL,
            filename TEXT, server_id TEXT, error TEXT,
            started TEXT NOT NULL, updated TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX attempts_by_round ON attempts (tournament, round_number, model)",
        """CREATE TABLE receipts (
            tournament TEXT NOT NULL, server_id TEXT NOT NULL,
            round_number INTEGER NOT NULL, model TEXT NOT NULL,
            filename TEXT NOT NULL, prediction_digest TEXT NOT NULL, row_count INTEGER NOT NULL,
            timing TEXT NOT NULL, time TEXT NOT NULL, selected INTEGER NOT NULL,
            PRIMARY KEY (tournament, server_id)
        ) STRICT""",
    ),
    (
        """CREATE TABLE live_ids (
            tournament TEXT NOT NULL, name TEXT NOT NULL, round_number INTEGER NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (tournament, name, round_number)
        ) STRICT""",
    ),
    ("ALTER TABLE files ADD COLUMN modified_ns INTEGER NOT NULL DEFAULT 0",),
    (
        """CREATE TABLE data_versions (
            tournament TEXT NOT NULL, version TEXT NOT NULL, first_seen TEXT NOT NULL,
            PRIMARY KEY (tournament, version)
        ) STRICT""",
    ),
    (
        """CREATE TABLE retrainings (
            id INTEGER PRIMARY KEY,
            tournament TEXT NOT NULL, model TEXT NOT NULL, state TEXT NOT NULL,
            artifact TEXT, digest TEXT, words TEXT NOT NULL, time TEXT NOT NULL,
            told INTEGER NOT NULL DEFAULT 0
        ) STRICT""",
    ),
    (
        """CREATE TABLE accounts (
            tournament TEXT NOT NULL, asker TEXT NOT NULL, account TEXT NOT NULL,
            available_nmr TEXT, scopes TEXT NOT NULL, seen TEXT NOT NULL,
            PRIMARY KEY (tournament, asker)
        ) STRICT""",
        """CREATE TABLE account_models (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, account TEXT NOT NULL,
            name TEXT NOT NULL, stake_nmr TEXT, archived INTEGER NOT NULL,
            listed INTEGER NOT NULL, seen TEXT NOT NULL, synced_round INTEGER, profile TEXT,
            PRIMARY KEY (tournament, model_id)
        ) STRICT""",
        """CREATE TABLE scores (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, round_number INTEGER NOT NULL,
            display_name TEXT NOT NULL, version TEXT NOT NULL, day INTEGER NOT NULL,
            value REAL NOT NULL, percentile REAL, date TEXT, resolved INTEGER NOT NULL,
            PRIMARY KEY (tournament, model_id, round_number, display_name, version, day)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE performances (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, round_number INTEGER NOT NULL,
            at_risk_nmr TEXT, payout_factor TEXT, resolved INTEGER NOT NULL, resolve_time TEXT,
            multipliers TEXT NOT NULL, pending_nmr TEXT, settled_nmr TEXT, seen TEXT NOT NULL,
            PRIMARY KEY (tournament, model_id, round_number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE payouts (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, round_number INTEGER NOT NULL,
            amount_nmr TEXT NOT NULL, settled INTEGER NOT NULL, resolve_date TEXT,
            seen TEXT NOT NULL,
            PRIMARY KEY (tournament, model_id, round_number)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE round_rules (
            tournament TEXT NOT NULL, round_number INTEGER NOT NULL, deadline TEXT NOT NULL,
            resolve_time TEXT, configs TEXT NOT NULL, seen TEXT NOT NULL,
            PRIMARY KEY (tournament, round_number)
        ) STRICT""",
        """CREATE TABLE stakes (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, day TEXT NOT NULL,
            stake_nmr TEXT NOT NULL,
            PRIMARY KEY (tournament, model_id, day)
        ) STRICT""",
        """CREATE TABLE prices (
            tournament TEXT NOT NULL, day TEXT NOT NULL, usd TEXT NOT NULL, time TEXT NOT NULL,
            seen TEXT NOT NULL,
            PRIMARY KEY (tournament, day)
        ) STRICT""",
        """CREATE TABLE boards (
            tournament TEXT NOT NULL, "of" TEXT NOT NULL, content TEXT NOT NULL,
            seen TEXT NOT NULL,
            PRIMARY KEY (tournament, "of")
        ) STRICT""",
    ),
    (
        """CREATE TABLE newest_scores (
            tournament TEXT NOT NULL, model_id TEXT NOT NULL, display_name TEXT NOT NULL,
            version TEXT NOT NULL, round_number INTEGER NOT NULL, day INTEGER NOT NULL,
            value REAL NOT NULL, percentile REAL, date TEXT, resolved INTEGER NOT NULL,
            PRIMARY KEY (tournament, model_id, display_name, version, round_number)
        ) STRICT, WITHOUT ROWID""",
        """INSERT INTO newest_scores SELECT tournament, model_id, display_name, version,
            round_number, max(day), value, percentile, date, resolved FROM scores
            GROUP BY tournament, model_id, display_name, version, round_number""",
        """CREATE INDEX scores_going_on ON newest_scores (tournament, model_id, round_number)
            WHERE resolved = 0""",
    ),
    (
        """CREATE TABLE validations (
            tournament TEXT NOT NULL, model TEXT NOT NULL, artifact TEXT NOT NULL,
            target TEXT NOT NULL, horizon_days INTEGER NOT NULL, eras TEXT NOT NULL,
            seen_in_training INTEGER NOT NULL, time TEXT NOT NULL,
            PRIMARY KEY (tournament, model)
        ) STRICT""",
    ),
    (
        """CREATE TABLE hosted_uploads (
            id INTEGER PRIMARY KEY,
            tournament TEXT NOT NULL, slot TEXT NOT NULL, digest TEXT NOT NULL,
            data_version TEXT NOT NULL, image TEXT NOT NULL, state TEXT NOT NULL,
            filename TEXT, pickle_id TEXT, facts TEXT NOT NULL,
            started TEXT NOT NULL, updated TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX hosted_uploads_by_digest ON hosted_uploads (tournament, digest)",
    ),
    (
        """CREATE TABLE trials (
            tournament TEXT NOT NULL, study TEXT NOT NULL, number INTEGER NOT NULL,
            model TEXT NOT NULL, state TEXT NOT NULL, tried TEXT NOT NULL, figures TEXT NOT NULL,
            windows INTEGER NOT NULL, seconds REAL, note TEXT NOT NULL, time TEXT NOT NULL,
            PRIMARY KEY (tournament, study, number)
        ) STRICT""",
        """CREATE TABLE hold_out_looks (
            tournament TEXT NOT NULL, study TEXT NOT NULL, trial INTEGER NOT NULL,
            model TEXT NOT NULL, first_era TEXT NOT NULL, last_era TEXT NOT NULL,
            outcome TEXT NOT NULL, time TEXT NOT NULL,
            PRIMARY KEY (tournament, study, trial)
        ) STRICT""",
    ),
    (
        """CREATE TABLE held_submissions (
            tournament TEXT NOT NULL, asker TEXT NOT NULL, model TEXT NOT NULL, id TEXT NOT NULL,
            round_number INTEGER, status TEXT NOT NULL, selected INTEGER NOT NULL, filename TEXT,
            time TEXT, error_info TEXT, seen TEXT NOT NULL,
            PRIMARY KEY (tournament, asker, model, id)
        ) STRICT, WITHOUT ROWID""",
    ),
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a ledger of any earlier version up to date; two processes may try at once.

    Raises LedgerNewer, LedgerDamaged for another program's file, sqlite3.Error.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        for step in MIGRATIONS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_current(connection: sqlite3.Connection) -> bool:
    """Whether no step is missing. Raises LedgerNewer, LedgerDamaged, sqlite3.Error."""
    return _version(connection) == len(MIGRATIONS)


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if version > len(MIGRATIONS):
        raise LedgerNewer(
            "the ledger was written by a newer version of numeri",
            hint="`pip install --upgrade numeri`",
        )
    if owner != APPLICATION_ID and (version or tables):
        raise LedgerDamaged(
            "the ledger is another program's database",
            hint="move it away; the server still knows your submissions",
        )
    return version
