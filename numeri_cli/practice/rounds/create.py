"""A new tournament around a new world: its calendar, the participant's account, the rivals'."""

from __future__ import annotations

import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from numeri_cli.errors import PracticeExists
from numeri_cli.files import disk_errors
from numeri_cli.locks import held_lock
from numeri_cli.practice.calendar import Calendar
from numeri_cli.practice.database.database import Connection, Store, damaged
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.accounts import PARTICIPANT
from numeri_cli.practice.participants.keys import write_secrets
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.removal import clear_removed
from numeri_cli.practice.rounds.state import write_first_state
from numeri_cli.practice.world.archive import require_space
from numeri_cli.practice.world.world import World
from numeri_cli.progress import Listener

PARTICIPANT_MODELS = ("lighthouse", "beacon", "harbour")
PARTICIPANT_NMR = Decimal(100)
KEY_NAME = "numeri"


def create_tournament(
    root: Path,
    settings: WorldSettings,
    *,
    start: datetime | None,
    field: bool,
    listener: Listener,
) -> None:
    """Make a world, its files, rivals and the participant's account; whole or not at all.

    start: aware; the first round is the one whose window is open then, or opens next
    field: False leaves the training of rivals and benchmarks until they are needed
    Raises PracticeExists, PracticeDamaged, PracticeSettings, LockHeld, DiskError.
    """
    Calendar.starting(start, first_round=settings.eras + 1)  # refused before anything is made
    building = Folders(root.with_name(f".{root.name}.building"))
    with held_lock(Folders(root).lock, what="the making of this tournament"):
        if Folders(root).database.is_file():
            raise PracticeExists(
                f"a practice tournament is already in {root}",
                hint="go on with it, or start again with `numeri practice reset`",
            )
        refuse_remains(root)
        clear_removed(root)
        require_space(root, settings)
        try:
            with disk_errors(building.root):
                shutil.rmtree(building.root, ignore_errors=True)
                building.root.mkdir(parents=True)
            world = World.create(building.world, settings, field=field, listener=listener)
            write_accounts(building, world, start=start)
            listener.step("tournament_built")
            with disk_errors(root):
                building.root.replace(root)
        finally:  # what is left of it may be what fills the disk
            shutil.rmtree(building.root, ignore_errors=True)


def refuse_remains(root: Path) -> None:
    """Raise PracticeDamaged where something lies in `root` that is no whole tournament."""
    with disk_errors(root):
        if root.is_dir() and any(root.iterdir()):
            raise damaged(Folders(root).database)


def write_accounts(folders: Folders, world: World, *, start: datetime | None) -> None:
    """Write keys and store of a new tournament."""
    key = accounts.new_key()
    write_secrets(folders, key)
    calendar, clock = Calendar.starting(start, first_round=world.live_era)
    with Store.create(folders.database).writing() as connection:
        write_first_state(connection, calendar, clock=clock)
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
            _add_rival(connection, rival.name, stake_nmr=rival.stake_nmr, moment=clock)


def _add_rival(connection: Connection, name: str, *, stake_nmr: Decimal, moment: datetime) -> None:
    account_id = accounts.add_account(
        connection, name, email=None, available_nmr=Decimal(0), moment=moment
    )
    model_id = accounts.add_model(connection, account_id, name=name, moment=moment)
    if stake_nmr:
        settlement.move_stake(
            connection, model_id, amount_nmr=stake_nmr, kind="initial", number=None, moment=moment
        )
