"""The official SDK of the protocol: what of it is used here, or a word on its absence."""

from __future__ import annotations

from numeri_cli.errors import LibraryMissing

try:
    import anyio
    from mcp.server.mcpserver import (
        AcceptedElicitation,
        CancelledElicitation,
        Context,
        DeclinedElicitation,
        Elicit,
        ElicitationResult,
        MCPServer,
        Resolve,
    )
    from mcp.types import CallToolResult, TextContent, ToolAnnotations
except ImportError as error:
    raise LibraryMissing(
        "`numeri mcp` needs the SDK of the Model Context Protocol, which is not installed",
        hint="the extra brings it: `pip install 'numeri[mcp]'`",
    ) from error

__all__ = [
    "AcceptedElicitation",
    "CallToolResult",
    "CancelledElicitation",
    "Context",
    "DeclinedElicitation",
    "Elicit",
    "ElicitationResult",
    "MCPServer",
    "Resolve",
    "TextContent",
    "ToolAnnotations",
    "anyio",
]
