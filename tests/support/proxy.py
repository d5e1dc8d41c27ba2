"""A loopback proxy that knows the steps of a run and spoils the one it was told to.

It runs an asyncio loop in a thread of its own. Requests keep their Host, so the file addresses a
practice server makes from it lead through the proxy as well.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.support.replies import MADE_UP, REFUSAL_WORDS, STORE_DATE, made_up
from tests.support.steps import Fault, Request, Step, step_of

ADDRESS = "127.0.0.1"
CLOSED_SECONDS = 0.06  # how long a port stays closed that is to open again
DRIP_SECONDS = 0.4
BEFORE_RESET_SECONDS = 0.03  # for the bytes before it to be read: a reset would drop them
LONGEST_SECONDS = 60.0
_DATE = re.compile(rb"\r\nDate: ([^\r]+)")
Result = TypeVar("Result")


@dataclass
class Plan:
    """Spoil a step; `left` times, or until lifted where it is None."""

    step: Step
    fault: Fault
    left: int | None
    words: str


@dataclass(frozen=True)
class Passed:
    """A request that came, when (monotonic seconds), and what was done to it."""

    step: Step | None
    at: float
    fault: Fault | None
    head: bytes = field(repr=False)


class Proxy:
    """Start with `open`; several clients may use it at once."""

    def __init__(self) -> None:
        self.backend = ""  # the address of the server behind
        self.passed: list[Passed] = []
        self.answered: list[Step] = []  # of the steps that were spoilt
        self.refused = 0  # connections that a closed port has turned away, as probed
        self.rewrite: Callable[[Request, bytes], bytes] | None = None  # whole replies
        self._plans: list[Plan] = []
        self._actions: dict[Step, Callable[[], None]] = {}
        self._lifted = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._date = STORE_DATE
        self._port = 0

    def open(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._wait(self._listen())

    def close(self) -> None:
        """Cut every connection and end."""
        self._wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{ADDRESS}:{self._port}"

    def spoil(
        self, step: Step, fault: Fault, *, times: int | None = 1, words: str = REFUSAL_WORDS
    ) -> None:
        """Let a step go wrong that many times, or until `lift`; words: what a refusal says."""
        self._plans.append(Plan(step, fault, times, words))

    def when(self, step: Step, action: Callable[[], None]) -> None:
        """Do something, once, when a step comes and before the server hears of it."""
        self._actions[step] = action

    def lift(self) -> None:
        """From now on everything passes; who waits in silence is cut off."""
        self._plans, self._actions, self.rewrite = [], {}, None
        self._wait(self._relent())

    def await_fault(self, step: Step, fault: Fault, *, seconds: float = 180.0) -> None:
        """Return as soon as the fault is being done."""
        until = time.monotonic() + seconds
        while not self.fired(step, fault):
            assert time.monotonic() < until, f"{step} × {fault} never came"
            time.sleep(0.005)

    def await_answer(self, step: Step, *, seconds: float = 180.0) -> None:
        """Return as soon as the server has answered a step, whatever becomes of the answer."""
        until = time.monotonic() + seconds
        while step not in self.answered:
            assert time.monotonic() < until, f"{step} was never answered"
            time.sleep(0.005)

    def forget(self) -> None:
        """Nothing has passed yet."""
        self.passed, self.answered, self.refused = [], [], 0

    def fired(self, step: Step, fault: Fault) -> int:
        """How often this fault was really done to this step."""
        return sum(one.step is step and one.fault is fault for one in self.passed)

    def asked(self, step: Step) -> list[Passed]:
        """Every request of a step, spoilt or not."""
        return [one for one in self.passed if one.step is step]

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, ADDRESS, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _relent(self) -> None:
        self._lifted.set()
        self._lifted = asyncio.Event()
        await self._listen()

    async def _deaf(self) -> None:
        """Close the port, and see that it is closed."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with suppress(ConnectionRefusedError):
            _, writer = await asyncio.open_connection(ADDRESS, self._port)
            writer.close()
            return
        self.refused += 1

    async def _shut(self) -> None:
        await self._deaf()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _fault_for(self, step: Step | None) -> Plan | None:
        for plan in self._plans:
            if plan.step is step and plan.left != 0:
                if plan.left is not None:
                    plan.left -= 1
                return plan
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend = _Backend(self.backend)
        try:
            while (request := await _request(reader)) is not None:
                if not await self._answer(request, reader, writer, backend):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # somebody went away
        finally:
            backend.close()
            with suppress(ConnectionError):
                writer.close()

    async def _answer(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        backend: _Backend,
    ) -> bool:
        """Whether the connection goes on."""
        # half of an upload is enough to know that it is one
        half = await reader.readexactly(request.length // 2)
        body = half if request.method == "PUT" else half + await _rest(reader, request)
        created = bool(self.asked(Step.CREATE))
        step = step_of(request, body, created=created)
        plan = self._fault_for(step)
        fault = plan.fault if plan else None
        self.passed.append(Passed(step, time.monotonic(), fault, request.head))
        if fault in (Fault.RESET, Fault.FIN) and request.method == "PUT":
            _end(writer, reset=fault is Fault.RESET)
            return False
        if request.method == "PUT":
            body += await _rest(reader, request)
        if step is not None and (action := self._actions.pop(step, None)):
            await self._loop.run_in_executor(None, action)
        if plan is None:
            writer.write(await self._fetched(request, body, backend))
            await writer.drain()
            return True
        return await self._spoilt(plan, request, body, _Ends(reader, writer, backend))

    async def _fetched(self, request: Request, body: bytes, backend: _Backend) -> bytes:
        reply = await backend.ask(request, body)
        if request.method == "POST" and (found := _DATE.search(reply)):
            self._date = found[1].decode()
        return self.rewrite(request, reply) if self.rewrite else reply

    async def _spoilt(self, plan: Plan, request: Request, body: bytes, ends: _Ends) -> bool:
        fault, writer = plan.fault, ends.writer
        if fault in MADE_UP:
            date = self._date if request.method == "POST" else STORE_DATE
            writer.write(made_up(fault, date=date, words=plan.words))
            await writer.drain()
            return True
        if fault is Fault.REFUSED:
            await self._deaf()
            _end(writer, reset=True)
            if plan.left is not None:
                await asyncio.sleep(CLOSED_SECONDS)
                await self._listen()
            return False
        if fault is Fault.SILENCE:
            if request.method == "GET":
                writer.write(_halved(await self._fetched(request, body, ends.backend)))
            await _first(self._lifted.wait(), ends.reader.read())
            return False
        reply = await self._fetched(request, body, ends.backend)
        self.answered.append(plan.step)
        if fault is Fault.DRIP:
            await _drip(writer, reply, whole=request.method == "PUT")
            return False
        if fault in (Fault.RESET, Fault.FIN):
            writer.write(_halved(reply))
            await writer.drain()
            await asyncio.sleep(BEFORE_RESET_SECONDS)
        _end(writer, reset=fault is Fault.RESET)
        return False


@dataclass(frozen=True)
class _Ends:
    """Both ends of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    backend: _Backend


class _Backend:
    """The connection to the server behind, made when it is first needed."""

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request, body: bytes) -> bytes:
        """The whole reply."""
        if self._streams is None:
            where = self._address
            self._streams = await asyncio.open_connection(where.hostname, where.port)
        reader, writer = self._streams
        writer.write(request.head + body)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = _headers(head).get("content-length")
        if head.split(b" ", 2)[1] in (b"204", b"304"):
            return head
        if length is None:
            self._streams = None
            return head + await reader.read()
        return head + await reader.readexactly(int(length))

    def close(self) -> None:
        """Let go of it."""
        if self._streams is not None:
            self._streams[1].close()


async def _request(reader: asyncio.StreamReader) -> Request | None:
    """The next request's head; None where the client has left."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
    headers = _headers(head)
    return Request(method, target, head, int(headers.get("content-length", "0")), headers)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.lower(): value.strip() for name, value in pairs}


async def _rest(reader: asyncio.StreamReader, request: Request) -> bytes:
    return await reader.readexactly(request.length - request.length // 2)


async def _first(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them is over, but not for ever."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, pending = await asyncio.wait(
        tasks, timeout=LONGEST_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    for task in pending:
        task.cancel()
    for task in done:
        task.exception()  # a client that was cut off is no news


async def _drip(writer: asyncio.StreamWriter, reply: bytes, *, whole: bool) -> None:
    """One byte after the other until the client has enough; whole: the head, too."""
    head, _, body = reply.partition(b"\r\n\r\n")
    slow = reply if whole else body
    writer.write(b"" if whole else head + b"\r\n\r\n")
    until = time.monotonic() + LONGEST_SECONDS
    for position in range(len(slow)):
        writer.write(slow[position : position + 1])
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)
        if writer.is_closing() or time.monotonic() > until:
            return


def _halved(reply: bytes) -> bytes:
    """The head, and the first half of the body."""
    head, mark, body = reply.partition(b"\r\n\r\n")
    return head + mark + body[: len(body) // 2]


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    else:
        writer.close()
