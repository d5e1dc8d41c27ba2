"""What the server holds after a round of the soak, held against what should be there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet

from numeri_cli.practice.tournament import Tournament
from tests.support.front import Front, Passed

LOOKS = ("submissions", "account")  # where a client reads what the server holds


@dataclass(frozen=True)
class Doubled:
    """A createSubmission after another one for the same model and round.

    in_gap: another machine's, made after this one's last look at what the server holds
    """

    round_number: int
    model: str
    in_gap: bool


@dataclass(frozen=True)
class Verdict:
    """Findings in words; nothing but `doubled` in the gap may be there."""

    wrong: tuple[str, ...]
    doubled: tuple[Doubled, ...]
    submissions: int


def judge(
    tournament: Tournament,
    front: Front,
    number: int,
    *,
    models: Sequence[str],
    digests: set[str],
) -> Verdict:
    """Look at every model of a round that is over. digests: SHA-256 of what ledgers know as sent"""
    wrong: list[str] = []
    doubled: list[Doubled] = []
    live_ids = sorted(str(one) for one in tournament.live_ids(number))
    count = 0
    for model in models:
        rows = _rows(tournament, model, number)
        own = [row for row in rows if row["source"] != "queued" and row["on_time"]]
        count += len(own)
        where = f"round {number}, {model}"
        chosen = [row for row in rows if row["selected"]]
        if len(chosen) != 1 or not chosen[0]["on_time"]:
            wrong.append(f"{where}: nothing is selected on time")
            continue
        [row] = chosen
        if row["source"] == "queued":
            wrong.append(f"{where}: what was carried over counts")
            continue
        path = tournament.folders.submission(row["id"], row["filename"])
        if _ids(path) != live_ids:
            wrong.append(f"{where}: the ids are not this round's")
        if hashlib.sha256(path.read_bytes()).hexdigest() not in digests:
            wrong.append(f"{where}: no ledger knows these bytes")
        doubled += [
            Doubled(number, model, in_gap)
            for in_gap in _doubles(front, str(row["model_id"]), made=len(own))
        ]
    return Verdict(tuple(wrong), tuple(doubled), count)


def _doubles(front: Front, model_id: str, *, made: int) -> list[bool]:
    """For each submission beyond the first whether it was made in the gap between machines."""
    if made <= 1:
        return []
    passed = sorted(front.passed, key=lambda one: one.at)
    creates = [
        one
        for one in passed
        if "createSubmission" in one.asking.names and model_id in one.asking.variables.values()
    ]
    found = [
        before.asking.host != after.asking.host and _last_look(passed, after) < before.ended
        for before, after in pairwise(creates)
    ]
    return sorted(found)[: made - 1]  # those outside the gap first


def _last_look(passed: Sequence[Passed], create: Passed) -> float:
    """When a machine last began to ask what the server holds."""
    return max(
        (
            one.at
            for one in passed
            if one.at < create.at
            and one.asking.host == create.asking.host
            and any(name in LOOKS for name in one.asking.names)
        ),
        default=0.0,
    )


def _rows(tournament: Tournament, model: str, number: int) -> list[dict[str, Any]]:
    with tournament.store.reading() as connection:
        rows = connection.execute(
            "SELECT submissions.* FROM submissions JOIN models ON models.id = model_id"
            " WHERE models.name = ? AND round = ? ORDER BY submissions.sequence",
            (model, number),
        ).fetchall()
    return [dict(row) for row in rows]


def _ids(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        table = arrow_parquet.read_table(path)
    else:
        table = arrow_csv.read_csv(path)
    return sorted(str(one) for one in table.column("id").to_pylist())
