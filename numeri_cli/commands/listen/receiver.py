"""The webhook's receiver: a small HTTP server that answers at once and hands the calls on.

All connections share one thread and none waits for another, however slowly it speaks. Where a
path is wrong, every answer is the same: it tells neither what is here nor how near the guess was.
"""

from __future__ import annotations

import asyncio
import hmac
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from numeri_cli.commands.listen.requests import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    RequestHead,
    read_head,
    trigger_of,
)
from numeri_cli.errors import DiskTrouble

HEALTH_PATH = "/health"
CONNECTION_SECONDS = 10.0  # from the first byte to the last, whatever the other side does
MOST_CONNECTIONS = 600
_FAREWELL_SECONDS = 2.0  # in which the other side may still be sending
_WAITING_CONNECTIONS = 1_024  # that the system holds until they are taken

Hear = Callable[[str | None], None]
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _reply(status: str, body: bytes = b"", *, head_only: bool = False) -> bytes:
    """An answer after which the connection is closed."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (b"" if head_only else body)


class Receiver:
    """Answers connections.

    path: of the webhook, which nobody can guess
    hear: told the trigger id of each call, None where it names none; returns at once
    seconds: that a connection may take
    """

    def __init__(self, path: str, hear: Hear, *, seconds: float) -> None:
        self._path = path.encode()
        self._hear, self._seconds = hear, seconds
        self._open = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection; what breaks off or takes too long is dropped."""
        if self._open >= MOST_CONNECTIONS:
            writer.close()
            return
        self._open += 1
        try:
            with suppress(TimeoutError, OSError, EOFError):
                async with asyncio.timeout(self._seconds):
                    writer.write(await self._answered(reader))
                    await writer.drain()
                    writer.write_eof()
                    await _said_goodbye(reader)
        finally:
            self._open -= 1
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        head = await read_head(reader)
        if head is None:
            return _NOT_FOUND
        if head.path == HEALTH_PATH and head.method in ("GET", "HEAD"):
            return _reply("200 OK", b"ok\n", head_only=head.method == "HEAD")
        if not hmac.compare_digest(head.path.encode("utf-8"), self._path):
            return _NOT_FOUND
        return await self._taken(head, reader)

    async def _taken(self, head: RequestHead, reader: asyncio.StreamReader) -> bytes:
        """The answer to who knows the path."""
        if head.method != "POST":
            return _reply("405 Method Not Allowed", b"POST it\n", head_only=head.method == "HEAD")
        if head.length is None:
            return _reply("411 Length Required", b"a Content-Length is needed\n")
        if head.length > MOST_BODY_BYTES:
            return _reply("413 Content Too Large", f"at most {MOST_BODY_BYTES} bytes\n".encode())
        body = await reader.readexactly(head.length)
        self._hear(trigger_of(body))
        return _reply("200 OK", b"ok\n")


async def _said_goodbye(reader: asyncio.StreamReader) -> None:
    """Read on until the other side has closed: what is unread would cut our answer off."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            while await reader.read(65_536):
                pass


@contextmanager
def receiving(
    path: str,
    hear: Hear,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    connection_seconds: float = CONNECTION_SECONDS,
) -> Iterator[tuple[str, int]]:
    """Receive in another thread for as long as the block runs; yields the address and the port.

    port: 0 takes a free one
    Raises DiskTrouble where the port is taken or the address is not this machine's.
    """
    try:
        listener = socket.create_server(
            (host, port), family=_family(host), backlog=_WAITING_CONNECTIONS
        )
    except (OSError, OverflowError) as error:
        raise DiskTrouble(
            f"port {port} of {host} cannot be listened on: {error}", hint="choose another --port"
        ) from error
    loop = asyncio.new_event_loop()
    receiver = Receiver(path, hear, seconds=connection_seconds)

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(
            receiver.converse, sock=listener, limit=MOST_HEAD_BYTES, backlog=_WAITING_CONNECTIONS
        )

    server = loop.run_until_complete(begin())
    thread = threading.Thread(target=loop.run_forever, name="webhook", daemon=True)
    thread.start()
    try:
        address = listener.getsockname()
        yield str(address[0]), int(address[1])
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(_end_conversations())
        loop.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _end_conversations() -> None:
    """Break off whatever is still being said."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
