"""One question over HTTP: sent, timed, measured, and every way to be refused told apart."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx

from numeri_cli.api.answers import changed
from numeri_cli.api.clock import ServerClock
from numeri_cli.api.http.addresses import checked
from numeri_cli.api.http.bodies import ACCEPT_ENCODING, TooLarge, whole_body
from numeri_cli.api.http.connection import (
    Broken,
    Connection,
    Connector,
    Request,
)
from numeri_cli.api.http.limits import Limits
from numeri_cli.api.http.retry import (
    Passing,
    retry_after,
)
from numeri_cli.credentials import Keys
from numeri_cli.errors import (
    ApiRefused,
    KeysMissing,
    KeysRefused,
    NoRoundOpen,
    NumeriError,
    RateLimited,
    ScopeMissing,
    ServerTrouble,
    Unreachable,
)
from numeri_cli.inert_text import visible

_SCOPE = re.compile(r"Insufficient permission for (\w+)")
_FIELD_REFUSED = re.compile(r'Cannot query field "(\w+)" on type "(\w+)"')
# as Absinthe and as graphql-core have it, which names the type before the field
_ARGUMENT_REFUSED = re.compile(
    r"""Unknown argument ["'](\w+)["'] on field ["'](?:\w+\.)?(\w+)["']"""
)
_LONGEST_WORDS = 500
_TRY_LATER = "nothing was lost; run the same command again in a few minutes"


class FieldsRefused(Exception):
    """The server does not know parts of a document, and has answered nothing of it.

    fields: type and name of each; arguments: the field and the name of each
    error: to show where the document cannot do without them
    """

    def __init__(
        self,
        fields: frozenset[tuple[str, str]],
        arguments: frozenset[tuple[str, str]],
        *,
        error: NumeriError,
    ) -> None:
        super().__init__(error.message)
        self.fields, self.arguments = fields, arguments
        self.error = error


