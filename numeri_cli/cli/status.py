"""numeri status."""

from __future__ import annotations

from numeri_cli.cli.command import Invocation


def status(call: Invocation) -> None:
    """Show where every model stands in the newest round; exit 0 only if all are accepted.

    numeri status
    """
    from numeri_cli.commands.status import status
    from numeri_cli.output.text.status import round_standing

    found = status(call.context)
    problems = (found.problem,) if found.problem else ()
    call.show(found, round_standing, exit_code=found.exit_code, problems=problems)
