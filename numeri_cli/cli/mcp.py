"""numeri mcp."""

from __future__ import annotations

from numeri_cli.cli.command import Invocation


def mcp(call: Invocation) -> None:
    """Let an agent call the commands as its tools, by the Model Context Protocol.

    numeri mcp --tournament practice
    """
    from numeri_cli.errors import UsageProblem

    if call.screen.as_json:
        raise UsageProblem(
            "standard output speaks the protocol, so that there is no other JSON on it",
            hint="leave --json out",
        )
    from numeri_cli.commands.mcp.server import serve

    with call.output.lent():
        serve(call.context)
