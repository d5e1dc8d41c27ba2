"""The program as tools call it: each command in a process of its own, which a client can end.

So nothing that a command, its libraries or somebody's class prints reaches the protocol, memory of
a training is given back, and a crash ends one call.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from numeri_cli.commands.mcp.sdk import CallToolResult, Context, TextContent, anyio
from numeri_cli.config import Consent
from numeri_cli.published import VERSION

_TOLD_SECONDS = 5.0  # between words on the progress; clients wait longer for a tool that gives some


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is called, and what a client may have it do.

    words: that start it; options: which tournament and profile, of every call
    tournament: as a person is told of it; submit: whether a submission needs somebody's consent
    running: the processes of calls that are under way
    """

    words: tuple[str, ...]
    options: tuple[str, ...]
    tournament: str
    submit: Consent
    running: set[anyio.abc.Process] = field(default_factory=set)

    async def call(
        self, agent: Agent, command: str, *options: str, arguments: Sequence[str] = ()
    ) -> CallToolResult:
        """The one JSON object of a command; a call that the client gives up ends the process.

        options: each one word, such as "--eras=0900-0950"; arguments: never taken for options
        """
        words = [*self.words, command, "--json", *self.options, *options, "--", *arguments]
        process = await anyio.open_process(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=None, env=os.environ
        )
        self.running.add(process)
        written = bytearray()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_tell_progress, agent, command)
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                async for part in process.stdout:
                    written += part
                await process.wait()
                group.cancel_scope.cancel()
        finally:
            if process.returncode is None:
                process.terminate()
                with anyio.CancelScope(shield=True):
                    await process.wait()
            self.running.discard(process)
        return _result(command, written.decode(errors="replace"), process.returncode)

    def end_calls(self) -> None:
        """Ask every process that is under way to end."""
        for process in self.running:
            if process.returncode is None:
                process.terminate()


Agent = Context[Program, Any]


async def _tell_progress(agent: Agent, command: str) -> None:
    """Say every few seconds that the command is still at work."""
    began = anyio.current_time()
    while True:
        await anyio.sleep(_TOLD_SECONDS)
        seconds = anyio.current_time() - began
        await agent.report_progress(seconds, message=f"numeri {command}, {seconds:.0f} s")


def _result(command: str, written: str, exit_code: int | None) -> CallToolResult:
    try:
        content = json.loads(written)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        how = f"by signal {-exit_code}" if exit_code and exit_code < 0 else f"with {exit_code}"
        return refusal(
            command,
            code="unexpected",
            message=f"numeri {command} ended {how} before it said anything",
            hint="`numeri log` shows how far it came; memory may have run out",
            status="failed",
        )
    return _told(content, is_error=exit_code != 0)


def refusal(
    command: str, *, code: str, message: str, hint: str, status: str = "refused"
) -> CallToolResult:
    """What a command would print where it is refused."""
    error = {"code": code, "message": message, "hint": hint}
    envelope = {"version": VERSION, "command": command, "status": status, "data": {}}
    return _told({**envelope, "error": error}, is_error=True)


def _told(content: dict[str, Any], *, is_error: bool) -> CallToolResult:
    text = json.dumps(content, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=content,
        is_error=is_error,
    )
