"""Requests to the webhook's receiver, byte for byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

PATIENCE_SECONDS = 120.0


def post(path: str, body: bytes = b"", *, method: str = "POST") -> bytes:
    """A request as a server sends it."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def reply_to(port: int, sent: bytes) -> bytes:
    """All that is answered to these bytes, up to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(sent)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


def replies_to(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """The answers to many requests that are all open before any is answered."""

    async def all_of_them() -> list[bytes]:
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in requests]
        for (_, writer), sent in zip(pairs, requests, strict=True):
            writer.write(sent)
        answers = await asyncio.gather(*(reader.read() for reader, _ in pairs))
        for _, writer in pairs:
            writer.close()
        return list(answers)

    return asyncio.run(asyncio.wait_for(all_of_them(), PATIENCE_SECONDS))
