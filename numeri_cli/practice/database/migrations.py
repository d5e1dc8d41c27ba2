"""The tables of the practice tournament. Append only: a migration that was released never changes.

Money is text (Decimal), moments are ISO 8601 in UTC with microseconds, so that text order is time
order. Secrets are never stored here, only their digests.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE tournament (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        first_round INTEGER NOT NULL,
        first_opens_at TEXT NOT NULL,
        clock TEXT NOT NULL,
        clock_moves INTEGER NOT NULL,
        live_round INTEGER NOT NULL,
        published_round INTEGER NOT NULL
    );
    CREATE TABLE accounts (
        id TEXT PRIMARY KEY,
        username TEXT NOT NULL UNIQUE,
        email TEXT,
        available_nmr TEXT NOT NULL,
        inserted_at TEXT NOT NULL
    );
    CREATE TABLE api_keys (
        public_id TEXT PRIMARY KEY,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        name TEXT NOT NULL,
        secret_digest TEXT NOT NULL,
        scopes TEXT NOT NULL
    );
    CREATE TABLE models (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        name TEXT NOT NULL UNIQUE,
        stake_nmr TEXT NOT NULL,
        inserted_at TEXT NOT NULL,
        hosted_id TEXT
    );
    CREATE TABLE uploads (
        filename TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        model_id TEXT REFERENCES models (id),
        authorized_at TEXT NOT NULL
    );
    CREATE TABLE submissions (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        model_id TEXT NOT NULL REFERENCES models (id),
        round INTEGER NOT NULL,
        filename TEXT NOT NULL,
        submitted_at TEXT NOT NULL,
        on_time INTEGER NOT NULL,
        selected INTEGER NOT NULL,
        queued_for INTEGER,
        error_info TEXT,
        submitted_count INTEGER NOT NULL,
        filtered_count INTEGER NOT NULL,
        data_datestamp INTEGER NOT NULL,
        source TEXT,
        trigger_id TEXT
    );
    CREATE UNIQUE INDEX one_selected_per_model_and_round
        ON submissions (model_id, round) WHERE selected = 1;
    CREATE INDEX submissions_by_round ON submissions (round, model_id);
    CREATE TABLE entries (
        round INTEGER NOT NULL,
        model_id TEXT NOT NULL REFERENCES models (id),
        submission_id TEXT REFERENCES submissions (id),
        at_risk_nmr TEXT NOT NULL,
        PRIMARY KEY (round, model_id)
    );
    CREATE TABLE scores (
        round INTEGER NOT NULL,
        model_id TEXT NOT NULL REFERENCES models (id),
        name TEXT NOT NULL,
        value REAL NOT NULL,
        percentile REAL NOT NULL,
        PRIMARY KEY (round, model_id, name)
    );
    CREATE INDEX scores_by_model ON scores (model_id, name, round);
    CREATE TABLE settlements (
        round INTEGER NOT NULL,
        horizon_days INTEGER NOT NULL,
        settled_at TEXT NOT NULL,
        PRIMARY KEY (round, horizon_days)
    );
    CREATE TABLE stake_moves (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        model_id TEXT NOT NULL REFERENCES models (id),
        kind TEXT NOT NULL,
        round INTEGER,
        amount_nmr TEXT NOT NULL,
        stake_nmr TEXT NOT NULL,
        moved_at TEXT NOT NULL
    );
    CREATE INDEX stake_moves_by_model ON stake_moves (model_id, sequence);
    """,
    """
    CREATE TABLE diagnostics (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        model_id TEXT REFERENCES models (id),
        filename TEXT NOT NULL,
        status TEXT NOT NULL,
        message TEXT,
        result TEXT NOT NULL,
        inserted_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
    CREATE TABLE hosted_models (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        model_id TEXT REFERENCES models (id),
        filename TEXT NOT NULL,
        data_version_id TEXT NOT NULL,
        docker_image_id TEXT NOT NULL,
        validation_status TEXT NOT NULL,
        inserted_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    );
    """,
    "ALTER TABLE models ADD COLUMN wanted_nmr TEXT",
    """
    ALTER TABLE models ADD COLUMN closing_round INTEGER;
    ALTER TABLE models ADD COLUMN closing_nmr TEXT;
    """,
    """
    CREATE TABLE terms (
        round INTEGER PRIMARY KEY,
        multipliers TEXT NOT NULL,
        clip_threshold TEXT NOT NULL,
        payout_factor TEXT NOT NULL,
        stake_threshold_nmr TEXT NOT NULL
    );
    """,
    """
    ALTER TABLE models ADD COLUMN webhook TEXT;
    ALTER TABLE hosted_models ADD COLUMN label TEXT;
    ALTER TABLE hosted_models ADD COLUMN source TEXT;
    CREATE TABLE hosted_runs (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        hosted_id TEXT REFERENCES hosted_models (id),
        model_id TEXT REFERENCES models (id),
        round INTEGER,
        submission_id TEXT REFERENCES submissions (id),
        status TEXT NOT NULL,
        inserted_at TEXT NOT NULL
    );
    CREATE INDEX hosted_runs_by_model ON hosted_runs (hosted_id, sequence);
    CREATE TABLE hosted_run_states (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES hosted_runs (id),
        status TEXT NOT NULL,
        description TEXT NOT NULL,
        inserted_at TEXT NOT NULL
    );
    CREATE INDEX hosted_run_states_by_run ON hosted_run_states (run_id, sequence);
    CREATE TABLE hosted_run_log (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL REFERENCES hosted_runs (id),
        message TEXT NOT NULL,
        inserted_at TEXT NOT NULL
    );
    CREATE INDEX hosted_run_log_by_run ON hosted_run_log (run_id, sequence);
    """,
)
