"""A channel of Discord, through its webhook."""

from __future__ import annotations

import json
from urllib.parse import SplitResult

from numeri_cli.notify.message import Event, Message, WebhookPost


class Discord:
    """A text that calls nobody by name, whatever stands in it."""

    always: frozenset[Event] = frozenset()

    def knows(self, address: SplitResult) -> bool:
        """Whether it is a webhook of Discord."""
        hosts = ("discord.com", "discordapp.com")
        return address.hostname in hosts and address.path.startswith("/api/webhooks/")

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """Title and text in one."""
        text = f"{message.title}\n{message.text(late=late)}"
        content = {"content": text, "allowed_mentions": {"parse": []}}
        return WebhookPost(address, json.dumps(content).encode(), "application/json")
