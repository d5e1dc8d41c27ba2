"""A participant with trained models before a server that does as it is told; new for each test."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from numeri_cli.cli.app import main
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rounds.late_submissions import QueuedTime
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.tournament import Tournament
from tests.support.caller import Caller
from tests.support.front import Front
from tests.support.front_server import served, set_clock
from tests.support.said import Said
from tests.support.tournaments import SETTINGS, fresh_tournament

MODELS = ("lighthouse", "beacon", "harbour")
UNNEEDED = ("train.parquet", "validation.parquet")
MODEL_PROFILE = """
[models.{name}]
features = "small"
targets = ["target_ender_20"]

[models.{name}.estimator]
params = {{ n_estimators = 3, learning_rate = 0.1, max_depth = 3, min_data_in_leaf = 50 }}
"""
WIRE = """
[wire]
connect_seconds = 5
read_seconds = {read_seconds}
total_seconds = {total_seconds}
attempts = {attempts}
backoff_start_seconds = 0.02
backoff_max_seconds = 0.1
retry_after_seconds = 5
poll_seconds = {poll_seconds}
settle_seconds = {settle_seconds}
"""


def profile(
    *,
    models: Sequence[str] = MODELS[:1],
    attempts: int = 3,
    read_seconds: float = 2.0,
    settle_seconds: float = 5.0,
    poll_seconds: float = 0.05,
    more: str = "",
) -> str:
    """A profile of small models that loses its patience soon.

    poll_seconds: of a hundred questions a minute each poll takes one for every model
    """
    wire = WIRE.format(
        attempts=attempts,
        read_seconds=read_seconds,
        total_seconds=max(10.0, 2 * read_seconds),
        settle_seconds=settle_seconds,
        poll_seconds=poll_seconds,
    )
    return "".join(MODEL_PROFILE.format(name=name) for name in models) + wire + more


def numeri(*words: object) -> Said:
    """Call the program in this process; an exception that leaves it comes out as it is."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Ground:
    """What is made once: a tournament, homes trained at one port for it.

    practice, home: as new; submitted_practice, submitted_home: the first model is in
    """

    root: Path
    port: int

    @property
    def practice(self) -> Path:
        return self.root / "practice"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def submitted_practice(self) -> Path:
        return self.root / "submitted practice"

    @property
    def submitted_home(self) -> Path:
        return self.root / "submitted home"

    @classmethod
    def make(cls, root: Path, *, settings: WorldSettings = SETTINGS) -> Ground:
        """Train, then submit a copy."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            ground = cls(root, free.getsockname()[1])
        fresh_tournament(ground.practice, settings=settings).close()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root)
            with ground.open(ground.practice, ground.home, patch) as trial:
                trial.write_profile(models=MODELS)
                said = numeri("train", "--json")
                assert said.code == 0, said.out
                for path in trial.home.rglob("*.parquet"):
                    if path.name in UNNEEDED:
                        path.unlink()
                shutil.rmtree(trial.home / "cache", ignore_errors=True)
            shutil.copytree(ground.practice, ground.submitted_practice)
            shutil.copytree(ground.home, ground.submitted_home)
            with ground.open(ground.submitted_practice, ground.submitted_home, patch) as trial:
                trial.write_profile()
                said = numeri("run", "--json")
                assert said.code == 0, said.out
        return ground

    @contextmanager
    def fresh(
        self,
        folder: Path,
        home: Path,
        patch: pytest.MonkeyPatch,
        *,
        limiter: RateLimiter | None = None,
        queued_time: QueuedTime = QueuedTime.MAPPING,
    ) -> Iterator[Trial]:
        """Copies of the tournament and of the home, as new."""
        shutil.copytree(self.practice, folder / "practice")
        shutil.copytree(self.home, home)
        with self.open(
            folder / "practice", home, patch, limiter=limiter, queued_time=queued_time
        ) as trial:
            trial.write_profile()
            yield trial

    @contextmanager
    def open(
        self,
        practice: Path,
        home: Path,
        patch: pytest.MonkeyPatch,
        *,
        limiter: RateLimiter | None = None,
        queued_time: QueuedTime = QueuedTime.MAPPING,
    ) -> Iterator[Trial]:
        """Serve what lies in a folder; the program finds it and the home."""
        tournament = Tournament.open(practice)
        front = Front(tournament, limiter=limiter, queued_time=queued_time)
        public_id, secret = tournament.participant_keys()
        with served(front, ports=(self.port,)) as [url]:
            patch.setenv("NUMERI_HOME", str(home))
            patch.setenv("NUMERI_API_URL", url)
            patch.setenv("NUMERAI_PUBLIC_ID", public_id)
            patch.setenv("NUMERAI_SECRET_KEY", secret)
            try:
                yield Trial(tournament, front, url, home)
            finally:
                front.settle_acts()
        tournament.close()


@dataclass(frozen=True)
class Trial:
    """One test's server and home."""

    tournament: Tournament
    front: Front
    url: str
    home: Path
    _seed: list[int] = field(default_factory=lambda: [0])

    @property
    def key(self) -> str:
        """Under which the program keeps what belongs to this tournament."""
        return self.url.removeprefix("http://").replace(":", "-")

    @property
    def other(self) -> Caller:
        """A program that is not ours, of the same account."""
        return Caller(self.url, self.tournament)

    def live_file(self) -> bytes:
        """Of the live round, as the tournament publishes it."""
        return self.tournament.files()["v5.3/live.parquet"].read_bytes()

    @property
    def round_number(self) -> int:
        """The live one."""
        return self.tournament.status().round_number

    def write_profile(self, **settings: object) -> None:
        """In the current folder; see `profile`."""
        Path("numeri.toml").write_text(profile(**settings), encoding="utf-8")  # type: ignore[arg-type]  # passed on

    def close_soon(self, *, seconds: float) -> None:
        """The clock shows a moment so long before the close of the round."""
        set_clock(self.tournament, self.tournament.status().closes_at - timedelta(seconds=seconds))

    def rows(self, model: str = MODELS[0], *, number: int | None = None) -> list[sqlite3.Row]:
        """What the server holds of a model in a round, oldest first."""
        with self.tournament.store.reading() as connection:
            return connection.execute(
                "SELECT submissions.* FROM submissions JOIN models ON models.id = model_id"
                " WHERE models.name = ? AND round = ? ORDER BY submissions.sequence",
                (model, number or self.round_number),
            ).fetchall()

    def require_one(self, model: str = MODELS[0]) -> sqlite3.Row:
        """One submission of this round's data was made, counts, and is in the ledger's words."""
        made = [row for row in self.rows(model) if row["source"] != "queued"]
        assert len(made) == 1, [dict(row) for row in made]
        self.require_counts(model)
        return made[0]

    def require_counts(self, model: str = MODELS[0]) -> sqlite3.Row:
        """One counts, on time, made from this round's ids by this home."""
        [row] = [row for row in self.rows(model) if row["selected"]]
        assert row["on_time"] == 1
        assert row["source"] != "queued"
        content = self.tournament.folders.submission(row["id"], row["filename"]).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        with Ledger.open(self.home / "data" / "ledger.sqlite") as ledger:
            known = ledger.attempts(self.key, round_number=self.round_number, model=model)
        assert digest in {one.prediction_digest for one in known}
        ids = pq.read_table(io.BytesIO(content)).column("id").to_pylist()
        live = self.tournament.live_ids(self.round_number)
        assert sorted(ids) == sorted(str(one) for one in live)
        return row

    def predictions(self, name: str = "mine.csv") -> Path:
        """A sound file of random predictions for the live round, other ones at each call."""
        self._seed[0] += 1
        ids = [str(one) for one in self.tournament.live_ids(self.round_number)]
        values = np.random.default_rng(self._seed[0]).uniform(0.01, 0.99, len(ids))
        path = Path(name)
        pd.DataFrame({"id": ids, "prediction": values}).to_csv(path, index=False)
        return path


def one_object(said: Said) -> dict[str, object]:
    """Standard output holds one JSON object and nothing else."""
    found: dict[str, object] = json.loads(said.out)
    return found
