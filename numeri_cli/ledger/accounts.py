"""Accounts, their models and the leaderboards, as the server last told of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from numeri_cli.ledger.entries import nmr_of, nmr_text, time_of, time_text
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.mending import decoding, mended
from numeri_cli.records import AccountStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """An account as the server told of it; seen: when, by the server's clock."""

    name: str
    available_nmr: Decimal | None
    scopes: tuple[str, ...]
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model whose scores are kept.

    listed: the account had it when it was last asked; synced_round: the newest round there was when
    its rows were last brought, None where they never were
    """

    id: str
    name: str
    account: str
    stake_nmr: Decimal | None
    archived: bool
    listed: bool
    seen: datetime
    synced_round: int | None
    profile: Mapping[str, float | None]


@mended
def keep_account(
    ledger: Ledger,
    tournament: str,
    *,
    asker: str,
    standing: AccountStanding,
    scopes: Sequence[str],
    seen: datetime,
) -> None:
    """Remember an account and its models; those it no longer lists stay, marked as such.

    asker: a digest that stands for the API key that asked
    """
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
            (
                tournament,
                asker,
                standing.name,
                nmr_text(standing.available_nmr),
                json.dumps(list(scopes)),
                time_text(seen),
            ),
        )
        connection.execute(
            "UPDATE account_models SET listed = 0 WHERE tournament = ? AND account = ?",
            (tournament, standing.name),
        )
        _keep_models(connection, tournament, standing=standing, seen=seen)


@mended
def keep_somebody(
    ledger: Ledger, tournament: str, *, standing: AccountStanding, seen: datetime
) -> None:
    """Remember models of somebody's; what is known of the account's others stays."""
    with ledger.transaction() as connection:
        _keep_models(connection, tournament, standing=standing, seen=seen)


def _keep_models(
    connection: sqlite3.Connection, tournament: str, *, standing: AccountStanding, seen: datetime
) -> None:
    for model in standing.models:
        connection.execute(
            "INSERT INTO account_models (tournament, model_id, account, name, stake_nmr, archived,"
            " listed, seen) VALUES (?, ?, ?, ?, ?, ?, 1, ?)"
            " ON CONFLICT (tournament, model_id) DO UPDATE SET account = excluded.account,"
            " name = excluded.name, stake_nmr = excluded.stake_nmr,"
            " archived = excluded.archived, listed = 1, seen = excluded.seen",
            (
                tournament,
                model.id,
                standing.name,
                model.name,
                nmr_text(model.stake_nmr),
                model.archived,
                time_text(seen),
            ),
        )
        connection.execute(
            "INSERT OR REPLACE INTO stakes VALUES (?, ?, ?, ?)",
            (tournament, model.id, seen.date().isoformat(), nmr_text(model.stake_nmr) or "0"),
        )


@mended
def keep_profile(
    ledger: Ledger, tournament: str, model_id: str, *, profile: Mapping[str, float | None]
) -> None:
    """Remember a model's ranks and returns."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE account_models SET profile = ? WHERE tournament = ? AND model_id = ?",
            (json.dumps(dict(profile)), tournament, model_id),
        )


@mended
def account(ledger: Ledger, tournament: str, *, asker: str) -> KnownAccount | None:
    """The account that a key belongs to, as far as it was told."""
    with ledger.transaction() as connection:
        row = connection.execute(
            "SELECT account, available_nmr, scopes, seen FROM accounts"
            " WHERE tournament = ? AND asker = ?",
            (tournament, asker),
        ).fetchone()
    if row is None:
        return None
    name, available, scopes, seen = row
    with decoding("permissions"):
        return KnownAccount(
            name=name,
            available_nmr=nmr_of(available),
            scopes=tuple(map(str, json.loads(scopes))),
            seen=time_of(seen),
        )


@mended
def models(ledger: Ledger, tournament: str, *, account_name: str) -> tuple[KnownModel, ...]:
    """The models of an account, by name."""
    return _models(ledger, "tournament = ? AND account = ?", (tournament, account_name))


@mended
def model_named(ledger: Ledger, tournament: str, name: str) -> KnownModel | None:
    """Anybody's model of that name, the one seen last; None where none is kept."""
    found = _models(ledger, "tournament = ? AND name = ?", (tournament, name))
    return max(found, key=lambda one: one.seen, default=None)


def _models(ledger: Ledger, where: str, values: tuple[str, ...]) -> tuple[KnownModel, ...]:
    with ledger.transaction() as connection:
        rows = connection.execute(
            "SELECT model_id, name, account, stake_nmr, archived, listed, seen, synced_round,"  # noqa: S608  # our own words
            f" profile FROM account_models WHERE {where} ORDER BY name, seen",
            values,
        ).fetchall()
    with decoding("models"):
        return tuple(
            KnownModel(
                id=model_id, name=name, account=owner, stake_nmr=nmr_of(stake),
                archived=bool(archived), listed=bool(listed), seen=time_of(seen),
                synced_round=synced, profile=_figures(profile or "{}"),
            )
            for model_id, name, owner, stake, archived, listed, seen, synced, profile in rows
        )  # fmt: skip


def _figures(text: str) -> dict[str, float | None]:
    found = dict(json.loads(text))
    return {str(name): None if value is None else float(value) for name, value in found.items()}


@mended
def keep_board(
    ledger: Ledger, tournament: str, *, of: str, rows: Sequence[Sequence[Any]], seen: datetime
) -> None:
    """Remember a leaderboard; of: "models" or "accounts"."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO boards VALUES (?, ?, ?, ?)",
            (tournament, of, json.dumps([list(row) for row in rows]), time_text(seen)),
        )


@mended
def board(ledger: Ledger, tournament: str, *, of: str) -> tuple[list[list[Any]], datetime] | None:
    """The rows of a leaderboard as it was last seen, and when; None where it never was."""
    with ledger.transaction() as connection:
        row = connection.execute(
            'SELECT content, seen FROM boards WHERE tournament = ? AND "of" = ?', (tournament, of)
        ).fetchone()
    if row is None:
        return None
    with decoding("rows of a leaderboard"):
        return [list(one) for one in json.loads(row[0])], time_of(row[1])
