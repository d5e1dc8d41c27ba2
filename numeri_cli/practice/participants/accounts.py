"""Who takes part: accounts, their API keys with scopes, their models."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sqlite3
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from numeri_cli.errors import PracticeMissing, PracticeSettings
from numeri_cli.model_names import RULE, is_model_name
from numeri_cli.practice.database.database import Connection, Row, insert, moment_of, nmr_text
from numeri_cli.practice.participants.refusals import permission_missing, session_invalid

SCOPES = (
    "write_user_info",
    "upload_submission",
    "download_submission",
    "stake",
    "web3_staking",
    "read_submission_info",
    "read_user_info",
    "delete",
)
NAMESPACE = uuid.UUID("6f1c2f4e-8c1d-4a57-9d1b-3c1f7a0e5b21")  # of ids that come of names
PARTICIPANT = "newcomer"  # the account of whoever owns this machine


@dataclass(frozen=True, kw_only=True)
class Account:
    """One participant."""

    id: str
    username: str
    email: str | None
    available_nmr: Decimal
    inserted_at: datetime


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A key's public half and what it may do."""

    public_id: str
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ParticipantModel:
    """A model slot.

    hosted_id: names the uploaded model that is assigned to it, if any
    webhook: the address that a trial calls, if any; no round that opens calls it or runs the model
    wanted_nmr: what the stake comes down to, where a part of it is on its way back
    closing_round, closing_nmr: what that round risks of the stake, where the stake was changed
    between the end of its window and the next opening
    """

    id: str
    account_id: str
    account_name: str
    name: str
    stake_nmr: Decimal
    inserted_at: datetime
    hosted_id: str | None
    webhook: str | None
    wanted_nmr: Decimal | None
    closing_round: int | None
    closing_nmr: Decimal | None


@dataclass(frozen=True)
class NewKey:
    """A key pair as it is handed out, once."""

    public_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Caller:
    """Who sent a request, and what their key may do."""

    account: Account
    key: ApiKey

    def require(self, scope: str) -> None:
        """Refuse where the key lacks `scope`."""
        if scope not in self.key.scopes:
            raise permission_missing(scope)


def new_id() -> str:
    """An id as the API has them."""
    return str(uuid.uuid4())


