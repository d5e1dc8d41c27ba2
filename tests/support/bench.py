"""Where runs are spoilt: a practice server, the proxy before it, a home with a trained model."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from numeri_cli.cli.app import main
from numeri_cli.credentials import Keys
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.practice.database.database import moment_text
from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.support.proxy import Proxy
from tests.support.said import Said
from tests.support.tournaments import fresh_tournament

MODEL = "lighthouse"
UNNEEDED = ("train.parquet", "validation.parquet")
ATTEMPTS = 4
ROOMY, TIGHT = 10.0, 1.0  # seconds; what is to be met in time, and what is to run out
PROFILE = f"""\
no_progress_seconds = {ROOMY}
connections = 2

[models.{MODEL}]
features = "small"
targets = ["target_ender_20"]

[models.{MODEL}.estimator]
params = {{ n_estimators = 3, learning_rate = 0.1, max_depth = 3, min_data_in_leaf = 50 }}

[wire]
connect_seconds = {ROOMY}
read_seconds = {ROOMY}
total_seconds = {ROOMY}
attempts = {ATTEMPTS}
backoff_start_seconds = 0.04
backoff_max_seconds = 0.3
retry_after_seconds = 5
poll_seconds = 0.05
settle_seconds = {ROOMY}
"""


def numeri(*words: str) -> Said:
    """Call the program in this process; an unexpected exception comes out as it is."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return Said(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Bench:
    """What tests of faults share; `settle_in` makes it anew for each.

    template: a home with a trained model and no live file; clock: the server's time at first
    """

    tournament: Tournament
    proxy: Proxy
    template: Path
    clock: datetime

    @property
    def key(self) -> str:
        """Under which the program keeps what belongs to this tournament."""
        return self.proxy.url.removeprefix("http://").replace(":", "-")

    @property
    def keys(self) -> Keys:
        """The participant's."""
        return Keys(*self.tournament.participant_keys())

    def environment(self) -> dict[str, str]:
        """What points the program here."""
        return {
            "NUMERI_API_URL": self.proxy.url,
            "NUMERAI_PUBLIC_ID": self.keys.public_id,
            "NUMERAI_SECRET_KEY": self.keys.secret,
        }

    def settle_in(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fresh home, a server that holds nothing of ours, a proxy that lets everything pass."""
        self.proxy.lift()
        self.proxy.forget()
        self.wipe()
        self.set_clock(self.clock)
        shutil.copytree(self.template, home)
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)
        self.allow()

    def allow(
        self, attempts: int = ATTEMPTS, *, seconds: float = ROOMY, poll_seconds: float = 0.05
    ) -> None:
        """How often the program may try, and how long it may wait for the network.

        poll_seconds: a hundred polls are allowed in a minute; the next one waits for it to pass
        """
        text = PROFILE.replace(f"_seconds = {ROOMY}", f"_seconds = {seconds}")
        text = text.replace("poll_seconds = 0.05", f"poll_seconds = {poll_seconds}")
        text = text.replace(f"attempts = {ATTEMPTS}", f"attempts = {attempts}")
        Path("numeri.toml").write_text(text, encoding="utf-8")

    def set_clock(self, moment: datetime) -> None:
        """Let the server's clock show another time, forwards or back."""
        with self.tournament.store.writing() as connection:
            connection.execute("UPDATE tournament SET clock = ?", (moment_text(moment),))

    @property
    def closes_at(self) -> datetime:
        """When the live round closes."""
        return self.tournament.status().closes_at

    def wipe(self) -> None:
        """Forget every submission of the participant."""
        with self.tournament.store.writing() as connection:
            connection.execute(
                "DELETE FROM submissions WHERE model_id IN"
                " (SELECT model_id FROM uploads WHERE kind = 'submission')"
            )
            connection.execute("DELETE FROM uploads")

    def held(self) -> list[sqlite3.Row]:
        """What the server holds of our model, oldest first."""
        with self.tournament.store.reading() as connection:
            return connection.execute(
                "SELECT submissions.* FROM submissions JOIN models ON models.id = model_id"
                " WHERE models.name = ? ORDER BY submissions.sequence",
                (MODEL,),
            ).fetchall()

    def require_exactly_one(self, home: Path) -> None:
        """One createSubmission was acted on, it counts, and it holds our bytes."""
        [row] = self.held()
        assert row["selected"] == 1
        assert row["on_time"] == 1
        assert row["error_info"] is None
        kept = self.tournament.folders.submission(row["id"], row["filename"])
        number = self.tournament.state().live_round
        ours = home / "data" / "predictions" / self.key / f"{number:04d}" / f"{MODEL}.parquet"
        assert kept.read_bytes() == ours.read_bytes()
        ids = pq.read_table(ours).column("id").to_pylist()
        assert sorted(ids) == sorted(str(one) for one in self.tournament.live_ids(number))
        with Ledger.open(home / "data" / "ledger.sqlite") as ledger:
            receipts = ledger.receipts(self.key)
        digest = hashlib.sha256(ours.read_bytes()).hexdigest()
        # a submission accepted while the answer was lost is told by the server, not by a receipt
        assert {one.prediction_digest for one in receipts} <= {digest}

    def require_no_halves(self, home: Path) -> None:
        """Whatever has a final name is whole: the server's files as published, ours readable."""
        published = self.tournament.files()
        folder = home / "data" / "datasets" / self.key
        for path in _finished(folder):
            name = path.relative_to(folder).as_posix()
            assert path.read_bytes() == published[name].read_bytes(), name
        for path in _finished(home / "data" / "predictions"):
            if path.suffix == ".parquet":
                assert {"id", "prediction"} <= set(pq.read_table(path).column_names)
            else:
                json.loads(path.read_bytes())
        for path in (home / "data" / "predictions").rglob("*"):
            assert not path.name.endswith(".part"), path


@contextmanager
def trained_bench(root: Path) -> Iterator[Bench]:
    """The server, the proxy and a home with a trained model, in a folder."""
    tournament = fresh_tournament(root / "practice")
    proxy = Proxy()
    proxy.open()
    bench = Bench(tournament, proxy, root / "template", tournament.now())
    try:
        with listening(tournament) as address:
            proxy.backend = address
            _train(bench, root)
            yield bench
    finally:
        proxy.close()
        tournament.close()


def _train(bench: Bench, root: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMERI_HOME", str(bench.template))
        for name, value in bench.environment().items():
            patch.setenv(name, value)
        patch.chdir(root)
        Path("numeri.toml").write_text(PROFILE.partition("[wire]")[0], encoding="utf-8")
        said = numeri("train", "--json")
        assert said.code == 0, said.out
    for path in bench.template.rglob("*.parquet"):
        if path.name in UNNEEDED:
            path.unlink()
    shutil.rmtree(bench.template / "cache", ignore_errors=True)


def _finished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
