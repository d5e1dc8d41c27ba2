"""A participant at a small practice tournament, for the tests of whole commands."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import numpy as np
import pandas as pd

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.credentials import Keys
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.practice.server.server import application
from numeri_cli.practice.tournament import Tournament
from numeri_cli.records import ModelSlot, Round
from tests.support.counting_server import Requests

QUICK = Limits(
    attempts=3,
    backoff_start_seconds=0.01,
    backoff_max_seconds=0.02,
    poll_seconds=0.01,
    settle_seconds=0.1,
    clock_seconds=0.0,
)


@dataclass
class Participant:
    """Tournament, client and ledger of one participant."""

    tournament: Tournament
    requests: Requests
    client: Client
    ledger: Ledger
    folder: Path

    @classmethod
    def at(cls, tournament: Tournament, folder: Path) -> Participant:
        """Sit down in this process."""
        requests = Requests(application(tournament))
        client = Client(
            "https://practice.invalid/",
            keys=Keys(*tournament.participant_keys()),
            transport=httpx.WSGITransport(requests),
            limits=QUICK,
        )
        folder.mkdir(parents=True, exist_ok=True)
        return cls(tournament, requests, client, Ledger.open(folder / "ledger.sqlite"), folder)

    def close(self) -> None:
        self.client.close()
        self.ledger.close()

    @property
    def round(self) -> Round:
        return self.client.current_round()

    def model(self, name: str = "lighthouse", *, hosted: bool = False) -> ModelSlot:
        found = next(model for model in self.client.models() if model.name == name)
        return replace(found, hosted=hosted)

    @property
    def live_ids(self) -> list[str]:
        return [str(name) for name in self.tournament.live_ids(self.tournament.state().live_round)]

    def table(self, *, seed: int = 0) -> pd.DataFrame:
        ids = self.live_ids
        values = np.random.default_rng(seed).uniform(0.01, 0.99, len(ids))
        return pd.DataFrame({"id": ids, "prediction": values})

    def file(self, *, seed: int = 0, suffix: str = ".csv") -> Path:
        path = self.folder / f"predictions-{seed}{suffix}"
        if suffix == ".csv":
            self.table(seed=seed).to_csv(path, index=False)
        else:
            self.table(seed=seed).to_parquet(path, index=False)
        return path

    def held(self, name: str = "lighthouse") -> list[tuple[str, bool]]:
        """What the server holds for a model: (filename, selected), oldest first."""
        found = self.client.submissions(self.model(name).id)
        return [(item.filename or "", item.selected) for item in reversed(found)]

    def close_window(self) -> None:
        """Let the tournament's clock run on until the round is closed."""
        closes = self.tournament.status().closes_at
        with self.tournament.running(200_000.0):
            while self.tournament.now() <= closes:
                time.sleep(0.01)
