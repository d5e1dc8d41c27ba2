"""numeri logout."""

from __future__ import annotations

from numeri_cli.cli.command import Invocation


def logout(call: Invocation) -> None:
    """Forget the stored keys of this tournament's host.

    numeri logout
    """
    from numeri_cli.commands.logout import logout
    from numeri_cli.output.text.logout import logged_out

    call.show(logout(call.context), logged_out)
