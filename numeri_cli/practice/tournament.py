"""The practice tournament: its clock, its world, its participants; the one place with state."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import LockHeld, ModelUnknown, PracticeMissing, PracticeSettings
from numeri_cli.locks import held_lock
from numeri_cli.practice.clock import RunningClock
from numeri_cli.practice.database.database import Store, damaged
from numeri_cli.practice.folders import Folders
from numeri_cli.practice.market.universe import SCALES, WorldSettings
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.participants.keys import read_secrets
from numeri_cli.practice.participants.refusals import round_closed
from numeri_cli.practice.rounds import staking
from numeri_cli.practice.rounds.create import create_tournament, refuse_remains
from numeri_cli.practice.rounds.removal import is_left, removal
from numeri_cli.practice.rounds.staking import Stake, parsed_nmr
from numeri_cli.practice.rounds.state import State, keep_clock, read_state
from numeri_cli.practice.rounds.status import (
    PracticeModel,
    PracticeStatus,
    ResolvedModel,
    practice_status,
    resolved_models,
    resolved_rounds,
    rounds_missed,
)
from numeri_cli.practice.rounds.week import Week
from numeri_cli.practice.world import dataset_files
from numeri_cli.practice.world.world import World
from numeri_cli.progress import SILENT, Listener

__all__ = [
    "SCALES",
    "PracticeModel",
    "PracticeStatus",
    "ResolvedModel",
    "Stake",
    "Tournament",
    "WorldSettings",
    "is_left",
    "parsed_nmr",
    "removal",
]


class Tournament:
    """A practice tournament on disk; several may be open at once, in threads and processes."""

    def __init__(self, root: Path, *, store: Store, world: World, listener: Listener) -> None:
        self.folders = Folders(root)
        self.store = store
        self._world = world
        self._listener = listener
        self._world_lock, self._training = threading.Lock(), threading.Lock()
        self._running: RunningClock | None = None

    @staticmethod
    def exists(root: Path) -> bool:
        """Whether a whole practice tournament is here."""
        return Folders(root).database.is_file()

    @classmethod
    def create(
        cls,
        root: Path,
        settings: WorldSettings,
        *,
        start: datetime | None = None,
        field: bool = True,
        listener: Listener = SILENT,
    ) -> Tournament:
        """Make a world, its files, rivals and the participant's account; whole or not at all.

        start: aware; the first round is the one whose window is open then, or opens next
        field: False leaves the training of rivals and benchmarks until they are needed
        Raises PracticeExists, PracticeSettings, LockHeld, DiskError.
        """
        create_tournament(root, settings, start=start, field=field, listener=listener)
        return cls.open(root)

    @classmethod
    def open(cls, root: Path, *, listener: Listener = SILENT) -> Tournament:
        """A tournament that was made before; finishes an advance that was killed.

        listener: hears of the field of rivals being made, where something needs it
        Raises PracticeMissing, PracticeDamaged.
        """
        if not cls.exists(root):
            refuse_remains(root)
            raise PracticeMissing(
                f"no practice tournament is in {root}",
                hint="`numeri practice create` makes one",
            )
        folders = Folders(root)
        read_secrets(folders)
        store = Store.open(folders.database)
        try:
            world = World.open(folders.world)
        except PracticeMissing:
            raise damaged(folders.world / "world.json") from None
        tournament = cls(root, store=store, world=world, listener=listener)
        with suppress(LockHeld):  # whoever holds it is at this very work
            tournament._finish(SILENT)
        return tournament

    def close(self) -> None:
        """Let go of the world; the tournament object is not used afterwards."""
        self._running = None

    def state(self) -> State:
        """Where things stand in the store now."""
        with self.store.reading() as connection:
            return read_state(connection)

    def now(self) -> datetime:
        """The tournament's time: standing, or running while it is served so."""
        return self.time_of(self.state())

    def time_of(self, state: State) -> datetime:
        """The tournament's time, given a state just read; it waits for a round not yet made."""
        return state.calendar.held(self._run_to(state), number=state.live_round)

    def _run_to(self, state: State) -> datetime:
        running = self._running
        if running is None:
            return state.clock
        return running.read(state.clock, moves=(state.clock_moves, state.live_round))

    def world(self) -> World:
        """The world as of the live round, also when another process has advanced it."""
        live_round = self.state().live_round
        with self._world_lock:
            if self._world.live_era < live_round:
                self._world = World.open(self.folders.world)
            return self._world

    def field_world(self) -> World:
        """The world, with the rivals and the organiser's models there; trained now if they are not.

        Raises LockHeld where another process is at that, or advances.
        """
        with self._training:
            world = self.world()
            if world.has_field:
                return world
            with self._advancing(self._listener) as week:
                week.world.train_field(listener=self._listener)
            return self.world()

    def waits_for_field(self, name: str) -> bool:
        """Whether a dataset file is yet to be made, since nobody has asked for the field."""
        return dataset_files.is_of_field(name) and not self.world().has_field

    def file(self, name: str) -> Path | None:
        """Path of a dataset file of the live round, None for an unknown name.

        What waits for the field is made now. Raises Refusal while files are written, LockHeld.
        """
        path = self.files().get(name)
        if path is not None and dataset_files.is_of_field(name):
            self.field_world()
        return path

    def files(self) -> dict[str, Path]:
        """Path of every dataset file of the live round, by its name.

        Raises Refusal while they are being written. Those of the field may not be there yet.
        """
        state = self.state()
        if state.published_round != state.live_round:
            raise round_closed()
        return dataset_files.paths(self.folders.world, state.live_round)

    def live_ids(self, number: int) -> npt.NDArray[np.str_]:
        """(n_ids,) the ids of a round's live rows, in the order of its file."""
        return self.world().live_ids(number)

    def advance(self, rounds: int = 1, *, listener: Listener = SILENT) -> None:
        """Let weeks pass, then publish the files of the round that opens.

        Raises LockHeld where another process is advancing, PracticeSettings for rounds < 1.
        """
        if rounds < 1:
            raise PracticeSettings(
                f"cannot advance by {rounds} rounds", hint="time goes forward: ask for 1 or more"
            )
        self._finish(listener)
        with self._advancing(listener) as week:
            with listener.task("rounds", total=rounds, unit="rounds") as task:
                for _ in range(rounds):
                    week.pass_by()
                    task.advance(1)
            week.publish()

    def tick(self) -> None:
        """Finish a killed advance; keep a running clock's time, open the round it has come to.

        Raises LockHeld.
        """
        self._finish(SILENT)
        if self._running is None:
            return
        self._keep_time()
        if self._is_behind():
            with self._advancing(SILENT) as week:
                if self._is_behind():  # nobody else was quicker
                    week.pass_by(running=self.now())
                    week.publish()

    def _is_behind(self) -> bool:
        state = self.state()
        return state.calendar.number_at(self._run_to(state)) > state.live_round

    def _keep_time(self) -> None:
        """Store the time of a running clock."""
        state = self.state()
        with self.store.writing() as connection:
            keep_clock(connection, self.time_of(state), state=state)

    @contextmanager
    def running(self, speed: float) -> Iterator[None]:
        """Let the clock run on from where it stands; it stands again afterwards.

        speed: practice seconds per real second
        """
        self._running = RunningClock(speed)
        self.now()  # it runs from here, not from the first question
        try:
            yield
            self._keep_time()
        finally:
            self._running = None

    def _finish(self, listener: Listener) -> None:
        """Do what a killed advance left undone."""
        state = self.state()
        if self._world.live_era <= state.live_round == state.published_round:
            return
        with self._advancing(listener) as week:
            if week.world.live_era > week.state().live_round:
                week.pass_by()
            week.publish()

    @contextmanager
    def _advancing(self, listener: Listener) -> Iterator[Week]:
        with held_lock(self.folders.lock, what="an advance of this practice tournament"):
            world = World.open(self.folders.world)  # its own: readers keep the old one
            self.folders.tidy()
            yield Week(store=self.store, folders=self.folders, world=world, listener=listener)
            with self._world_lock:
                self._world = world

    def participant_keys(self) -> tuple[str, str]:
        """The participant's public id and secret."""
        known = read_secrets(self.folders)
        return known.public_id, known.secret

    def signing_key(self) -> bytes:
        """What this tournament's file URLs are signed with."""
        return bytes.fromhex(read_secrets(self.folders).signing_key)

    def add_key(self, *, name: str, scopes: tuple[str, ...]) -> tuple[str, str]:
        """Give the participant another API key; returns its public id and secret."""
        key = accounts.new_key()
        with self.store.writing() as connection:
            account_id = accounts.participant(connection).id
            accounts.add_key(connection, account_id, key=key, name=name, scopes=scopes)
        return key.public_id, key.secret

    def add_model(self, name: str) -> str:
        """Open another model slot for the participant; returns its id. Raises PracticeSettings."""
        with self.store.writing() as connection:
            account_id = accounts.participant(connection).id
            moment = self.time_of(read_state(connection))
            return accounts.add_model(connection, account_id, name=name, moment=moment)

    def set_stake(self, model_name: str, stake_nmr: Decimal) -> Stake:
        """Stake so much NMR on one of the participant's models, from or back to the wallet.

        What closed rounds hold comes back as they are settled.
        Raises ModelUnknown, PracticeSettings where the amount cannot be.
        """
        with self.store.writing() as connection:
            account = accounts.participant(connection)
            model = accounts.model_named(connection, model_name)
            if model is None or model.account_id != account.id:
                own = [one.name for one in accounts.models_of(connection, account.id)]
                raise ModelUnknown(
                    f"the practice account has no model {model_name[:40]!r}",
                    hint=f"it has {', '.join(own)}; `numeri practice add-model` adds one",
                )
            state = read_state(connection)
            return staking.set_stake(
                connection,
                model,
                stake_nmr=stake_nmr,
                times=state.calendar.round(state.live_round),
                moment=self.time_of(state),
            )

    def status(self) -> PracticeStatus:
        """Where the tournament and the participant's models stand."""
        with self.store.reading() as connection:
            state = read_state(connection)
            account = accounts.participant(connection)
            return practice_status(connection, account, state=state, moment=self.time_of(state))

    def resolved(self) -> frozenset[int]:
        """The rounds that are settled."""
        with self.store.reading() as connection:
            return resolved_rounds(connection)

    def results_of(self, rounds: Iterable[int]) -> tuple[ResolvedModel, ...]:
        """What settled rounds brought the participant's models, the oldest round first."""
        with self.store.reading() as connection:
            return resolved_models(connection, accounts.participant(connection), rounds=rounds)

    def missed(self, rounds: range) -> tuple[int, ...]:
        """Those of these rounds to which no model of the participant has a submission."""
        with self.store.reading() as connection:
            return rounds_missed(connection, accounts.participant(connection), rounds=rounds)
