"""A participant at a small practice tournament, for the tests of whole errands."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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

QUICK = Limits(
    attempts=3,
    backoff_start_seconds=0.01,
    backoff_max_seconds=0.02,
    poll_seconds=0.01,
    settle_seconds=0.1,
    clock_seconds=0.0,
)
Application = Callable[[dict[str, object], Callable[..., object]], Iterable[bytes]]


@dataclass
class Requests:
    """A WSGI application that remembers what passed through, and may do something instead."""

    app: Application
    seen: list[str] = field(default_factory=list)
    instead: Callable[[str, Application], Application | None] = lambda what, app: None

    def __call__(
        self, environ: dict[str, object], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        what = str(environ["REQUEST_METHOD"])
        if what == "POST":
            body = environ["wsgi.input"].read()  # type: ignore[attr-defined]  # WSGI's dict
            environ["wsgi.input"] = io.BytesIO(body)
            what = next((name for name in QUESTIONS if name in body.decode()), "POST")
        self.seen.append(what)
        return (self.instead(what, self.app) or self.app)(environ, start_response)


QUESTIONS = (
    "__typename",
    "createSubmission",
    "submissionUploadAuth",
    "latestSubmissions",
    "computePickleUpload",
    "submissions(id",
    "submissions(modelId",
    "listDatasets",
    "dataset",
    "rounds",
)


@dataclass
class Desk:
    """Tournament, client and ledger of one participant."""

    tournament: Tournament
    requests: Requests
    client: Client
    ledger: Ledger
    folder: Path

    @classmethod
    def at(cls, tournament: Tournament, folder: Path) -> Desk:
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
