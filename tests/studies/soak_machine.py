"""A participant's machine in the soak: a home, a cron, a proxy between it and the world."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from numeri_cli.credentials import Keys
from numeri_cli.ledger.ledger import Ledger
from tests.faults.matrix import CELLS
from tests.support.processes import Forked, fork
from tests.support.proxy import Proxy
from tests.support.said import Said
from tests.support.steps import Fault

MODELS = ("lighthouse", "beacon", "harbour", "tower", "wharf")
SPOILS = sorted({(cell.step, cell.fault) for cell in CELLS}, key=str)
READ_SECONDS = 1.5
KILLED_SHARE, JUMPED_SHARE = 0.25, 0.25
LATEST_KILL_SECONDS = 5.0
LATEST_ACT_SECONDS = READ_SECONDS / 2  # of what the server does although the reply was lost
FARTHEST_JUMP = timedelta(days=400)
PROFILE = f"""\
no_progress_seconds = {READ_SECONDS}
connections = 2

[wire]
connect_seconds = 5
read_seconds = {READ_SECONDS}
total_seconds = 5
attempts = 4
backoff_start_seconds = 0.05
backoff_max_seconds = 0.4
retry_after_seconds = 5
poll_seconds = 0.1
settle_seconds = 10
"""
MODEL_PROFILE = """
[models.{name}]
features = "small"
targets = ["target_ender_20"]
seeds = [{seed}]

[models.{name}.estimator]
params = {{ n_estimators = 3, learning_rate = 0.1, max_depth = 3, colsample_bytree = 0.5 }}
"""


@dataclass
class Tally:
    """What happened to the runs of a machine; problems: by the error's code, models included."""

    runs: int = 0
    killed: int = 0
    jumped: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)


@dataclass
class Running:
    """A run at work, and when it is killed, on the monotonic clock."""

    forked: Forked
    kill_at: float | None


