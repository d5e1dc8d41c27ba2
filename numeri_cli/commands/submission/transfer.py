"""A file on its way to the server: put where it says, then watched until it is settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from numeri_cli.api.answers import UploadAuthorization
from numeri_cli.api.client import Client
from numeri_cli.api.files.upload import UploadExpired
from numeri_cli.api.files.upload import upload as put
from numeri_cli.progress import Listener


class HasStatus(Protocol):
    """What the server shows of its work, with its own word for how far it has come."""

    @property
    def status(self) -> str:
        """The server's word; may be empty."""


Found = TypeVar("Found", bound=HasStatus)


@dataclass(frozen=True)
class LastLook(Generic[Found]):
    """What the server showed last, None for nothing yet; `settled` where that was the end of it."""

    found: Found | None
    settled: bool

    @property
    def word(self) -> str:
        """The server's word, or that it shows nothing."""
        return self.found.status if self.found is not None else "not shown yet"


def upload(
    client: Client,
    content: bytes,
    *,
    name: str,
    authorize: Callable[[], UploadAuthorization],
    listener: Listener,
    headers: Mapping[str, str] | None = None,
) -> str:
    """Put the bytes at the address that the server gives; the name that it gave the file.

    authorize: asks for an address; asked a second time where the first has expired meanwhile
    headers: what goes along with the bytes
    Nothing is tried again after the client's deadline. Raises TransferRefused, TransferFailed,
    TransferStalled, and what `authorize` raises.
    """
    renewed = False
    while True:
        authorization = authorize()
        try:
            with listener.task("uploading", total=len(content), unit="bytes") as task:
                put(
                    connector=client.connector,
                    url=authorization.url,
                    content=content,
                    name=name,
                    deadline=client.deadline,
                    task=task,
                    headers=headers,
                )
            return authorization.filename
        except UploadExpired:
            if renewed:
                raise
            renewed = True


def settle(
    client: Client,
    look: Callable[[], Found | None],
    *,
    is_settled: Callable[[Found], bool],
    listener: Listener,
) -> LastLook[Found]:
    """Look until it is settled, for at most the client's settle_seconds; new words are said.

    look: asks the server; None where it shows nothing yet
    is_settled: whether there is nothing more to wait for; may raise where it was refused
    """
    limits, said = client.limits, ""
    until = time.monotonic() + limits.settle_seconds
    while True:
        found = look()
        if found is not None and is_settled(found):
            return LastLook(found, settled=True)
        last = LastLook(found, settled=False)
        if last.word != said:
            listener.say(f"Waiting for the server: {last.word or 'no status yet'}")
            said = last.word
        if time.monotonic() + limits.poll_seconds > until:
            return last
        time.sleep(limits.poll_seconds)
