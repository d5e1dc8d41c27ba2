"""A practice tournament on a socket that runs uploaded models as a script says."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.tournament import Tournament
from tests.support.hosting_script import HostingScript
from tests.support.runner import PROFILE
from tests.support.scored_rounds import point_at
from tests.support.served import Served, served
from tests.support.tournaments import fresh_tournament
from tests.support.wire import Wire

CONTENT = pickle.dumps({"trees": list(range(50))})
QUICK = """
[wire]
poll_seconds = 0.01
hosted_seconds = 20
backoff_start_seconds = 0.01
backoff_max_seconds = 0.02
"""
ASSIGNED = """{ account { models { id name submissionWebhook computePickleUpload { id } } } }"""
PICKLES = "{ computePickles { id filename label validationStatus assignedModelSlots modelId } }"


@dataclass
class HostingBench:
    """The server, its script, and what a test looks at behind the client's back."""

    server: Served
    script: HostingScript
    wire: Wire

    @property
    def tournament(self) -> Tournament:
        """The practice tournament."""
        return self.server.tournament

    def pickles(self) -> list[dict[str, object]]:
        """All uploaded models, newest first."""
        found: list[dict[str, object]] = self.wire.data(PICKLES)["computePickles"]
        return found

    def slot(self, name: str = "lighthouse") -> dict[str, object]:
        """A slot with what is assigned to it and its webhook."""
        models = self.wire.data(ASSIGNED)["account"]["models"]
        return next(model for model in models if model["name"] == name)

    def assigned(self, name: str = "lighthouse") -> object:
        """The id of what a slot runs, or None."""
        found = self.slot(name)["computePickleUpload"]
        return found["id"] if isinstance(found, dict) else None

    def set_webhook(self, address: str, name: str = "lighthouse") -> None:
        """Put a webhook on a slot."""
        query = """mutation($m: String, $w: String) {
            setSubmissionWebhook(modelId: $m, newSubmissionWebhook: $w) }"""
        self.wire.data(query, m=self.wire.model(name), w=address)

    def settle_in(self, patch: pytest.MonkeyPatch) -> None:
        """As new, with a profile and model.pkl in the current folder."""
        Path("numeri.toml").write_text(f"{PROFILE}{QUICK}", encoding="utf-8")
        Path("model.pkl").write_bytes(CONTENT)
        point_at(patch, self.server)
        self.script.__init__()  # type: ignore[misc]  # as it was made
        for path in self.tournament.folders.uploads.glob("*"):
            path.unlink()
        with self.tournament.store.writing() as connection:
            for table in ("hosted_run_log", "hosted_run_states", "hosted_runs"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            connection.execute("UPDATE models SET hosted_id = NULL, webhook = NULL")
            connection.execute("DELETE FROM hosted_models")


@contextmanager
def hosting_bench(folder: Path, *, limiter: RateLimiter | None = None) -> Iterator[HostingBench]:
    """A server of its own in a folder."""
    root = folder / "organiser" / "practice"
    fresh_tournament(root).close()
    script = HostingScript()
    with (
        served(root, limiter=limiter, hosted_runner=script) as server,
        httpx.Client(base_url=server.address) as http,
    ):
        wire = Wire(http, "Token {}${}".format(*server.keys))
        yield HostingBench(server, script, wire)


@pytest.fixture(scope="session")
def whole_hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostingBench]:
    """A server that runs uploaded models as a script says, made once."""
    with hosting_bench(tmp_path_factory.mktemp("hosting")) as bench:
        yield bench


@pytest.fixture
def hosting(whole_hosting: HostingBench, monkeypatch: pytest.MonkeyPatch) -> HostingBench:
    """The server as new, and the program speaks with it."""
    whole_hosting.settle_in(monkeypatch)
    return whole_hosting
