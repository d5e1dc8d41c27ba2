"""numeri practice status."""

from __future__ import annotations

from numeri_cli.cli.command import Invocation


def status(call: Invocation) -> None:
    """Show the clock, the round and your models.

    numeri practice status
    """
    from numeri_cli.commands.practice.status import status
    from numeri_cli.output.text.practice import practice_status

    call.show(status(call.context), practice_status)
