"""ntfy.sh, or an ntfy server of one's own: a push message to a telephone."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from numeri_cli.notify.message import Event, Message, WebhookPost

_TAGS: dict[Event, str] = {"success": "white_check_mark", "test": "wave"}
_PRIORITIES: dict[Event, str] = {"failure": "high", "deadline": "urgent", "success": "low"}


class Ntfy:
    """A text to the topic that the address names; ntfy://host/topic means https."""

    always: frozenset[Event] = frozenset()

    def knows(self, address: SplitResult) -> bool:
        """Whether it is ntfy.sh's, or says ntfy itself."""
        return address.hostname == "ntfy.sh" or address.scheme == "ntfy"

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """The text; title, priority and tag in headers, which hold ASCII alone."""
        title = message.title.encode("ascii", "replace").decode()
        return WebhookPost(
            urlsplit(address)._replace(scheme="https").geturl()
            if address.startswith("ntfy:")
            else address,
            message.text(late=late).encode(),
            "text/plain; charset=utf-8",
            (
                ("Title", title),
                ("Priority", _PRIORITIES.get(message.event, "default")),
                ("Tags", _TAGS.get(message.event, "warning")),
            ),
        )
