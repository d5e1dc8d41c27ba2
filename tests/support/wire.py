"""A client of the practice wire for tests: asks questions, shows whole answers, hides nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import numpy as np
import pandas as pd

from numeri_cli.practice.server.hosted_runs import HostedRunner
from numeri_cli.practice.server.server import application
from numeri_cli.practice.server.signing import UrlSigner
from numeri_cli.practice.tournament import Tournament

UPLOAD_AUTH = """query($name: String!, $model: String) {
    submissionUploadAuth(filename: $name, tournament: 8, modelId: $model) { filename url } }"""
CREATE = """mutation($name: String!, $model: String) {
    createSubmission(filename: $name, tournament: 8, modelId: $model) {
        id status errorInfo selected submittedCount filteredCount round { number } } }"""
SUBMISSION = """query($id: ID) { submissions(id: $id) {
    id status errorInfo selected submittedCount filteredCount filename insertedAt
    dataDatestamp sourcePlatform round { number tournament resolvedGeneral } } }"""


@dataclass(frozen=True)
class Wire:
    """A connection with keys; `answer` is the payload whatever it says, `data` insists on data."""

    http: httpx.Client
    authorization: str

    @classmethod
    @contextmanager
    def inside(
        cls,
        tournament: Tournament,
        *,
        signer: UrlSigner | None = None,
        hosted_runner: HostedRunner | None = None,
    ) -> Iterator[Wire]:
        """In this process; an exception that leaves the application fails the test."""
        app = application(tournament, signer=signer, hosted_runner=hosted_runner)
        transport = httpx.WSGITransport(app=app)
        with httpx.Client(transport=transport, base_url="https://practice.invalid/") as http:
            yield cls(http, "Token {}${}".format(*tournament.participant_keys()))

    def with_keys(self, public_id: str, secret: str) -> Wire:
        """The same connection for somebody else."""
        return replace(self, authorization=f"Token {public_id}${secret}")

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """The bare answer to a question."""
        return self.http.post(
            "/",
            json={"query": query, "variables": variables},
            headers={"Authorization": self.authorization},
        )

    def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The payload, errors and all."""
        response = self.post(query, **variables)
        assert response.status_code == 200, response.text
        payload: dict[str, Any] = response.json()
        return payload

    def data(self, query: str, **variables: Any) -> Any:
        """What was asked for; fails on any error."""
        payload = self.answer(query, **variables)
        assert "errors" not in payload, payload["errors"]
        return payload["data"]

    def refusal(self, query: str, **variables: Any) -> str:
        """The message of the one error, with no data beside it."""
        payload = self.answer(query, **variables)
        assert payload["data"] is None
        [error] = payload["errors"]
        return str(error["message"])

    def model(self, name: str = "lighthouse") -> str:
        """The id of one of the participant's models."""
        models = self.data("{ account { models { id name } } }")["account"]["models"]
        return next(str(model["id"]) for model in models if model["name"] == name)

    def download(self, name: str) -> bytes:
        """A dataset file."""
        url = self.data("query($f: String!) { dataset(filename: $f) }", f=name)["dataset"]
        response = self.http.get(url)
        assert response.status_code == 200
        return response.content

    def live_ids(self) -> list[str]:
        """The ids of the open round, from its file."""
        live = pd.read_parquet(io.BytesIO(self.download("v5.3/live.parquet")))
        return [str(name) for name in (live["id"] if "id" in live.columns else live.index)]

    def predictions(self, *, seed: int = 0) -> pd.DataFrame:
        """A good submission: id and prediction."""
        ids = self.live_ids()
        values = np.random.default_rng(seed).uniform(0.01, 0.99, len(ids))
        return pd.DataFrame({"id": ids, "prediction": values})

    def upload(
        self, content: bytes, *, name: str = "p.csv", model: str | None = None
    ) -> dict[str, Any]:
        """All three steps; what createSubmission says."""
        model_id = model or self.model()
        auth = self.data(UPLOAD_AUTH, name=name, model=model_id)["submissionUploadAuth"]
        response = self.http.put(auth["url"], content=content)
        assert response.status_code == 200, response.text
        made: dict[str, Any] = self.data(CREATE, name=auth["filename"], model=model_id)[
            "createSubmission"
        ]
        return made

    def submit(self, table: pd.DataFrame, *, model: str | None = None) -> dict[str, Any]:
        """Upload a table as CSV."""
        return self.upload(table.to_csv(index=False).encode(), model=model)

    def submission(self, submission_id: str) -> dict[str, Any]:
        """What the service says of a submission."""
        found: dict[str, Any]
        [found] = self.data(SUBMISSION, id=submission_id)["submissions"]
        return found