class GraphqlClient:
    """Speaks GraphQL with one host; the key goes to that host only.

    Several threads may ask at once: each has a connection of its own, open until `close`.
    """

    def __init__(
        self, base_url: str, *, keys: Keys | None, connector: Connector, limits: Limits
    ) -> None:
        url = checked(base_url)
        self._url, self.host = str(url), url.netloc.decode("ascii", "replace")
        self._keys = keys
        self._connector = connector
        self._connections: list[Connection] = []
        self._thread = threading.local()
        self._limits = limits
        self.clock = ServerClock()

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in tuple(self._connections):
            connection.close()

    def ask(self, document: str, variables: Mapping[str, object], *, keyed: bool) -> dict[str, Any]:
        """Ask once. Raises Passing for what may pass, errors of our tree for what will not.

        keyed: whether the question needs keys; they are sent wherever they are known
        returns: `data` of the answer
        Raises FieldsRefused, too, where the server does not know fields or arguments of the
        document.
        """
        body = json.dumps({"query": document, "variables": variables}).encode()
        request = Request(
            method="POST",
            url=self._url,
            headers=self._headers(keyed=keyed),
            body=body,
            idle_seconds=self._limits.read_seconds,
            whole_seconds=self._limits.total_seconds,
        )
        try:
            with self._connection().open(request) as response:
                date = self.clock.hear(response.headers.get("date"))
                content = self._content(response)
        except Broken as trouble:
            raise self._unreachable(trouble) from trouble
        return self._judged(response, content, date=date)

    def _connection(self) -> Connection:
        known: Connection | None = getattr(self._thread, "connection", None)
        if known is None:
            known = self._thread.connection = self._connector.connect()
            self._connections.append(known)
        return known

    def _headers(self, *, keyed: bool) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        if self._keys is not None:
            authorization = self._keys.authorization()
            if not authorization.isascii() or not authorization.isprintable():
                raise KeysRefused(
                    "the keys hold characters that no key has",
                    hint="copy both again from numer.ai, then `numeri login`",
                )
            headers["Authorization"] = authorization
        elif keyed:
            raise KeysMissing(
                f"no keys are known for {self.host}",
                hint="`numeri login` stores them; or set NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY",
            )
        return headers

    def _content(self, response: httpx.Response) -> bytes:
        try:
            return whole_body(response, at_most=self._limits.answer_bytes)
        except TooLarge:
            raise ServerTrouble(
                f"the answer of {self.host} is larger than"
                f" {self._limits.answer_bytes:,} bytes and was cut off",
                hint=_TRY_LATER,
            ) from None

    def _unreachable(self, trouble: Broken) -> Exception:
        hint = "look at the network; " + _TRY_LATER
        if trouble.reason == "untrusted":
            cure = "a private certificate authority goes into SSL_CERT_FILE"
            return Unreachable(trouble.words, hint=cure, lasting=True)
        if trouble.reason == "astray":
            cure = "look at the address of the tournament"
            return Unreachable(trouble.words, hint=cure, lasting=True)
        at_work = trouble.reason != "unconnected"
        return Passing(Unreachable(trouble.words, hint=hint), at_work=at_work)

    def _judged(
        self, response: httpx.Response, content: bytes, *, date: datetime | None
    ) -> dict[str, Any]:
        status, pause = response.status_code, response.headers.get("retry-after")
        answer = _parsed(content)
        words = self._clean("; ".join(dict.fromkeys(_messages(answer))))
        if status == HTTPStatus.TOO_MANY_REQUESTS or _is_rate_limit(answer):
            error = RateLimited(
                f"{self.host} asks us to slow down{_quoted(words)}", hint=_TRY_LATER
            )
            told = retry_after(pause, date=date)
            raise Passing(error, after_seconds=self._untold_pause() if told is None else told)
        if status >= 500 or status == HTTPStatus.REQUEST_TIMEOUT:
            trouble = ServerTrouble(
                f"{self.host} answered {_status(status)}{_quoted(words)}", hint=_TRY_LATER
            )
            raise Passing(
                trouble,
                after_seconds=retry_after(pause, date=date),
                at_work=status == HTTPStatus.GATEWAY_TIMEOUT,
            )
        if words:
            raise self._refusal(words, status=status)
        if status == HTTPStatus.FORBIDDEN:  # the server's own refusals are in GraphQL's words
            raise Passing(
                ServerTrouble(
                    f"something before {self.host} answered {_status(status)}",
                    hint="a firewall, a proxy or a VPN may be in the way; " + _TRY_LATER,
                )
            )
        if status != HTTPStatus.OK:
            raise self._refusal(f"{self.host} answered {_status(status)}", status=status)
        if answer is None:
            raise Passing(ServerTrouble(f"{self.host} answered no JSON", hint=_TRY_LATER))
        data = answer.get("data", ()) if isinstance(answer, dict) else ()
        if data is None:
            raise Passing(changed("field data of the answer is null"))
        if not isinstance(data, dict):
            raise changed("field data of the answer is missing")
        return data

    def _untold_pause(self) -> float:
        """After a 429 that names no time: limits are per minute, so the longest pause at once."""
        return min(self._limits.backoff_max_seconds, self._limits.retry_after_seconds)

    def _refusal(self, words: str, *, status: int) -> Exception:
        if "session is invalid or has expired" in words or status == HTTPStatus.UNAUTHORIZED:
            return KeysRefused(
                f"{self.host} refused the keys: {words}",
                hint="public id and secret may be swapped or outdated; `numeri login` stores new",
            )
        if scope := _SCOPE.search(words):
            return ScopeMissing(
                f"the keys may not do this: {words}",
                hint=f"make a key with the scope {scope[1]} on numer.ai, then `numeri login`",
            )
        if "round not open" in words.lower():
            return NoRoundOpen(words, hint="`numeri rounds` shows when the next one opens")
        if words.startswith("Internal server error"):
            return Passing(ServerTrouble(f"{self.host} said: {words}", hint=_TRY_LATER))
        fields = frozenset((kind, name) for name, kind in _FIELD_REFUSED.findall(words))
        arguments = frozenset((field, name) for name, field in _ARGUMENT_REFUSED.findall(words))
        if fields or arguments:
            return FieldsRefused(fields, arguments, error=changed(words))
        if "Cannot query field" in words or "Unknown argument" in words:
            return changed(words)
        return ApiRefused(
            f"{self.host} refused: {words}", hint="mend what the server names, then try again"
        )

    def _clean(self, words: str) -> str:
        shown = words[:_LONGEST_WORDS]
        if self._keys is not None and self._keys.secret:
            shown = words.replace(self._keys.secret, "***")[:_LONGEST_WORDS]
        return visible(shown.strip()).rstrip(".")


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _messages(answer: Any) -> list[str]:
    """The server's own words, in each of the shapes its errors have."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if isinstance(errors, dict):
        return [str(errors.get("detail") or errors.get("message") or "an error without words")]
    if isinstance(errors, str):
        return [errors]
    if not isinstance(errors, list):
        return []
    return [
        str(item.get("message") or "an error without words")
        if isinstance(item, dict)
        else str(item)
        for item in errors
    ]


def _is_rate_limit(answer: Any) -> bool:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    found = errors if isinstance(errors, list) else [errors]
    return any(
        isinstance(item, dict) and "rate_limited" in (item.get("code"), _extension_code(item))
        for item in found
    )


def _extension_code(item: dict[str, Any]) -> object:
    extensions = item.get("extensions")
    return extensions.get("code") if isinstance(extensions, dict) else None


def _quoted(words: str) -> str:
    return f": {words}" if words else ""


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
