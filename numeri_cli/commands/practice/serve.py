"""numeri practice serve: the tournament for other programs of this machine."""

from __future__ import annotations

from collections.abc import Callable

from numeri_cli.commands.context import Context
from numeri_cli.commands.practice.run_hosted import SandboxRunner
from numeri_cli.practice.server.rate_limits import RateLimiter
from numeri_cli.practice.server.server import serve as serve_tournament


def serve(
    context: Context,
    *,
    port: int,
    clock: str,
    rate_limits: bool,
    run_hosted: bool = False,
    bare: bool = False,
    announce: Callable[[str], object],
) -> None:
    """Serve until KeyboardInterrupt; a tournament is made where there is none.

    run_hosted: run uploaded models in the sandbox of `numeri hosted check`; bare: with this
    machine's packages
    announce: is told what to write, address and keys, as soon as the address answers
    Raises UsageProblem, DiskTrouble where the port is taken, PracticeDamaged.
    """
    context.make_practice_here()
    tournament = context.practice
    public_id, secret = tournament.participant_keys()

    def say(address: str) -> None:
        announce(
            f"The practice tournament listens on {address}; in another terminal:\n\n"
            f"export NUMERI_API_URL={address}\n"
            f"export NUMERAI_PUBLIC_ID={public_id}\n"
            f"export NUMERAI_SECRET_KEY={secret}\n\n"
            "numerapi takes these keys, but not the address; in Python:\n\n"
            "import numerapi\n"
            f'numerapi.base_api.API_TOURNAMENT_URL = "{address}"\n'
        )

    limiter = RateLimiter() if rate_limits else None
    runner = SandboxRunner(context, bare=bare) if run_hosted else None
    serve_tournament(
        tournament, port=port, clock=clock, announce=say, limiter=limiter, hosted_runner=runner
    )
