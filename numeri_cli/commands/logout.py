"""numeri logout: keys forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from numeri_cli.commands.context import Context
from numeri_cli.credentials import forget_keys
from numeri_cli.published import Published


@dataclass(frozen=True)
class LoggedOut(Published):
    """Whether keys were forgotten."""

    host: str
    forgotten: bool


def logout(context: Context) -> LoggedOut:
    """Forget the stored keys of the tournament's host. Raises CredentialsUnsafe, DiskError."""
    host = context.endpoint.host
    return LoggedOut(host, forget_keys(context.home.credentials, host))
