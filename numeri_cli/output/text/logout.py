"""Keys that were forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from numeri_cli.commands.logout import LoggedOut


def logged_out(record: LoggedOut) -> RenderableType:
    """Keys that were forgotten, or were not there."""
    if record.forgotten:
        return Text(f"the keys for {record.host} are forgotten")
    return Text(f"no keys were stored for {record.host}")
