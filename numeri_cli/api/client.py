"""One method for each question a participant asks the tournament."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType

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
from numeri_cli.api.documents import for_many
from numeri_cli.api.graphql import GraphqlClient
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.rates import TokenBucket
from numeri_cli.api.questions import Questions
from numeri_cli.api.started_by import StartedBy
from numeri_cli.credentials import Keys
from numeri_cli.errors import ApiRefused, DatasetUnknown, NoRoundOpen
from numeri_cli.progress import SILENT, Listener
from numeri_cli.records import LatestSubmission, ModelSlot, Round, Submission, TokenInfo
from numeri_cli.tournaments import CLASSIC, TournamentKind

DEFAULT_LIMITS = Limits()
ALIASES = 50  # in one document: less than any limit of a minute, and small enough to answer
_DOCUMENTS = {  # by the call of a tournament that they make
    "submissionUploadAuth": queries.UPLOAD_AUTHORIZATION,
    "createSubmission": queries.CREATE_SUBMISSION,
}


def _no_judgement(_: Round) -> None:
    """Nothing is known of earlier rounds."""


class Client:
    """The tournament's API. Questions are repeated where that is safe, until the deadline set.

    Several threads may ask at once: each has a connection of its own, open until `close`, and a
    deadline of its own. They share the server's clock, the tokens of the published limits, and
    what is known of fields that the server refuses.
    Every method may raise Unreachable, ServerTrouble, RateLimited, ApiRefused, ApiChanged,
    KeysMissing, KeysRefused and ScopeMissing.

    transport: a server inside this process, which has no limits; by default the network, with
        the proxies and certificates that the environment names
    bucket: the tokens that all clients of this process share; by default this one's own
    judge_round: sees each round that is taken for the newest; raises where it cannot be
    started_by: what submissions say has made them
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
        bucket: TokenBucket | None = None,
        judge_round: Callable[[Round], None] = _no_judgement,
        started_by: StartedBy | None = None,
    ) -> None:
        self.limits = limits
        self.started_by = started_by or StartedBy()
        self.listener = listener
        self.tournament = tournament
        self._judge_round = judge_round
        self.connector = Connector(limits, transport=transport)
        self._graphql = GraphqlClient(base_url, keys=keys, connector=self.connector, limits=limits)
        self._questions = Questions(
            self._graphql,
            limits=limits,
            bucket=None if transport is not None else bucket or TokenBucket(),
            listener=listener,
        )

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
        """Close the connections of all threads."""
        self._graphql.close()

    @property
    def host(self) -> str:
        """Host and port of the API."""
        return self._graphql.host

    @property
    def deadline(self) -> float | None:
        """The deadline in force in this thread, on the monotonic clock."""
        return self._questions.deadline

    @contextmanager
    def before(self, deadline: datetime) -> Iterator[None]:
        """Inside, this thread tries nothing again once the server's clock would show `deadline`."""
        with self.within((deadline - self.now()).total_seconds()):
            yield

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Inside, this thread tries nothing again once so many seconds have passed."""
        with self._questions.within(seconds):
            yield

    def now(self) -> datetime:
        """The server's time, from the Date of an answer at most 5 s old; asked where needed."""
        asked_at, clock = time.monotonic(), self._graphql.clock
        known = clock.now(heard_since=asked_at - self.limits.clock_seconds)
        if known is None:
            self.ask(queries.HEARTBEAT)
            known = clock.now(heard_since=asked_at)
        if known is None:
            raise changed("header Date of the answer is missing")
        return known

    def current_round(self) -> Round:
        """The round that takes submissions now. Raises NoRoundOpen."""
        data = self.ask(queries.CURRENT_ROUND, tournament=self.tournament.number)
        for found in data.children("rounds", kind="Round"):
            return self.judged(round_of(found, tournament=self.tournament.number))
        raise NoRoundOpen(
            "no round is open for submissions",
            hint="`numeri rounds` shows when the next one opens",
        )

    def judged(self, newest: Round) -> Round:
        """The round, where it can be the newest. Raises what the judge of rounds raises."""
        self._judge_round(newest)
        return newest

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
        found = data.children("rounds", kind="Round")
        return tuple(round_of(item, tournament=self.tournament.number) for item in found)

    def round_rules(self, number: int) -> Round | None:
        """A round with its score configurations, or None where there is no such round."""
        data = self.ask(queries.ROUND_RULES, tournament=self.tournament.number, number=number)
        found = data.children("rounds", kind="Round")
        return round_of(found[0], tournament=self.tournament.number) if found else None

    def list_datasets(self, *, round_number: int | None = None) -> tuple[str, ...]:
        """Names such as "v5.3/live.parquet". At most 10 times a minute."""
        data = self.ask(
            queries.LIST_DATASETS, tournament=self.tournament.number, round=round_number
        )
        return data.texts("listDatasets")

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

    def submissions_by_id(self, ids: Sequence[str]) -> Mapping[str, Submission]:
        """Many submissions by their ids, without those that the server does not show (yet).

        Asked in the order given, many in one document; each id takes one token of the limit of
        `submissions`, and waits for it: what matters most comes first.
        """
        found = self._many(queries.SUBMISSION, ids, argument="id")
        return {
            asked: submission
            for asked, submissions in found.items()
            for submission in submissions
            if submission.id == asked
        }

    def submissions_by_model(
        self, model_ids: Sequence[str]
    ) -> Mapping[str, tuple[Submission, ...]]:
        """The submissions of many models, by the models' ids; a model without any has none.

        Asked in the order given, many in one document; each model takes one token of the limit
        of `submissions`, and waits for it: what matters most comes first.
        """
        return self._many(queries.SUBMISSIONS, model_ids, argument="modelId")

    def _many(
        self, document: str, values: Sequence[str], *, argument: str
    ) -> dict[str, tuple[Submission, ...]]:
        wanted = list(dict.fromkeys(values))
        found: dict[str, tuple[Submission, ...]] = {}
        for start in range(0, len(wanted), ALIASES):
            found |= self._batch(document, wanted[start : start + ALIASES], argument=argument)
        return found

    def _batch(
        self, document: str, values: list[str], *, argument: str
    ) -> dict[str, tuple[Submission, ...]]:
        """One document for all; two where the server refuses it for one of them, or its size."""
        many = for_many(document, argument=argument, kind="ID", count=len(values))
        variables = {f"v{number}": value for number, value in enumerate(values)}
        try:
            data = self.ask(many, keyed=True, **variables)
        except ApiRefused:
            if len(values) == 1:
                raise
            middle = len(values) // 2
            first = self._batch(document, values[:middle], argument=argument)
            return first | self._batch(document, values[middle:], argument=argument)
        return {
            value: tuple(
                submission_of(item) for item in data.children(f"s{number}", kind="V2Submission")
            )
            for number, value in enumerate(values)
        }

    def submission_url(self, submission_id: str) -> str:
        """An address to download from what was submitted; its query is a secret.

        The keys need the scope download_submission.
        """
        data = self.ask(queries.SUBMISSION_DOWNLOAD, keyed=True, id=submission_id)
        found = data.child("submissionDownloadAuth", kind="SubmissionDownloadAuth")
        return found.text("url")

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
        self,
        filename: str,
        *,
        model_id: str,
        data_datestamp: int | None = None,
        held: Callable[[], str | None] | None = None,
    ) -> str:
        """Submit an uploaded file; returns the submission's id.

        held: asked after a lost reply for the id of what the server has of it; by default what
            has the file's name
        """

        def named() -> str | None:
            found = self.find_submission(model_id, filenames=frozenset({filename}))
            return found.id if found is not None else None

        call = self.tournament.calls.create
        return self.create(
            _DOCUMENTS[call],
            call,
            held=held or named,
            filename=filename,
            tournament=self.tournament.number,
            modelId=model_id,
            dataDatestamp=data_datestamp,
            source="numeri",
            triggerId=self.started_by.trigger_id,
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
        data = self._questions.ask(document, variables, keyed=keyed)
        return Fields.of(data, kind="answer", report=self._questions.note_odd)

    def create(
        self, document: str, field: str, *, held: Callable[[], str | None], **variables: object
    ) -> str:
        """The id of what a mutation makes, from `field` of its answer; never made twice blindly.

        `field` holds the id itself, or an object that has it.
        held: asked after a lost reply for the id of what the server has of it, None for nothing
        """
        made = self._questions.create(document, variables, field=field, held=held)
        return Fields.of({"id": made} if isinstance(made, str) else made, kind=field).text("id")
