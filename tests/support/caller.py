"""A program that is not ours and acts for the participant, with nothing but HTTP."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from numeri_cli.practice.tournament import Tournament

# One for all: a client of its own for each question would read the certificates each time, 50 ms.
_CLIENT = httpx.Client(
    verify=False,  # noqa: S501 - plain http to this machine
    trust_env=False,
    limits=httpx.Limits(max_keepalive_connections=0),
)

LATEST = (
    "{ account { models { name"
    " latestSubmissions(latestNRounds: 1) { roundNumber status id filename timestamp } } } }"
)


@dataclass(frozen=True)
class Caller:
    """Another program of the same account, which asks over real HTTP."""

    url: str
    tournament: Tournament

    def post(self, query: str, **variables: object) -> httpx.Response:
        """The whole answer."""
        token = "Token {}${}".format(*self.tournament.participant_keys())
        body = {"query": query, "variables": variables}
        return _CLIENT.post(self.url, json=body, headers={"Authorization": token})

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def model_id(self, name: str = "lighthouse") -> str:
        """Of a model of the account."""
        models = self.ask("{ account { models { id name } } }")["account"]["models"]
        return next(str(one["id"]) for one in models if one["name"] == name)

    def latest(self) -> dict[str, Any]:
        """The newest row of the first model."""
        return dict(self.ask(LATEST)["account"]["models"][0]["latestSubmissions"][0])

    def put(self, model: str = "lighthouse", *, sound: bool = True) -> str:
        """Put a file of predictions for the live round; its name."""
        found = self.ask(
            'query ($id: ID) { submissionUploadAuth(filename: "a.csv", tournament: 8, modelId: $id)'
            " { filename url } }",
            id=self.model_id(model),
        )["submissionUploadAuth"]
        ids = self.tournament.live_ids(self.tournament.state().live_round)
        values = np.linspace(0.1, 0.9 if sound else 1.9, len(ids))
        lines = [f"{one},{value}" for one, value in zip(ids, values, strict=True)]
        content = "\n".join(["id,prediction", *lines]).encode()
        assert _CLIENT.put(found["url"], content=content).status_code == 200
        return str(found["filename"])

    def create(self, filename: str, model: str = "lighthouse") -> str:
        """Make what was put a submission; its id."""
        found = self.ask(
            "mutation ($name: String!, $id: ID) { createSubmission(filename: $name, tournament: 8,"
            " modelId: $id) { id } }",
            name=filename,
            id=self.model_id(model),
        )
        return str(found["createSubmission"]["id"])

    def submission(self, submission_id: str) -> dict[str, Any]:
        """By its id, asked under an alias."""
        query = "query ($id: ID) { s: submissions(id: $id) { selected status errorInfo } }"
        [found] = self.ask(query, id=submission_id)["s"]
        return dict(found)

    def of_model(self) -> list[bool]:
        """Which of the model's submissions counts, newest first."""
        query = "query ($id: ID) { submissions(modelId: $id) { selected } }"
        found = self.ask(query, id=self.model_id())["submissions"]
        return [one["selected"] for one in found]

    def host(self, model: str = "lighthouse") -> None:
        """Upload a function and let it submit for a model."""
        model_id = self.model_id(model)
        found = self.ask(
            'query ($id: ID) { computePickleUploadAuth(filename: "m.pkl", modelId: $id)'
            " { filename url } }",
            id=model_id,
        )["computePickleUploadAuth"]
        assert _CLIENT.put(found["url"], content=pickle.dumps(len)).status_code == 200
        made = self.ask(
            "mutation ($name: String!, $id: ID) { createComputePickleUpload(filename: $name,"
            " tournament: 8, modelId: $id) { id } }",
            name=found["filename"],
            id=model_id,
        )["createComputePickleUpload"]
        self.ask(
            "mutation ($id: String, $pickle: ID) { assignPickleToModel(modelId: $id,"
            " pickleId: $pickle) }",
            id=model_id,
            pickle=made["id"],
        )
