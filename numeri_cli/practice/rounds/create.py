"""A new tournament around a new world: its calendar, the participant's account, the rivals'."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from numeri_cli.files import disk_errors, write_text
from numeri_cli.practice.calendar import Calendar
from numeri_cli.practice.database.database import (
    Connection,
    Store,
    damaged,
)
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.state import (
    Folders,
    write_first_state,
)
from numeri_cli.practice.world.world import World

PARTICIPANT = "newcomer"
PARTICIPANT_MODELS = ("lighthouse", "beacon", "harbour")
PARTICIPANT_NMR = Decimal(100)
KEY_NAME = "numeri"


@dataclass(frozen=True)
class Secrets:
    """What the owner of this machine knows: the participant's key, and what signs file URLs."""

    public_id: str
    secret: str = field(repr=False)
    signing_key: str = field(repr=False)


def furnish(folders: Folders, world: World, start: datetime | None) -> None:
    """Write keys and store of a new tournament."""
    key = accounts.new_key()
    content = {
        "public_id": key.public_id,
        "secret": key.secret,
        "signing_key": secrets.token_hex(32),
    }
    write_text(folders.keys, json.dumps(content, indent=1), mode=0o600)
    calendar, clock = Calendar.starting(start, first_round=world.live_era)
    with Store.create(folders.database).writing() as connection:
        write_first_state(connection, calendar, clock)
        newcomer = accounts.add_account(
            connection,
            PARTICIPANT,
            email=f"{PARTICIPANT}@example.com",
            available_nmr=PARTICIPANT_NMR,
            moment=clock,
        )
        accounts.add_key(connection, newcomer, key=key, name=KEY_NAME, scopes=accounts.SCOPES)
        for name in PARTICIPANT_MODELS:
            accounts.add_model(connection, newcomer, name=name, moment=clock)
        for rival in world.participants():
            _invite(connection, rival.name, stake_nmr=rival.stake_nmr, moment=clock)


def _invite(connection: Connection, name: str, *, stake_nmr: Decimal, moment: datetime) -> None:
    account_id = accounts.add_account(
        connection, name, email=None, available_nmr=Decimal(0), moment=moment
    )
    model_id = accounts.add_model(connection, account_id, name=name, moment=moment)
    if stake_nmr:
        settlement.move_stake(
            connection, model_id, stake_nmr, kind="initial", number=None, moment=moment
        )


def read_secrets(folders: Folders) -> Secrets:
    """The secrets of a tournament. Raises PracticeDamaged, PathForbidden."""
    if not folders.keys.is_file():
        raise damaged(folders.keys)
    with disk_errors(folders.keys):
        written = folders.keys.read_bytes()
    try:
        content = json.loads(written)
        return Secrets(content["public_id"], content["secret"], content["signing_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(folders.keys) from error
