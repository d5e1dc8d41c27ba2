"""A channel of Slack, through an incoming webhook."""

from __future__ import annotations

import json
from urllib.parse import SplitResult

from numeri_cli.notify.message import Event, Message, WebhookPost


class Slack:
    """A text without markup; what would call people or open a link is made plain."""

    always: frozenset[Event] = frozenset()

    def knows(self, address: SplitResult) -> bool:
        """Whether it is an incoming webhook of Slack."""
        return address.hostname == "hooks.slack.com"

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """Title and text in one."""
        text = f"{message.title}\n{message.text(late=late)}"
        for letter, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(letter, shown)
        content = {"text": text, "mrkdwn": False}
        return WebhookPost(address, json.dumps(content).encode(), "application/json")
