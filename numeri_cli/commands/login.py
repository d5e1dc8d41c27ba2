"""numeri login: keys, checked with the server and kept for this user alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.credentials import Keys, store_keys
from numeri_cli.errors import ScopeMissing, UsageProblem
from numeri_cli.published import Published

NEEDED_SCOPES = ("upload_submission", "read_submission_info", "read_user_info")


@dataclass(frozen=True)
class LoggedIn(Published):
    """Keys that were stored."""

    account: str
    host: str
    scopes: tuple[str, ...]
    file: Path


def login(context: Context, *, ask: Callable[[], Keys]) -> LoggedIn:
    """Check keys with the server and store them for its host.

    ask: gives the keys; not called where no keys are kept
    Raises UsageProblem for practice, ScopeMissing where the keys may do too little, and what the
    client and the file of keys raise.
    """
    if context.endpoint.is_practice:
        raise UsageProblem(
            "the practice tournament keeps its own keys",
            hint="nothing to store: `numeri run --tournament practice`",
        )
    keys = ask()
    with context.connect(keys) as client:
        info = client.token_info()
    missing = [scope for scope in NEEDED_SCOPES if scope not in info.scopes]
    if missing:
        raise ScopeMissing(
            f"these keys of {info.account} lack: {', '.join(missing)}",
            hint="make keys with these permissions on numer.ai > Account > Automation",
        )
    store_keys(context.home.credentials, keys, host=context.endpoint.host)
    return LoggedIn(info.account, context.endpoint.host, info.scopes, context.home.credentials)
