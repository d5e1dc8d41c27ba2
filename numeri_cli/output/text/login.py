"""Keys that were stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from numeri_cli.commands.login import LoggedIn


def logged_in(record: LoggedIn) -> RenderableType:
    """Keys that were stored."""
    return Group(
        Text(f"{record.account} may: {', '.join(record.scopes)}"),
        Text(f"keys for {record.host} stored in {record.file}, readable by you alone"),
    )
