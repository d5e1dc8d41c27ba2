"""What the client can ask, each with an answer that it understands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numeri_cli.api.client import Client
from tests.support.api_answers import ROUND, SUBMISSION

ROW = {"roundNumber": 5, "status": "on-time", "id": "s", "filename": "f", "timestamp": None}
MODEL = {"id": 7, "name": "a", "tournament": 8, "computePickleUpload": None}
AUTHORIZATION = {"filename": "x-1.csv", "url": "https://store.test/x?sig=1"}
CONFIG = {
    "name": "mmc", "displayName": "MMC", "isPayout": True, "defaultMultiplier": 1.0,
    "clipThreshold": None, "totalScoreDays": 60, "returnsLagDays": 2, "version": "3",
    "payoutFactor": "1",
}  # fmt: skip

QUESTIONS: dict[str, tuple[Callable[[Client], object], dict[str, Any]]] = {
    "now": (Client.now, {"__typename": "RootQueryType"}),
    "current_round": (Client.current_round, {"rounds": [ROUND]}),
    "round_rules": (
        lambda client: client.round_rules(5),
        {"rounds": [{**ROUND, "roundScoreConfigs": [CONFIG]}]},
    ),
    "list_datasets": (Client.list_datasets, {"listDatasets": ["a", "b"]}),
    "dataset_url": (lambda client: client.dataset_url("a"), {"dataset": "https://store.test/a"}),
    "token_info": (
        Client.token_info,
        {"apiTokenInfo": {"accountUsername": "me", "publicId": "A", "scopes": ["stake"]}},
    ),
    "models": (Client.models, {"account": {"models": [MODEL]}}),
    "latest_submissions": (
        Client.latest_submissions,
        {"account": {"models": [{**MODEL, "latestSubmissions": [ROW]}]}},
    ),
    "submissions": (lambda client: client.submissions("7"), {"submissions": [SUBMISSION]}),
    "upload_authorization": (
        lambda client: client.upload_authorization("x.csv", model_id="7"),
        {"submissionUploadAuth": AUTHORIZATION},
    ),
    "create_submission": (
        lambda client: client.create_submission("x.csv", model_id="7"),
        {"createSubmission": {"id": "s1"}},
    ),
}
