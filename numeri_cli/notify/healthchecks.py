"""healthchecks.io, or a server of one's own: it raises the alarm when nothing is heard."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from numeri_cli.notify.message import Event, Message, WebhookPost

_ENDINGS: dict[Event, str] = {
    "success": "",
    "failure": "/fail",
    "deadline": "/fail",
    "guard": "/log",  # kept there, without a change of the check's state
    "test": "/log",
}


class Healthchecks:
    """A ping: the address itself when all went well, /fail when not.

    Success and failure are always told: silence is what this service warns of.
    """

    always: frozenset[Event] = frozenset({"success", "failure"})

    def knows(self, address: SplitResult) -> bool:
        """Whether it is a ping address of healthchecks.io."""
        return address.hostname == "hc-ping.com"

    def post(self, address: str, message: Message, *, late: bool) -> WebhookPost:
        """The text is kept beside the ping."""
        parts = urlsplit(address)
        path = parts.path.rstrip("/") + _ENDINGS[message.event]
        text = f"{message.title}\n{message.text(late=late)}"
        return WebhookPost(parts._replace(path=path).geturl(), text.encode(), "text/plain")
