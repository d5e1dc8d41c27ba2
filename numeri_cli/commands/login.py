"""numeri login: keys, checked with the server and kept for this user alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.credentials import Keys, store_keys
from numeri_cli.errors import (
    KeysMissing,
    RateLimited,
    ScopeMissing,
    ServerTrouble,
    Unreachable,
    UsageProblem,
)
from numeri_cli.published import Published
from numeri_cli.records import TokenInfo

NEEDED_SCOPES = ("upload_submission", "read_submission_info", "read_user_info")


@dataclass(frozen=True)
class LoggedIn(Published):
    """Keys that were stored."""

    account: str
    host: str
    scopes: tuple[str, ...]
    file: Path


def login(
    context: Context, *, ask: Callable[[str], Keys], agreed: Callable[[str], bool]
) -> LoggedIn:
    """Check keys with the server and store them for its host.

    ask: gives the keys, told in a sentence which host and tournament they are for; not called
        where no keys are kept
    agreed: is asked a question before keys go to a host other than Numerai's
    Raises UsageProblem for practice, KeysMissing where that was not agreed to, ScopeMissing where
    the keys may do too little, and what the client and the file of keys raise.
    """
    if context.endpoint.is_practice:
        raise UsageProblem(
            "the practice tournament keeps its own keys",
            hint="nothing to store: `numeri run --tournament practice`",
        )
    host = context.endpoint.host
    keys = ask(_destination(context))
    if not context.endpoint.is_numerai and not agreed(f"Send these keys to {host}?"):
        raise KeysMissing(
            f"the keys were neither sent to {host} nor stored",
            hint="`numeri login --tournament numerai` is for those of Numerai",
        )
    info = _checked(context, keys)
    missing = [scope for scope in NEEDED_SCOPES if scope not in info.scopes]
    if missing:
        raise ScopeMissing(
            f"these keys of {info.account} lack: {', '.join(missing)}",
            hint="make keys with these permissions on numer.ai > Account > Automation",
        )
    store_keys(context.home.credentials, keys, host=host)
    return LoggedIn(info.account, host, info.scopes, context.home.credentials)


def _checked(context: Context, keys: Keys) -> TokenInfo:
    """What the keys may do. Raises what the client raises, and says that nothing was stored."""
    try:
        with context.connect(keys) as client:
            return client.token_info()
    except (RateLimited, ServerTrouble, Unreachable) as error:
        hint = error.hint.replace("nothing was lost; ", "")
        error.hint = f"the keys were not stored; {hint}"
        raise


def _destination(context: Context) -> str:
    """Where the keys will go, and who says so."""
    endpoint = context.endpoint
    where = f"Keys for {endpoint.host}, tournament {endpoint.key}"
    if endpoint.is_numerai:
        return f"{where}: Numerai's own server."
    return f"{where}: not a server of Numerai, named by {context.named_by}."
