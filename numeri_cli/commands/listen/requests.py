"""What stands in a request, as far as the receiver believes it: where to, how long, which trigger.

Whoever sends it is not known, so nothing in it is believed but one word that looks like an id.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from numeri_cli.api.started_by import plain_id

MOST_HEAD_BYTES = 16_384
MOST_BODY_BYTES = 65_536
_LONGEST_LENGTH = 15  # digits of a Content-Length


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The first lines of a request; length: of its body in bytes, None where it has no sure one."""

    method: str
    path: str
    length: int | None


async def read_head(reader: asyncio.StreamReader) -> RequestHead | None:
    """The head of the next request; None for what is none, or is too long.

    Raises IncompleteReadError where the other side leaves before its end.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return None
    first, *lines = raw.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    fields = [line.partition(":") for line in lines]
    named = [(name.strip().lower(), value.strip()) for name, _, value in fields]
    return RequestHead(words[0], words[1].partition("?")[0], _length(named))


def _length(fields: list[tuple[str, str]]) -> int | None:
    """Bytes of the body: 0 where none is told of, None for chunks and for what is no number."""
    if any(name == "transfer-encoding" for name, _ in fields):
        return None
    told = {value for name, value in fields if name == "content-length"}
    if not told:
        return 0
    text = told.pop()
    if told or not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_LENGTH):
        return None
    return int(text)


def trigger_of(body: bytes) -> str | None:
    """The trigger id that a webhook's body names; None where it names none that can be one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return plain_id(content.get("triggerId")) if isinstance(content, dict) else None
