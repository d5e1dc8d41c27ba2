"""Whether this machine's clock agrees with the server's: schedules go by the machine's."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.api.http.addresses import is_loopback
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import NumeriError

name = "clock"
own_errors: tuple[type[NumeriError], ...] = ()
TOLERATED_SECONDS = 60.0
_OWN_TIME_SECONDS = 86_400.0


def look(examination: Examination) -> Iterator[Finding]:
    """The Date of an answer beside the time here."""
    endpoint = examination.context.endpoint
    ahead = examination.server_time_ahead_seconds
    host = endpoint.host.rpartition(":")[0] or endpoint.host
    if endpoint.is_practice or (is_loopback(host) and abs(ahead) > _OWN_TIME_SECONDS):
        yield fine(name, "this tournament keeps a time of its own")
    elif abs(ahead) <= TOLERATED_SECONDS:
        yield fine(name, f"within {TOLERATED_SECONDS:.0f} s of the server's")
    else:
        yield mend(
            name,
            "clock_wrong",
            f"this machine's clock is {abs(ahead):,.0f} s {'behind' if ahead > 0 else 'ahead'}:"
            " schedules fire by it",
            hint="let the system set it: `timedatectl set-ntp true`",
        )
