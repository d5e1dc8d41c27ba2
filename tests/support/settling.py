"""A server that takes its time over a submission: pending first, then accepted or refused."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numeri_cli.practice.tournament import Tournament
from tests.support.typed_answers import HIDDEN_ID, Place

PENDING = "pending"


@dataclass(frozen=True)
class Row:
    """A submission as the practice tournament has stored it."""

    id: str
    model_id: str
    round_number: int
    sequence: int
    filename: str
    submitted_at: str
    on_time: bool
    refused: bool

    @property
    def rank(self) -> tuple[bool, int]:
        """Of two sound ones the larger counts: on time before late, then the newer."""
        return self.on_time, self.sequence


class Settling:
    """Shows each submission as pending for so many seconds after it was made.

    What counted before goes on counting until then, as the real service has it.
    lists_pending: whether latestSubmissions names a pending one at once (with its timing: it has
        no word for pending), or goes on naming what counted before
    seconds: a monotonic clock
    """

    def __init__(
        self,
        tournament: Tournament,
        *,
        settle_seconds: float = 0.0,
        lists_pending: bool = True,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settle_seconds = settle_seconds
        self._seconds = seconds
        self.lists_pending = lists_pending
        self._tournament = tournament
        self._made: dict[str, float] = {}
        self._lock = threading.Lock()

    def made(self, submission_id: str) -> None:
        """A submission was made now."""
        with self._lock:
            self._made[submission_id] = self._seconds()

    def show(self, found: Sequence[Place]) -> None:
        """Change what an answer says of submissions to what a slow server would say."""
        pending = self._pending()
        if not pending:
            return
        counted, before = self._standing(pending)
        for place in found:
            own_id = place.holder.get(HIDDEN_ID)
            if own_id not in counted:
                continue
            if place.field.type == "V2Submission":
                _show_submission(place, pending=own_id in pending, counts=counted[own_id])
            elif own_id in pending and not self.lists_pending:
                _show_latest(place, before.get(own_id))

    def _pending(self) -> set[str]:
        now = self._seconds()
        with self._lock:
            return {one for one, at in self._made.items() if now < at + self.settle_seconds}

    def _standing(self, pending: set[str]) -> tuple[dict[str, bool], Mapping[str, Row]]:
        """Of every submission beside a pending one whether it counts; and what counted before."""
        groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for row in self._rows():
            groups[row.model_id, row.round_number].append(row)
        counted: dict[str, bool] = {}
        before: dict[str, Row] = {}
        for rows in groups.values():
            if not any(row.id in pending for row in rows):
                continue
            sound = [row for row in rows if row.id not in pending and not row.refused]
            best = max(sound, key=lambda row: row.rank, default=None)
            counted |= {row.id: row is best for row in rows}
            if best is not None:
                before |= {row.id: best for row in rows}
        return counted, before

    def _rows(self) -> list[Row]:
        with self._tournament.store.reading() as connection:
            found = connection.execute(
                "SELECT id, model_id, round, sequence, filename, submitted_at, on_time,"
                " error_info IS NOT NULL FROM submissions"
                " WHERE round >= (SELECT live_round - 1 FROM tournament)"
            ).fetchall()
        return [
            Row(name, model, number, sequence, file, time, bool(on_time), bool(refused))
            for name, model, number, sequence, file, time, on_time, refused in found
        ]


def _show_submission(place: Place, *, pending: bool, counts: bool) -> None:
    shown: dict[str, Any] = {"selected": counts}
    if pending:
        shown |= {"status": PENDING, "errorInfo": None}
        shown |= {"filteredCount": None, "submittedCount": None}
    if place.field.name in shown:
        place.holder[place.key] = shown[place.field.name]


def _show_latest(place: Place, before: Row | None) -> None:
    shown: dict[str, Any] = {"id": None, "filename": None, "timestamp": None, "status": "none"}
    if before is not None:
        shown = {
            "id": before.id,
            "filename": before.filename,
            "timestamp": f"{before.submitted_at[:19]}Z",
            "status": "on-time" if before.on_time else "late",
        }
    if place.field.name in shown:
        place.holder[place.key] = shown[place.field.name]
