"""A webhook that is called as the real service does; practice calls addresses of this machine."""

from __future__ import annotations

import http.client
import ipaddress
import json
from urllib.parse import SplitResult, urlsplit

SECONDS = 5.0


def call(address: str | None, *, trigger_id: str) -> str:
    """POST the trigger's id there; what came of it, as a line of the trigger's log."""
    if address is None:
        return "no webhook is set for this model"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "the webhook is no address"
    if not _is_loopback(parts.hostname):
        return "practice calls webhooks on this machine only: 127.0.0.1, ::1, localhost"
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", port, timeout=SECONDS)
    try:
        connection.request(
            "POST",
            _target(parts),
            body=json.dumps({"triggerId": trigger_id}),
            headers={"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        return f"the webhook did not answer: {type(error).__name__}"
    else:
        return f"the webhook answered {answer.status}"
    finally:
        connection.close()


def _target(parts: SplitResult) -> str:
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
