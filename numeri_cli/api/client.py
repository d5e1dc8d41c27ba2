"""One method for each question a participant asks the tournament."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any

import httpx

from numeri_cli.api import queries
from numeri_cli.api.answers import (
    Fields,
    UploadAuthorization,
    authorization_of,
    changed,
    latest_of,
    model_of,
    round_of,
    submission_of,
    token_of,
)
from numeri_cli.api.graphql import GraphqlClient
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.retry import (
    Passing,
    retried,
)
from numeri_cli.credentials import Keys
from numeri_cli.errors import DatasetUnknown, NoRoundOpen
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import LatestSubmission, ModelSlot, Round, Submission, TokenInfo
from numeri_cli.tournaments import CLASSIC, TournamentKind

DEFAULT_LIMITS = Limits()
_DOCUMENTS = {  # by the call of a tournament that they make
    "submissionUploadAuth": queries.UPLOAD_AUTHORIZATION,
    "createSubmission": queries.CREATE_SUBMISSION,
}


class Client:
    """The tournament's API. Questions are repeated where that is safe, until the deadline set.

    Every method may raise Unreachable, ServerTrouble, RateLimited, ApiRefused, ApiChanged,
    KeysMissing, KeysRefused and ScopeMissing. Not for two threads at once.

    transport: a server inside this process; by default the network, with the proxies and
        certificates that the environment names
    """

    def __init__(
        self,
        base_url: str,
        *,
        keys: Keys | None = None,
        transport: httpx.BaseTransport | None = None,
        limits: Limits = DEFAULT_LIMITS,
        listener: Listener = SILENT,
        tournament: TournamentKind = CLASSIC,
    ) -> None:
        self.limits = limits
        self.listener = listener
        self.tournament = tournament
        self.connector = Connector(limits, transport=transport)
        self._connection = self.connector.connect()
        self._graphql = GraphqlClient(
            base_url, keys=keys, connection=self._connection, limits=limits
        )
        self._deadline: float | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @property
    def host(self) -> str:
        """Host and port of the API."""
        return self._graphql.host

    @property
    def deadline(self) -> float | None:
        """The deadline in force, on the monotonic clock."""
        return self._deadline

    @contextmanager
    def before(self, deadline: datetime) -> Iterator[None]:
        """Inside, nothing is tried again once the server's clock would show `deadline`."""
        with self.within((deadline - self.now()).total_seconds()):
            yield

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Inside, nothing is tried again once so many seconds have passed."""
        outer = self._deadline
        mine = time.monotonic() + seconds
        self._deadline = mine if outer is None else min(mine, outer)
        try:
            yield
        finally:
            self._deadline = outer

    def now(self) -> datetime:
        """The server's time, from the Date of an answer at most 5 s old; asked where needed."""
        known = self._graphql.clock.now(at_most_old=self.limits.clock_seconds)
        if known is None:
            self._graphql.clock.forget()
            self.ask(queries.HEARTBEAT)
            known = self._graphql.clock.now(at_most_old=self.limits.total_seconds)
        if known is None:
            raise changed("header Date of the answer is missing")
        return known

    def current_round(self) -> Round:
        """The round that takes submissions now. Raises NoRoundOpen."""
        data = self.ask(queries.CURRENT_ROUND, tournament=self.tournament.number)
        for found in data.children("rounds", kind="Round"):
            return round_of(found)
        raise NoRoundOpen(
            "no round is open for submissions",
            hint="`numeri rounds` shows when the next one opens",
        )

    def rounds(
        self, *, limit: int | None = None, number: int | None = None, status: str | None = None
    ) -> tuple[Round, ...]:
        """Rounds as the server lists them; status OPEN, UPCOMING, RESOLVING or RESOLVED."""
        data = self.ask(
            queries.ROUNDS,
            tournament=self.tournament.number,
            limit=limit,
            number=number,
            status=status,
        )
        return tuple(round_of(item) for item in data.children("rounds", kind="Round"))

    def round_rules(self, number: int) -> Round | None:
        """A round with its score configurations, or None where there is no such round."""
        data = self.ask(queries.ROUND_RULES, tournament=self.tournament.number, number=number)
        found = data.children("rounds", kind="Round")
        return round_of(found[0]) if found else None

    def list_datasets(self, *, round_number: int | None = None) -> tuple[str, ...]:
        """Names such as "v5.3/live.parquet". At most 10 times a minute."""
        data = self.ask(
            queries.LIST_DATASETS, tournament=self.tournament.number, round=round_number
        )
        names = data.items("listDatasets")
        return tuple(name for name in names if isinstance(name, str))

    def dataset_url(self, name: str, *, round_number: int | None = None) -> str:
        """An address to download from for a while; its query is a secret. Raises DatasetUnknown."""
        data = self.ask(
            queries.DATASET, filename=name, tournament=self.tournament.number, round=round_number
        )
        if data.get("dataset") is None:
            raise DatasetUnknown(
                f"the tournament has no file {name}", hint="`numeri datasets` lists them"
            )
        return data.text("dataset")

    def token_info(self) -> TokenInfo:
        """Whom the keys belong to and what they may do."""
        data = self.ask(queries.TOKEN_INFO, keyed=True)
        return token_of(data.child("apiTokenInfo", kind="ApiTokenInfo"))

    def models(self) -> tuple[ModelSlot, ...]:
        """The account's models in this tournament."""
        data = self.ask(queries.MODELS, keyed=True).child("account", kind="Account")
        models = (model_of(item) for item in data.children("models", kind="Model"))
        return tuple(model for model in models if model.tournament == self.tournament.number)

    def latest_submissions(self, *, rounds: int = 1) -> tuple[LatestSubmission, ...]:
        """What the server holds for each model in the latest rounds, and when it came."""
        data = self.ask(queries.LATEST_SUBMISSIONS, keyed=True, rounds=rounds)
        return tuple(
            latest_of(row, model=model.text("name"))
            for model in data.child("account", kind="Account").children("models", kind="Model")
            if model.integer("tournament") == self.tournament.number
            for row in model.children("latestSubmissions", kind="LatestSubmission")
        )

    def submissions(self, model_id: str) -> tuple[Submission, ...]:
        """The submissions of one model."""
        data = self.ask(queries.SUBMISSIONS, keyed=True, modelId=model_id)
        found = data.children("submissions", kind="V2Submission")
        return tuple(submission_of(item) for item in found)

    def submission(self, submission_id: str) -> Submission | None:
        """One submission, or None where the server does not show it (yet)."""
        data = self.ask(queries.SUBMISSION, keyed=True, id=submission_id)
        found = (submission_of(item) for item in data.children("submissions", kind="V2Submission"))
        return next((item for item in found if item.id == submission_id), None)

    def upload_authorization(self, filename: str, *, model_id: str) -> UploadAuthorization:
        """Leave to put one file of predictions; the server renames it."""
        call = self.tournament.calls.upload_authorization
        data = self.ask(
            _DOCUMENTS[call],
            keyed=True,
            filename=filename,
            tournament=self.tournament.number,
            modelId=model_id,
        )
        return authorization_of(data.child(call, kind="FileUploadAuth"))

    def create_submission(
        self, filename: str, *, model_id: str, data_datestamp: int | None = None
    ) -> str:
        """Submit an uploaded file; returns the submission's id."""

        def held() -> str | None:
            found = self.find_submission(model_id, filenames=frozenset({filename}))
            return found.id if found is not None else None

        call = self.tournament.calls.create
        return self.create(
            _DOCUMENTS[call],
            call,
            held=held,
            filename=filename,
            tournament=self.tournament.number,
            modelId=model_id,
            dataDatestamp=data_datestamp,
            source="numeri",
        )

    def find_submission(self, model_id: str, *, filenames: frozenset[str]) -> Submission | None:
        """The newest submission of a model whose uploaded file has one of these names."""
        found = [item for item in self.submissions(model_id) if item.filename in filenames]
        return max(
            found,
            key=lambda item: item.inserted_at.timestamp() if item.inserted_at else 0.0,
            default=None,
        )

    def ask(self, document: str, *, keyed: bool = False, **variables: object) -> Fields:
        """The data of an answer; asked again after what may pass, so nothing may change by it."""

        def ask() -> dict[str, Any]:
            return self._graphql.ask(document, variables, keyed=keyed)

        return Fields.of(retried(ask, limits=self.limits, deadline=self._deadline), kind="answer")

    def create(
        self, document: str, field: str, *, held: Callable[[], str | None], **variables: object
    ) -> str:
        """The id of what a mutation makes, from `field` of its answer.

        Never sent twice blindly: after a lost reply `held` is asked for the id of what the server
        has of it, None for nothing, before it is sent again; again and again for a while where
        the server was silent, since it may still be at work.
        """
        lost, in_doubt_until = False, 0.0

        def find() -> str | None:
            while True:
                known = held()
                left = min(in_doubt_until, self._deadline or math.inf) - time.monotonic()
                if known is not None or left <= 0:
                    return known
                time.sleep(min(left, self.limits.poll_seconds))

        def send_or_find() -> str:
            nonlocal lost, in_doubt_until
            known = find() if lost else None
            if known is not None:
                return known
            lost = True
            try:
                data = Fields.of(self._graphql.ask(document, variables, keyed=True), kind="answer")
            except Passing as trouble:
                if trouble.at_work:
                    in_doubt_until = time.monotonic() + self.limits.read_seconds
                raise
            return data.child(field, kind=field).text("id")

        return retried(send_or_find, limits=self.limits, deadline=self._deadline)
