"""numeri listen: each call of the round's webhook starts `numeri run`, one at a time."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.listen.receiver import HEALTH_PATH, receiving
from numeri_cli.commands.listen.run_queue import RunQueue, WebhookCall
from numeri_cli.commands.listen.runs import run_calls
from numeri_cli.commands.listen.secret_path import secret_path
from numeri_cli.schedule.command import installed_program

_SAID = {
    "starts": "the webhook called: a run starts",
    "waits": "the webhook called: a run is under way, another one follows it",
    "joins": "the webhook called: the run that waits already does for this call, too",
}


def listen(
    context: Context,
    *,
    host: str,
    port: int,
    wait_seconds: float,
    output: int,
    shows_path: bool,
    announce: Callable[[str], object],
) -> None:
    """Receive the webhook until KeyboardInterrupt; a run under way then ends by itself.

    host, port: where to listen, port 0 for a free one; wait_seconds: as of `numeri run --wait`
    output: the descriptor that runs write their records to
    shows_path: whether what is announced may hold the webhook's path, which is a secret
    announce: is told what to write as soon as the address answers
    Raises ProfileMissing, ProfileInvalid, KeysMissing, CredentialsUnsafe, LockHeld, DiskError.
    """
    context.require_profile()
    if not context.endpoint.is_practice:
        context.require_keys()
    path = _path_of(context)
    queue = RunQueue()

    def hear(trigger_id: str | None) -> None:
        context.listener.say(_SAID[queue.add(WebhookCall(trigger_id))])

    words = _run_words(context, wait_seconds=wait_seconds)
    with receiving(path, hear, host=host, port=port) as (address, taken):
        announce(_announcement(context, address, taken, path=path if shows_path else None))
        run_calls(queue, words, output=output, listener=context.listener)


def _path_of(context: Context) -> str:
    path = secret_path(context.home.webhook, lock=context.home.lock("webhook", "path"))
    context.log.mask.know(path.removeprefix("/"))
    return path


def _run_words(context: Context, *, wait_seconds: float) -> list[str]:
    """The command that a call starts: of the same profile and tournament as this one."""
    words = [*installed_program(), "run", "--wait", f"{wait_seconds:g}s"]
    if context.profile_path is not None:
        words += ["--profile", str(context.profile_path.absolute())]
    if context.asked_tournament is not None:
        words += ["--tournament", context.asked_tournament]
    return words


def _announcement(context: Context, host: str, port: int, *, path: str | None) -> str:
    place = f"[{host}]" if ":" in host else host
    file: Path = context.home.webhook
    told = (
        f"Whoever knows the webhook's path can start a run:\n\n{path}\n\nIt is kept in"
        if path
        else "The path of the webhook stands, for you alone, in"
    )
    exposed = (
        ""
        if _is_loopback(host)
        else "\nOther machines reach this address: without TLS before it\n"
        "the path can be read on its way.\n"
    )
    return (
        f"numeri listens on http://{place}:{port}\n"
        f"Whether it is well: http://{place}:{port}{HEALTH_PATH}\n\n"
        f"{told}\n{file}\n{exposed}\n"
        "A proxy with TLS, and how Numerai is told the address:\n`numeri guide listen`\n"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
