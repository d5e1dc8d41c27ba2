"""How the last run ended."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination, KnownCommand
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.errors import NumeriError

name = "last run"
own_errors: tuple[type[NumeriError], ...] = ()
# Another run did the work, or there was none to do.
_NO_FAILURES = ("lock_held", "no_round_open")


def look(examination: Examination) -> Iterator[Finding]:
    """The newest `numeri run` of the log that is not at work now."""
    runs = [one for one in examination.commands if one.command == "run"]
    ended = [one for one in runs if not one.is_at_work]
    if not ended:
        yield fine(name, "one is at work" if runs else "there was none yet")
        return
    last = ended[-1]
    when = f"{last.began:%a %d %b %H:%M} UTC"
    if last.exit_code is None:
        yield mend(
            name,
            "run_killed",
            f"the run of {when} has no end: it was killed, or the machine went down",
            hint=f"`numeri log --run {last.run}` shows how far it came; `numeri run` goes on",
        )
    elif last.exit_code and _code(last) not in _NO_FAILURES:
        yield mend(
            name,
            "run_failed",
            f"the run of {when} ended with exit {last.exit_code}: {last.error[:300]}",
            hint=f"`numeri log --run {last.run}` tells more",
        )
    else:
        yield fine(name, f"{when}, exit {last.exit_code}")


def _code(run: KnownCommand) -> str:
    return run.error.partition(":")[0]
