"""Whether a practice server was left running, or the environment still leads to one."""

from __future__ import annotations

import os
from collections.abc import Iterator

from numeri_cli.api.http.addresses import is_loopback
from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.commands.endpoint import API_URL, resolve
from numeri_cli.errors import NumeriError

name = "practice"
own_errors: tuple[type[NumeriError], ...] = ()


def look(examination: Examination) -> Iterator[Finding]:
    """Servers that the log tells of and that still run; an address of this machine."""
    context = examination.context
    found = [
        mend(
            name,
            "practice_server_running",
            f"a practice server runs since {one.began:%a %d %b %H:%M} UTC, process {one.process}",
            hint=f"`kill {one.process}` ends it, where nobody plays",
        )
        for one in examination.commands
        if one.command == "practice serve" and one.is_at_work
    ]
    if os.environ.get(API_URL) and context.profile_path is not None:
        meant = resolve(None, None).host.partition(":")[0]
        if is_loopback(meant) and context.profile.tournament == "numerai":
            found.append(
                mend(
                    name,
                    "practice_address",
                    f"{API_URL} leads to a server on this machine, and the profile means numerai",
                    hint=f"`unset {API_URL}`, and the keys that go with it",
                )
            )
    yield from found or [fine(name, "no practice server runs")]
