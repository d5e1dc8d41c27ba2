"""numeri mcp: the commands as an agent's tools, on standard input and output."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from numeri_cli.commands.context import Context
from numeri_cli.commands.mcp.program import Program
from numeri_cli.commands.mcp.sdk import MCPServer, anyio
from numeri_cli.commands.mcp.tools import TOOLS
from numeri_cli.config import Consent
from numeri_cli.schedule.command import installed_program
from numeri_cli.version import __version__

INSTRUCTIONS = """\
Tools of Numeri, a client of the Numerai tournament. Each answers with the JSON of the command of
its name: {"version", "command", "status": "done|refused|failed", "data", "error"}. Where `error` is
set, its `hint` is the cure. Work in the order data, train, validate, submit, status. Scores of eras
that a model was trained on are no test: read `warnings` and `seen_in_training`. A difference
between two models counts only where `told_apart` is true. Stakes cannot be changed here.
"""


def serve(context: Context) -> None:
    """Answer a client until it closes standard input; SIGTERM and Ctrl-C end it and its calls.

    Raises ProfileInvalid, UsageProblem, DiskError.
    """
    program = program_of(context)
    anyio.run(_serve, program, context)


def program_of(context: Context) -> Program:
    """What the tools call, and what may be submitted without asking.

    Both are read from the profile now: later changes of it give an agent no leave.
    """
    return Program(
        words=installed_program(),
        options=_options(context),
        tournament=f"{context.tournament} ({context.endpoint.host})",
        submit=_consent(context),
    )


def server_of(program: Program) -> MCPServer[Program]:
    """The server with its tools, for any transport."""

    @asynccontextmanager
    async def lifespan(server: MCPServer[Program]) -> AsyncIterator[Program]:
        yield program

    server = MCPServer(
        name="numeri",
        title="Numeri",
        instructions=INSTRUCTIONS,
        version=__version__,
        lifespan=lifespan,
        log_level="WARNING",
    )
    for function, hints in TOOLS:
        server.add_tool(function, annotations=hints)
    return server


async def _serve(program: Program, context: Context) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal, program, context)
        await server_of(program).run_stdio_async()
        group.cancel_scope.cancel()


async def _end_on_signal(program: Program, context: Context) -> None:
    """End at once, calls first: the thread that waits for the client's next line ends with us."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as heard:
        async for number in heard:
            program.end_calls()
            while any(process.returncode is None for process in program.running):
                await anyio.sleep(0.05)
            exit_code = 0 if number == signal.SIGINT else 128 + number
            context.log.end(exit_code, signal.Signals(number).name)
            os._exit(exit_code)


def _options(context: Context) -> tuple[str, ...]:
    """Which tournament and profile each call is about: those that were meant at the start.

    A profile that names another tournament afterwards leads no call there.
    """
    options = [f"--tournament={context.tournament_word}"]
    if context.profile_path is not None:
        options.append(f"--profile={context.profile_path}")
    return tuple(options)


def _consent(context: Context) -> Consent:
    if context.profile_path is None:
        return "ask"
    return context.profile.mcp.submit
