"""Everything that a profile's [notify] names, each ready to be sent a message."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from numeri_cli.api.http.addresses import checked
from numeri_cli.api.http.connection import Connector
from numeri_cli.api.http.limits import Limits
from numeri_cli.config import NotifySettings, Shape
from numeri_cli.errors import NotificationRefused, NotificationUndelivered, NumeriError
from numeri_cli.log import Mask
from numeri_cli.notify.base import SERVICES, shape_of
from numeri_cli.notify.command import CommandChannel
from numeri_cli.notify.message import Event, Message, WebhookPost

LONGEST_ANSWER_BYTES = 64 * 1024
LONGEST_QUOTE = 80


class Channel(Protocol):
    """One way to somebody.

    key: under which undelivered messages are kept for it; name: for people, without an address
    """

    @property
    def key(self) -> str:
        """Such as "slack:hooks.slack.com:0"."""

    @property
    def name(self) -> str:
        """Such as "slack at hooks.slack.com"."""

    @property
    def always(self) -> frozenset[Event]:
        """Events that it hears of even where the profile's `on` leaves them out."""

    def send(self, message: Message, *, late: bool, seconds: float) -> str:
        """Deliver it within so many seconds; what was answered. Raises NumeriError."""


class WebhookChannel:
    """An address that takes a POST.

    number: counts the webhooks of one shape and host, from 0
    """

    def __init__(self, address: str, *, shape: Shape, number: int) -> None:
        self._address, self._service = address, SERVICES[shape]
        host = urlsplit(address).hostname or "?"
        self.key, self.name = f"{shape}:{host}:{number}", f"{shape} at {host}"
        self.always = self._service.always

    def send(self, message: Message, *, late: bool, seconds: float) -> str:
        """Post it once and follow no redirect; status and first words of the answer.

        At most LONGEST_ANSWER_BYTES of the answer are read.
        Raises AddressUnsafe, NotificationRefused, NotificationUndelivered, Unreachable.
        """
        post = self._service.post(self._address, message, late=late)
        url = checked(post.address)
        try:
            with Connector(Limits()).client(url) as client:
                return self._answer(client, url, post, until=time.monotonic() + seconds)
        except httpx.TimeoutException as error:
            raise NotificationUndelivered(
                f"{self.name} did not answer within {seconds:.0f} s", hint="look at the service"
            ) from error
        except httpx.HTTPError as error:
            raise NotificationUndelivered(
                f"{self.name}: {str(error) or type(error).__name__}", hint="look at the network"
            ) from error

    def _answer(
        self, client: httpx.Client, url: httpx.URL, post: WebhookPost, *, until: float
    ) -> str:
        headers = {
            "Content-Type": post.content_type,
            "Accept-Encoding": "identity",
            "User-Agent": "numeri",
            **dict(post.headers),
        }
        seconds = max(until - time.monotonic(), 0.1)
        with client.stream(
            "POST", url, content=post.body, headers=headers, timeout=seconds, follow_redirects=False
        ) as response:
            start, length = b"", 0
            with suppress(httpx.HTTPError):  # the status says whether it was taken
                for chunk in response.iter_raw():
                    start, length = start or chunk[: 4 * LONGEST_QUOTE], length + len(chunk)
                    if length >= LONGEST_ANSWER_BYTES or time.monotonic() > until:
                        break
        return self._judged(response, start.decode("utf-8", "replace"))

    def _judged(self, response: httpx.Response, words: str) -> str:
        told = "".join(letter if letter.isprintable() else " " for letter in words).strip()
        answer = f"{response.status_code} {told[:LONGEST_QUOTE]}".strip()
        if response.is_success:
            return answer
        if response.has_redirect_location:
            raise NotificationRefused(
                f"{self.name} redirects elsewhere, and redirects are not followed",
                hint="put the final address into [notify] webhook",
            )
        if response.status_code in (408, 429) or response.is_server_error:
            raise NotificationUndelivered(f"{self.name} answered {answer}", hint="try again later")
        raise NotificationRefused(
            f"{self.name} answered {answer}", hint="look at the address in [notify] webhook"
        )


def channels_of(settings: NotifySettings, mask: Mask) -> list[Channel]:
    """Everything that the profile names; the mask learns the addresses, which are secrets."""
    found: list[Channel] = []
    numbers: Counter[str] = Counter()
    for address in settings.addresses:
        shape = shape_of(address)
        if shape == "webhook" and settings.shape is not None:
            shape = settings.shape
        parts = urlsplit(address)
        for secret in (address, parts.path.strip("/"), parts.path.rsplit("/", 1)[-1], parts.query):
            mask.know(secret)
        place = f"{shape} {parts.hostname}"
        found.append(WebhookChannel(address, shape=shape, number=numbers[place]))
        numbers[place] += 1
    if settings.command:
        found.append(CommandChannel(settings.command))
    return found


def as_ours(error: Exception, channel: Channel) -> NumeriError:
    """The error of ours for whatever went wrong on a channel."""
    if isinstance(error, NumeriError):
        return error
    return NotificationUndelivered(
        f"{channel.name}: {type(error).__name__}: {error}", hint="look at [notify] of the profile"
    )