@lru_cache(maxsize=4096, typed=True)  # a history's rows name the same few rounds again and again
def opaque_id(kind: str, *named: object) -> str:
    """The id of what has these names, the same always; it looks like one drawn by lot."""
    words = " ".join(map(str, (kind, *named)))
    digest = hashlib.sha256(NAMESPACE.bytes + words.encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def new_key() -> NewKey:
    """A fresh key: a public id of 32 characters A–Z2–7 and a secret of 64."""
    public_id = base64.b32encode(secrets.token_bytes(20)).decode()
    return NewKey(public_id, base64.b32encode(secrets.token_bytes(40)).decode())


def add_account(
    connection: Connection,
    username: str,
    *,
    email: str | None,
    available_nmr: Decimal,
    moment: datetime,
) -> str:
    """Open an account; returns its id."""
    account_id = new_id()
    insert(
        connection,
        "accounts",
        id=account_id,
        username=username,
        email=email,
        available_nmr=available_nmr,
        inserted_at=moment,
    )
    return account_id


def add_key(
    connection: Connection, account_id: str, *, key: NewKey, name: str, scopes: tuple[str, ...]
) -> None:
    """Let a key act for an account; only a digest of its secret is kept."""
    insert(
        connection,
        "api_keys",
        public_id=key.public_id,
        account_id=account_id,
        name=name,
        secret_digest=_digest(key.secret),
        scopes=" ".join(scopes),
    )


def add_model(connection: Connection, account_id: str, *, name: str, moment: datetime) -> str:
    """Open a model slot without a stake; returns its id. Raises PracticeSettings."""
    if not is_model_name(name):
        raise PracticeSettings(f"{name[:40]!r} cannot be a model's name", hint=f"use {RULE}")
    model_id = new_id()
    try:
        insert(
            connection,
            "models",
            id=model_id,
            account_id=account_id,
            name=name,
            stake_nmr=Decimal(0),
            inserted_at=moment,
        )
    except sqlite3.IntegrityError as error:
        raise PracticeSettings(
            f"the model name {name!r} is taken", hint="choose another name"
        ) from error
    return model_id


def caller_of(connection: Connection, authorization: str | None) -> Caller:
    """Who an Authorization header speaks for. Raises Refusal for anything but a known key."""
    scheme, _, token = (authorization or "").partition(" ")
    public_id, _, secret = token.strip().partition("$")
    row = connection.execute("SELECT * FROM api_keys WHERE public_id = ?", (public_id,)).fetchone()
    known = "" if row is None else str(row["secret_digest"])
    if scheme.lower() != "token" or not hmac.compare_digest(known, _digest(secret)):
        raise session_invalid()
    return Caller(account(connection, str(row["account_id"])), _key(row))


def account(connection: Connection, account_id: str) -> Account:
    """The account of that id, which must exist."""
    return _account(
        connection.execute("SELECT * FROM accounts WHERE id = ?", (account_id,)).fetchone()
    )


def account_named(connection: Connection, username: str) -> Account | None:
    """The account of that name."""
    row = connection.execute("SELECT * FROM accounts WHERE username = ?", (username,)).fetchone()
    return None if row is None else _account(row)


def participant(connection: Connection) -> Account:
    """The account of whoever owns this machine. Raises PracticeMissing."""
    own = account_named(connection, PARTICIPANT)
    if own is None:
        raise PracticeMissing("the participant's account is gone", hint="`numeri practice reset`")
    return own


def keys_of(connection: Connection, account_id: str) -> tuple[ApiKey, ...]:
    """An account's keys, by name."""
    rows = connection.execute(
        "SELECT * FROM api_keys WHERE account_id = ? ORDER BY name, public_id", (account_id,)
    )
    return tuple(_key(row) for row in rows)


_MODELS = """SELECT models.*, accounts.username AS account_name
    FROM models JOIN accounts ON accounts.id = models.account_id"""


def models_of(connection: Connection, account_id: str) -> tuple[ParticipantModel, ...]:
    """An account's models, oldest first."""
    query = f"{_MODELS} WHERE account_id = ? ORDER BY models.sequence"
    return tuple(_model(row) for row in connection.execute(query, (account_id,)))


def all_models(connection: Connection) -> tuple[ParticipantModel, ...]:
    """Everybody's models, oldest first."""
    query = f"{_MODELS} ORDER BY models.sequence"
    return tuple(_model(row) for row in connection.execute(query))


def model(connection: Connection, model_id: str) -> ParticipantModel | None:
    """The model of that id."""
    row = connection.execute(f"{_MODELS} WHERE models.id = ?", (model_id,)).fetchone()
    return None if row is None else _model(row)


def model_named(connection: Connection, name: str) -> ParticipantModel | None:
    """The model of that name."""
    row = connection.execute(f"{_MODELS} WHERE models.name = ?", (name,)).fetchone()
    return None if row is None else _model(row)


def _digest(secret: str) -> str:
    # secrets are 320 random bits: a plain digest cannot be searched
    return hashlib.sha256(secret.encode()).hexdigest()


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        available_nmr=Decimal(row["available_nmr"]),
        inserted_at=moment_of(row["inserted_at"]),
    )


def _key(row: Row) -> ApiKey:
    return ApiKey(public_id=row["public_id"], name=row["name"], scopes=tuple(row["scopes"].split()))


def _model(row: Row) -> ParticipantModel:
    return ParticipantModel(
        id=row["id"],
        account_id=row["account_id"],
        account_name=row["account_name"],
        name=row["name"],
        stake_nmr=Decimal(row["stake_nmr"]),
        inserted_at=moment_of(row["inserted_at"]),
        hosted_id=row["hosted_id"],
        webhook=row["webhook"],
        wanted_nmr=_amount(row["wanted_nmr"]),
        closing_round=row["closing_round"],
        closing_nmr=_amount(row["closing_nmr"]),
    )


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def change_balance(connection: Connection, account_id: str, *, amount_nmr: Decimal) -> None:
    """Add to what an account has unstaked."""
    balance = account(connection, account_id).available_nmr + amount_nmr
    connection.execute(
        "UPDATE accounts SET available_nmr = ? WHERE id = ?", (nmr_text(balance), account_id)
    )


def set_webhook(connection: Connection, model_id: str, webhook: str | None) -> None:
    """Keep the address that a model wants called, or none."""
    connection.execute("UPDATE models SET webhook = ? WHERE id = ?", (webhook, model_id))
