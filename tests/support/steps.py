"""What a run asks for, in its order, told from the requests themselves; and what can go wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum


class Step(StrEnum):
    """One thing that `numeri run` does over the network, in the order of a first run."""

    ROUNDS = "rounds query"
    MODELS = "models query"
    HELD = "latestSubmissions before"
    DATASET = "dataset URL"
    DOWNLOAD = "download"
    AUTHORIZE = "upload authorization"
    UPLOAD = "PUT"
    CREATE = "createSubmission"
    LOOK = "look for a lost submission"
    STATUS = "status poll"
    CONFIRM = "latestSubmissions after"

    @property
    def at_store(self) -> bool:
        """Whether it goes to the file store, not to the API."""
        return self in (Step.DOWNLOAD, Step.UPLOAD)


class Fault(StrEnum):
    """One way for it to go wrong."""

    REFUSED = "refused"
    RESET = "reset mid-body"
    FIN = "FIN mid-body"
    SILENCE = "silence"
    DRIP = "slow drip"
    TOO_MANY = "429 with Retry-After"
    EMPTY_500 = "500 empty"
    HTML_502 = "502 HTML"
    EXPIRED_403 = "403 XML of an expired URL"
    MALFORMED = "malformed JSON"
    TROUBLE = "GraphQL error of the server's own"
    REFUSAL = "GraphQL refusal"
    LOST = "lost reply"

    @property
    def acts(self) -> bool:
        """Whether the server has got the request all the same."""
        return self in (Fault.RESET, Fault.FIN, Fault.DRIP, Fault.LOST)


@dataclass(frozen=True)
class Request:
    """A request as it came through the proxy."""

    method: str
    target: str
    head: bytes
    length: int
    headers: dict[str, str] = field(repr=False)


_QUESTIONS = (  # the first that is found in the document decides
    ("createSubmission", Step.CREATE),
    ("submissionUploadAuth", Step.AUTHORIZE),
    ("latestSubmissions", Step.HELD),
    ("submissions(modelId", Step.LOOK),
    ("submissions(id", Step.STATUS),
    ("computePickleUpload", Step.MODELS),
    ("dataset(", Step.DATASET),
    ("rounds(", Step.ROUNDS),
)


def step_of(request: Request, body: bytes, *, created: bool) -> Step | None:
    """Which step a request is; None for one that is none, such as the heartbeat.

    created: whether a createSubmission was seen before
    """
    if request.method == "GET":
        return Step.DOWNLOAD
    if request.method == "PUT":
        return Step.UPLOAD
    document = str(json.loads(body)["query"])
    found = next((step for words, step in _QUESTIONS if words in document), None)
    return Step.CONFIRM if found is Step.HELD and created else found
