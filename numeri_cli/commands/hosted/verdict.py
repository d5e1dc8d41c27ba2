"""Waiting until Numerai has tried an uploaded model, and what it says where it cannot run it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from numeri_cli.api.client import Client
from numeri_cli.api.hosted import calls
from numeri_cli.api.hosted.answers import HostedPickle, HostedTrigger
from numeri_cli.commands.hosted.runner_logs import line_that_matters, reason_of, run_lines
from numeri_cli.errors import HostedFailed, HostedPending
from numeri_cli.progress import Listener

MOST_LINES_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is waited for.

    status: the server's word, from what it shows of the pickle; is_end: whether that is the end
    later: what to do where the server is silent for too long
    """

    what: str
    status: Callable[[HostedPickle], str]
    is_end: Callable[[HostedPickle], bool]
    later: str


VALIDATION = Watched(
    what="the validation",
    status=lambda found: found.status,
    is_end=lambda found: found.validated or found.refused,
    later="nothing is lost: the same command goes on from here later, and uploads nothing again",
)


def await_end(
    client: Client, pickle_id: str, watched: Watched, *, name: str, listener: Listener
) -> HostedPickle:
    """Look until it is at its end; new words are said.

    Raises HostedPending where the server is silent for longer than the client's hosted_seconds.
    """
    limits, said, began = client.limits, "", time.monotonic()
    while True:
        found = calls.pickle(client, pickle_id)
        if found is not None and watched.is_end(found):
            return found
        word = "not shown yet" if found is None else watched.status(found) or "no status yet"
        if word != said:
            listener.say(f"Waiting for {watched.what} of {name}: {word}")
            said = word
        if time.monotonic() - began + limits.poll_seconds > limits.hosted_seconds:
            raise HostedPending(
                f"the server has not ended {watched.what} of {name} within"
                f" {_spoken(limits.hosted_seconds)}: it still says {word!r}",
                hint=watched.later,
            )
        time.sleep(limits.poll_seconds)


def require_validated(client: Client, found: HostedPickle, *, name: str) -> None:
    """Raise HostedFailed with the server's own log, the line that matters first.

    Raises HostedPending where the server has not judged it yet.
    """
    if found.refused:
        newest = next((one for one in found.triggers if one.refused), None)
        raise failure(client, found, newest, what=f"the validation of {name} failed")
    if not found.validated:
        raise HostedPending(
            f"the uploaded model of {name} is not validated yet: {found.status!r}",
            hint="run the same command again in a few minutes",
        )


def failure(
    client: Client, found: HostedPickle, run: HostedTrigger | None, *, what: str
) -> HostedFailed:
    """The error for a run that failed: its telling line, what that means, the end of its log."""
    lines = run_lines(client, run)
    line = line_that_matters(lines)
    if line is None:
        return HostedFailed(
            f"{what}, and the server tells no reason: it says {found.status!r}",
            hint="`numeri hosted check MODEL` tries it on this machine",
        )
    reason = reason_of(line)
    meaning = f" ({reason.meaning})" if reason else ""
    cure = reason.cure if reason else "`numeri hosted check MODEL` tries it on this machine"
    shown = "\n".join(f"  {one}" for one in lines[-MOST_LINES_SHOWN:])
    return HostedFailed(f"{what}: {line}{meaning}", hint=cure, lines=f"the server's log:\n{shown}")


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} seconds"
    return f"{round(seconds / 60)} minutes"