class Machine:
    """One home with its own host: nothing but the tournament is shared with another machine."""

    def __init__(self, name: str, folder: Path, keys: Keys, *, backend: str, seed: int) -> None:
        self.name = name
        self.folder = folder
        self.home = folder / "home"
        self.proxy = Proxy()
        self.proxy.backend = backend
        self.proxy.open()
        self.tally = Tally()
        self._keys = keys
        self._runs: list[Running] = []
        self._killed_at = -LATEST_ACT_SECONDS
        self._random = random.Random(f"{name} {seed}")
        (folder / "work").mkdir(parents=True)
        models = (
            MODEL_PROFILE.format(name=model, seed=number + 10 * seed)
            for number, model in enumerate(MODELS)
        )
        (folder / "work" / "numeri.toml").write_text(PROFILE + "".join(models))

    @property
    def host(self) -> str:
        """As the server sees it."""
        return self.proxy.url.removeprefix("http://")

    def train(self) -> None:
        """Once, with nothing spoilt."""
        with self._here():
            said = fork("numeri_cli", "train", "--json").ended()
        assert said.code == 0, said.out + said.err

    def try_out(self) -> float:
        """How many seconds a run takes that sends nothing, with nothing spoilt."""
        began = time.monotonic()
        with self._here():
            said = fork("numeri_cli", "run", "--dry-run", "--json").ended()
        assert said.code == 0, said.out + said.err
        return time.monotonic() - began

    def spoil(self, count: int) -> None:
        """Let so many faults wait for their steps."""
        self.proxy.forget()
        for step, fault in self._random.choices(SPOILS, k=count):
            self.proxy.spoil(step, fault, times=self._random.choice((1, 1, 2)))

    def lift(self) -> None:
        """Everything passes from now on; what was spoilt so far is counted."""
        for one in self.proxy.passed:
            if one.fault is not None:
                self.tally.faults[f"{one.step} × {one.fault}"] += 1
        self.proxy.forget()
        self.proxy.lift()

    def fire(self, moment: datetime, *, may_go_wrong: bool) -> None:
        """As cron does; perhaps it will be killed, perhaps the clock of this machine jumps.

        After a kill the server may still act, and a run waits for that by the server's clock,
        which goes too fast here: so it is waited for before.
        """
        time.sleep(max(0.0, self._killed_at + LATEST_ACT_SECONDS - time.monotonic()))
        chance = self._random.random
        kill_at, words = None, ["numeri_cli", "run", "--json"]
        if chance() < JUMPED_SHARE:
            jump = FARTHEST_JUMP * self._random.uniform(-1, 1)
            words = ["tests.faults.wrong_clock", (moment + jump).isoformat(), *words[1:]]
            self.tally.jumped += 1
        if chance() < KILLED_SHARE and may_go_wrong:
            kill_at = time.monotonic() + self._random.uniform(0, LATEST_KILL_SECONDS)
        with self._here():
            self._runs.append(Running(fork(words[0], *words[1:]), kill_at))
        self.tally.runs += 1

    def look(self) -> None:
        """Kill whose time has come; note who has ended."""
        for one in list(self._runs):
            alive = one.forked.process.exitcode is None
            if alive and one.kill_at is not None and time.monotonic() >= one.kill_at:
                one.forked.send_signal(signal.SIGKILL)
                one.kill_at, self._killed_at = None, time.monotonic()
            if not alive:
                self._note(_ended(one.forked))
                self._runs.remove(one)

    def rest(self, *, seconds: float) -> None:
        """Wait for every run; one that does not end is a finding, and is killed."""
        until = time.monotonic() + seconds
        while self._runs and time.monotonic() < until:
            self.look()
            time.sleep(0.02)
        for one in self._runs:
            self.tally.unexpected.append("a run did not end")
            one.forked.send_signal(signal.SIGKILL)
            _ended(one.forked)
        self._runs = []

    def digests(self, number: int) -> set[str]:
        """Of the files that this machine's ledger knows it sent in a round."""
        if not (self.home / "data" / "ledger.sqlite").exists():
            return set()
        key = self.host.replace(":", "-")
        with Ledger.open(self.home / "data" / "ledger.sqlite") as ledger:
            attempts = ledger.attempts(key, round_number=number)
        return {one.prediction_digest for one in attempts if one.server_id or one.filename}

    def size_mb(self) -> float:
        """Of all that lies in the home."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files) / 1e6

    def _note(self, said: Said) -> None:
        self.tally.codes[said.code] += 1
        problems = _problems(said)
        self.tally.problems.update(problems)
        if said.code == -signal.SIGKILL:
            self.tally.killed += 1
        elif "unexpected" in problems or said.code not in (0, 1, 4, 5, 6):
            self.tally.unexpected.append(f"exit {said.code}: {said.out[-900:]} {said.err[-300:]}")

    @contextmanager
    def _here(self) -> Iterator[None]:
        """This process looks like one of this machine while it starts another."""
        before, folder = dict(os.environ), Path.cwd()
        own = {name: str(self.folder / name.lower()) for name in _PLACES}
        for place in own.values():
            Path(place).mkdir(exist_ok=True, mode=0o700)
        os.environ |= own | {
            "NUMERI_HOME": str(self.home),
            "NUMERI_API_URL": self.proxy.url,
            "NUMERAI_PUBLIC_ID": self._keys.public_id,
            "NUMERAI_SECRET_KEY": self._keys.secret,
        }
        os.chdir(self.folder / "work")
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(before)


# where a lock of an account may lie that is shared by all homes of one machine
_PLACES = (
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


def _ended(forked: Forked) -> Said:
    """How it ended, even where it was killed before it wrote anything."""
    for path in (forked.out, forked.err):
        path.touch()
    return forked.ended()


def _problems(said: Said) -> set[str]:
    """The codes of all errors that a run tells of; none where it was killed."""
    try:
        told = said.json
    except ValueError:
        return set()
    models = (told.get("data") or {}).get("models", ())
    found = [told["error"], *(one["problem"] for one in models)]
    return {one["code"] for one in found if one}


def faults_known() -> int:
    """How many kinds of trouble there are to draw from."""
    assert {fault for _, fault in SPOILS} == set(Fault)
    return len(SPOILS)


def now() -> datetime:
    """The true time of this machine."""
    return datetime.now(UTC)
