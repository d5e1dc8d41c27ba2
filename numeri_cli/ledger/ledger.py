"""Named questions to, and entries into, the SQLite file of what this machine has done."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from numeri_cli.errors import LedgerDamaged
from numeri_cli.ledger.connection import connected
from numeri_cli.ledger.entries import (
    Attempt,
    AttemptState,
    RoundSeen,
    TrainedModel,
    attempt_of,
    file_of,
    receipt_of,
    time_of,
    time_text,
)
from numeri_cli.ledger.mending import mended
from numeri_cli.ledger.migrations import TABLES
from numeri_cli.ledger.store import LedgerStore, Mender
from numeri_cli.records import DataFileRecord, Receipt, Round


class Ledger:
    """Open with `Ledger.open`; everything in it belongs to a tournament key.

    Safe to use by several processes and threads and to be killed at any time: each entry is one
    transaction.
    Every method may raise LedgerDamaged, DiskFull, PathForbidden and DiskTrouble.
    mender: is asked for another connection where damage is met; without one it is raised
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        path: Path,
        mender: Mender | None = None,
    ) -> None:
        self._store = LedgerStore(connection, path=path, mender=mender)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open the ledger, creating it or bringing it up to date where needed."""
        return cls(connected(path), path=path)

    @property
    def generation(self) -> int:
        """How often it was renewed."""
        return self._store.generation

    def renew(self, damage: LedgerDamaged, *, since: int) -> bool:
        """Go on with what the mender has, unless that was done since; False without a mender."""
        return self._store.renew(damage, since=since)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    @mended
    def forget(self, tournament: str) -> None:
        """Drop everything that belongs to a tournament which is no more."""
        with self.transaction() as connection:
            for table in TABLES:
                connection.execute(
                    f"DELETE FROM {table} WHERE tournament = ?",  # noqa: S608  # our own names
                    (tournament,),
                )
        self.note_vouched()

    # rounds

    @mended
    def see_round(self, tournament: str, round_: Round, *, time: datetime | None = None) -> None:
        """Remember a round as the server describes it; time: when, by default now."""
        self._write(
            "INSERT OR REPLACE INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?)",
            tournament,
            round_.number,
            time_text(round_.open_time),
            time_text(round_.deadline),
            round_.data_datestamp,
            round_.target,
            time_text(time or datetime.now(UTC)),
        )

    @mended
    def rounds(self, tournament: str, *, limit: int = 20) -> tuple[RoundSeen, ...]:
        """The latest rounds seen, newest first."""
        rows = self._read(
            "SELECT * FROM rounds WHERE tournament = ? ORDER BY number DESC LIMIT ?",
            tournament,
            limit,
        )
        return tuple(
            RoundSeen(
                tournament=name,
                number=number,
                open_time=time_of(opens),
                deadline=time_of(closes),
                data_datestamp=stamp,
                target=target,
                seen=time_of(seen),
            )
            for name, number, opens, closes, stamp, target, seen in rows
        )

    # files

    @mended
    def keep_file(self, record: DataFileRecord) -> None:
        """Remember what a downloaded file is."""
        self._write(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            record.tournament,
            record.name,
            record.size_bytes,
            record.etag,
            record.digest,
            record.round_number,
            time_text(record.time),
            record.modified_ns,
        )

    @mended
    def file(self, tournament: str, name: str) -> DataFileRecord | None:
        """What was last downloaded under this name."""
        rows = self._read("SELECT * FROM files WHERE tournament = ? AND name = ?", tournament, name)
        return file_of(rows[0]) if rows else None

    @mended
    def files(self, tournament: str) -> tuple[DataFileRecord, ...]:
        """Everything that was downloaded, by name."""
        rows = self._read("SELECT * FROM files WHERE tournament = ? ORDER BY name", tournament)
        return tuple(file_of(row) for row in rows)

    @mended
    def keep_live_ids(self, tournament: str, name: str, *, round_number: int, digest: str) -> None:
        """Remember which ids a live file had in a round, by their digest."""
        self._write(
            "INSERT OR REPLACE INTO live_ids VALUES (?, ?, ?, ?)",
            tournament,
            name,
            round_number,
            digest,
        )

    @mended
    def earlier_round_of_ids(
        self, tournament: str, name: str | None, *, round_number: int, digest: str
    ) -> int | None:
        """The latest round before this one in which a live file had just these ids.

        name: of the file; None for any
        """
        rows = self._read(
            "SELECT max(round_number) FROM live_ids"
            " WHERE tournament = ?1 AND (?2 IS NULL OR name = ?2)"
            " AND round_number < ?3 AND digest = ?4",
            tournament,
            name,
            round_number,
            digest,
        )
        found = rows[0][0]
        return None if found is None else int(found)

    @mended
    def see_data_versions(
        self, tournament: str, versions: Collection[str], *, time: datetime
    ) -> Mapping[str, datetime]:
        """Remember data versions that are listed; when this home first saw each that it knows."""
        question = "SELECT version, first_seen FROM data_versions WHERE tournament = ?"
        known = dict(self._read(question, tournament))
        if new := set(versions) - set(known):
            with self.transaction() as connection:
                for version in new:
                    connection.execute(
                        "INSERT OR IGNORE INTO data_versions VALUES (?, ?, ?)",
                        (tournament, version, time_text(time)),
                    )
            known = dict(self._read(question, tournament))
        return {version: time_of(seen) for version, seen in known.items()}

    # models

    @mended
    def keep_model(self, trained: TrainedModel) -> None:
        """Remember a trained model."""
        self._write(
            "INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?, ?)",
            trained.tournament,
            trained.model,
            trained.artifact,
            trained.digest,
            time_text(trained.time),
        )
        self.note_vouched()

    @mended
    def models(self, tournament: str, *, model: str | None = None) -> tuple[TrainedModel, ...]:
        """What was trained, newest first; of one model where it is named."""
        rows = self._read(
            "SELECT * FROM models WHERE tournament = ?1 AND (?2 IS NULL OR model = ?2)"
            " ORDER BY time DESC, artifact",
            tournament,
            model,
        )
        return tuple(
            TrainedModel(
                tournament=name, model=model, artifact=artifact, digest=digest, time=time_of(time)
            )
            for name, model, artifact, digest, time in rows
        )

    # attempts and receipts

    @mended
    def begin_attempt(
        self, tournament: str, *, round_number: int, model: str, digest: str, time: datetime
    ) -> int:
        """A try to submit begins; returns the number to report its course under."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO attempts"
                " (tournament, round_number, model, prediction_digest, state, started, updated)"
                " VALUES (?, ?, ?, ?, 'begun', ?, ?)",
                (tournament, round_number, model, digest, time_text(time), time_text(time)),
            )
        return int(cursor.lastrowid or 0)

    @mended
    def advance_attempt(
        self,
        attempt: int,
        state: AttemptState,
        *,
        time: datetime,
        filename: str | None = None,
        server_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """An attempt came further, or to its end; what is not given stays as it was."""
        self._write(
            "UPDATE attempts SET state = ?, updated = ?, filename = coalesce(?, filename),"
            " server_id = coalesce(?, server_id), error = coalesce(?, error) WHERE id = ?",
            state,
            time_text(time),
            filename,
            server_id,
            error,
            attempt,
        )

    @mended
    def accept(self, attempt: int, receipt: Receipt) -> None:
        """The server accepted: the receipt and the attempt's end, both or neither."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _receipt_values(receipt),
            )
            connection.execute(
                "UPDATE attempts SET state = 'accepted', updated = ?, server_id = ?, filename = ?"
                " WHERE id = ?",
                (time_text(receipt.time), receipt.server_id, receipt.filename, attempt),
            )

    @mended
    def keep_receipt(self, receipt: Receipt) -> None:
        """Remember a receipt that the server tells of; one that is known stays as it is."""
        self._write(
            "INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *_receipt_values(receipt),
        )

    @mended
    def attempts(
        self,
        tournament: str,
        *,
        round_number: int | None = None,
        model: str | None = None,
        digest: str | None = None,
        since_round: int = 0,
    ) -> tuple[Attempt, ...]:
        """Tries to submit, newest first, narrowed down by what is given."""
        rows = self._read(
            "SELECT id, tournament, round_number, model, prediction_digest, state, filename,"
            " server_id, error, started, updated FROM attempts"
            " WHERE tournament = ?1 AND (?2 IS NULL OR round_number = ?2)"
            " AND (?3 IS NULL OR model = ?3) AND (?4 IS NULL OR prediction_digest = ?4)"
            " AND round_number >= ?5 ORDER BY id DESC",
            tournament,
            round_number,
            model,
            digest,
            since_round,
        )
        return tuple(attempt_of(row) for row in rows)

    @mended
    def receipts(
        self,
        tournament: str,
        *,
        round_number: int | None = None,
        model: str | None = None,
        since_round: int = 0,
    ) -> tuple[Receipt, ...]:
        """Accepted submissions, newest first, narrowed down by what is given.

        Of the same second, the one that was recorded last comes first.
        """
        rows = self._read(
            "SELECT tournament, round_number, model, server_id, filename, prediction_digest,"
            " row_count, timing, time, selected FROM receipts"
            " WHERE tournament = ?1 AND (?2 IS NULL OR round_number = ?2)"
            " AND (?3 IS NULL OR model = ?3) AND round_number >= ?4"
            " ORDER BY round_number DESC, time DESC, rowid DESC",
            tournament,
            round_number,
            model,
            since_round,
        )
        return tuple(receipt_of(row) for row in rows)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Statements of a room of the ledger's own, all of them or none."""
        with self._store.transaction() as connection:
            yield connection

    def note_vouched(self) -> None:
        """Write down elsewhere, too, which artifacts it vouches for."""
        self._store.note_vouched()

    def read(self, question: str, *values: str | int | None) -> list[Any]:
        """The rows of a question of a room of the ledger's own."""
        return self._read(question, *values)

    def _read(self, question: str, *values: str | int | None) -> list[Any]:
        return self._store.read(question, values)

    def _write(self, statement: str, *values: str | int | None) -> None:
        with self.transaction() as connection:
            connection.execute(statement, values)


def _receipt_values(receipt: Receipt) -> tuple[str | int, ...]:
    """A row of the table of receipts."""
    return (
        receipt.tournament,
        receipt.server_id,
        receipt.round_number,
        receipt.model,
        receipt.filename,
        receipt.prediction_digest,
        receipt.rows,
        receipt.timing,
        time_text(receipt.time),
        receipt.selected,
    )
