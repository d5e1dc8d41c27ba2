"""Questions to the server: paced by its limits, tried again, asked without what it refuses."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from numeri_cli.api.documents import Document, read_document
from numeri_cli.api.field_types import is_decorative, is_spare, type_of
from numeri_cli.api.graphql import FieldsRefused, GraphqlClient
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.rates import TokenBucket
from numeri_cli.api.http.retry import Passing, retried
from numeri_cli.errors import RateLimited, ServerTrouble
from numeri_cli.progress import Listener

Answer = dict[str, Any]
Given = TypeVar("Given")
_TOLD_SECONDS = 1.0  # a shorter wait is no news
_LOOKS = 20  # for what a server may still be at work on: its limits are for all questions


class Questions:
    """Asks for several threads at once; each thread has its own deadline.

    bucket: of the published limits; None where the server has none
    """

    def __init__(
        self,
        graphql: GraphqlClient,
        *,
        limits: Limits,
        bucket: TokenBucket | None,
        listener: Listener,
    ) -> None:
        self._graphql, self._limits = graphql, limits
        self._bucket, self._listener = bucket, listener
        self._thread = threading.local()
        self._lock = threading.Lock()
        self._refused: frozenset[tuple[str, str]] = frozenset()  # type and name of each field
        self._refused_arguments: frozenset[tuple[str, str]] = frozenset()  # field and name
        self._told: set[tuple[str, str]] = set()

    @property
    def deadline(self) -> float | None:
        """This thread's, on the monotonic clock."""
        found: float | None = getattr(self._thread, "deadline", None)
        return found

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Inside, this thread tries nothing again once so many seconds have passed."""
        outer = self.deadline
        mine = time.monotonic() + seconds
        self._thread.deadline = mine if outer is None else min(mine, outer)
        try:
            yield
        finally:
            self._thread.deadline = outer

    def ask(self, text: str, variables: Mapping[str, object], *, keyed: bool) -> Answer:
        """The data of an answer; asked again after what may pass, so nothing may change by it.

        An answer that holds null for a question is asked for once more.
        """
        may_repeat = self._limits.attempts > 1

        def once() -> Answer:
            nonlocal may_repeat
            data = self._send(text, variables, keyed=keyed)
            empty = [key for key in read_document(text).root_keys if data.get(key, "") is None]
            if empty and may_repeat:
                may_repeat = False
                raise Passing(self._nothing_for(empty[0]))
            return data

        return self._retried(once)

    def create(
        self,
        text: str,
        variables: Mapping[str, object],
        *,
        field: str,
        held: Callable[[], str | None],
    ) -> object:
        """What a mutation makes, from `field` of its answer, or the id that `held` finds.

        Never sent twice blindly: after a lost reply `held` is asked for the id of what the server
        has of it, None for nothing, before it is sent again; again and again for a while where
        the server was silent or the connection broke, since it may still be at work.
        """
        lost, in_doubt_until = False, 0.0

        def find() -> str | None:
            while True:
                known = held()
                left = min(in_doubt_until, self.deadline or math.inf) - time.monotonic()
                if known is not None or left <= 0:
                    return known
                pause = max(self._limits.poll_seconds, self._limits.read_seconds / _LOOKS)
                time.sleep(min(left, pause))

        def send_or_find() -> object:
            nonlocal lost, in_doubt_until
            known = find() if lost else None
            if known is not None:
                return {"id": known}
            lost = True
            try:
                data = self._send(text, variables, keyed=True)
            except Passing as trouble:
                if trouble.at_work:
                    in_doubt_until = time.monotonic() + self._limits.read_seconds
                raise
            if data.get(field, "") is None:
                raise Passing(self._nothing_for(field))
            return data.get(field)

        return self._retried(send_or_find)

    def _retried(self, call: Callable[[], Given]) -> Given:
        """Call until it works; what is waited for is said once, whichever thread waits."""

        def tell(words: str) -> None:
            self._say_once(("waiting", words.partition(";")[0]), words)

        return retried(call, limits=self._limits, deadline=self.deadline, tell=tell)

    def note_odd(self, kind: str, name: str, words: str) -> None:
        """A field that no errand needs is not as it should be: said once, whoever meets it."""
        self._say_once((kind, name), f"{words}; going on without it")

    def _say_once(self, news: tuple[str, str], words: str) -> None:
        with self._lock:
            is_news = news not in self._told
            self._told.add(news)
        if is_news:
            self._listener.say(words)

    def _send(self, text: str, variables: Mapping[str, object], *, keyed: bool) -> Answer:
        while True:
            whole = read_document(text)
            document = self._known_good(whole, variables)
            self._await_tokens(document)
            sent, given = text, variables
            if document is not whole:
                sent = document.text()
                given = {name: variables.get(name) for name in document.variables}
            try:
                return self._graphql.ask(sent, given, keyed=keyed)
            except FieldsRefused as refused:
                self._learn(document, refused, variables)

    def _known_good(self, document: Document, variables: Mapping[str, object]) -> Document:
        """Without the fields and arguments that this server has refused before."""
        refused, arguments = self._refused, self._refused_arguments
        if refused:
            document = document.without(lambda name, around: (type_of(around), name) in refused)
        if arguments:
            unneeded = arguments & _unneeded_arguments(document, variables)
            document = document.without_arguments(lambda field, name: (field, name) in unneeded)
        return document

    def _learn(
        self, document: Document, refused: FieldsRefused, variables: Mapping[str, object]
    ) -> None:
        """Remember what is refused. Raises ApiChanged where a part of it is needed."""
        found = {
            (type_of(around), name)
            for kind, name in refused.fields
            for around in _places(document, kind, name)
        }
        arguments = refused.arguments & {(field, name) for field, name, _ in document.arguments()}
        is_needed = not all(is_decorative(kind, name) for kind, name in found)
        is_needed |= not arguments <= _unneeded_arguments(document, variables)
        less = document.without(lambda name, around: (type_of(around), name) in found)
        is_needed |= bool(found) and less == document
        if is_needed or not (found or arguments):
            raise refused.error
        with self._lock:
            self._refused |= found
            self._refused_arguments |= arguments
        for kind, name in sorted(found):
            self.note_odd(kind, name, f"the API changed: it has no field {name} of {kind}")
        for field, name in sorted(arguments):
            self.note_odd(field, name, f"the API changed: {field} takes no argument {name}")

    def _await_tokens(self, document: Document) -> None:
        if self._bucket is None:
            return
        taken = self._bucket.reserve(document.root_names, deadline=self.deadline)
        if taken is None:
            raise RateLimited(
                f"{self._graphql.host} answers no more questions of this kind before the deadline",
                hint="its limits are per minute and address: other programs may share them",
            )
        if taken.wait_seconds > _TOLD_SECONDS and (limit := self._bucket.limit(taken.field)):
            self._listener.say(
                f"waiting {taken.wait_seconds:.0f} seconds: the server answers {limit.questions}"
                f" questions for {taken.field} in {limit.seconds:.0f} seconds"
            )
        if taken.wait_seconds > 0:
            time.sleep(taken.wait_seconds)

    def _nothing_for(self, field: str) -> ServerTrouble:
        return ServerTrouble(
            f"{self._graphql.host} answered nothing for {field}",
            hint="nothing was lost; run the same command again in a few minutes",
        )


def _places(document: Document, kind: str, name: str) -> set[str]:
    """The fields around one of that name: those of the type, else whichever they are.

    A server may call a type otherwise than the schema that we know.
    """
    around = {outer for inner, outer in document.fields() if inner == name}
    return {outer for outer in around if type_of(outer) == kind} or around


def _unneeded_arguments(
    document: Document, variables: Mapping[str, object]
) -> frozenset[tuple[str, str]]:
    """Field and name of each argument that says nothing here, or that no errand needs."""
    return frozenset(
        (field, name)
        for field, name, value in document.arguments()
        if is_spare(field, name)
        or (value.startswith("$") and variables.get(value.removeprefix("$")) is None)
    )
