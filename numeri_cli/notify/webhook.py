"""Any program of one's own that takes a POST of JSON."""

from __future__ import annotations

import json
from urllib.parse import SplitResult

from numeri_cli.notify.message import Event, Message, WebhookPost


class JsonWebhook:
    """The whole message as one JSON object."""

    always: frozenset[Event] = frozenset()

    def knows(self, address: SplitResult) -> bool:
        """Any address; the registry asks this one last."""
        return True

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """The message's fields, and whether it could not be delivered at its time."""
        content = {"late": late, **message.plain()}
        return WebhookPost(address, json.dumps(content).encode(), "application/json")
