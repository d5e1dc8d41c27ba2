"""What a service has to know, and the list of all of them.

A new one is a file that holds such a class, a line in SERVICES, and its name in config.Shape.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from numeri_cli.config import Shape
from numeri_cli.notify.discord import Discord
from numeri_cli.notify.healthchecks import Healthchecks
from numeri_cli.notify.message import Event, Message, WebhookPost
from numeri_cli.notify.ntfy import Ntfy
from numeri_cli.notify.slack import Slack
from numeri_cli.notify.webhook import JsonWebhook


class Service(Protocol):
    """How one kind of webhook wants to be spoken to."""

    @property
    def always(self) -> frozenset[Event]:
        """Events that it hears of even where the profile's `on` leaves them out."""

    def knows(self, address: SplitResult) -> bool:
        """Whether an address shows by itself that it is this service's."""

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """What to send there; late: the message could not be delivered at its time."""


SERVICES: dict[Shape, Service] = {
    "ntfy": Ntfy(),
    "slack": Slack(),
    "discord": Discord(),
    "healthchecks": Healthchecks(),
    "webhook": JsonWebhook(),  # knows every address, so it stands last
}


def shape_of(address: str) -> Shape:
    """The first service that knows the address."""
    parts = urlsplit(address)
    return next(shape for shape, service in SERVICES.items() if service.knows(parts))
