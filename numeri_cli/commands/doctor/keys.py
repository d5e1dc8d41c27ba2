"""Whom the keys belong to, and where they were found."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination, models
from numeri_cli.commands.doctor.finding import Finding, fine
from numeri_cli.errors import CredentialsError, ModelUnknown, NumeriError

name = "keys"
own_errors: tuple[type[NumeriError], ...] = (CredentialsError, ModelUnknown)


def look(examination: Examination) -> Iterator[Finding]:
    """The server is asked whose they are, and whether the profile's models are theirs."""
    context = examination.context
    context.require_keys()
    account = examination.token.account
    owned = {slot.name for slot in examination.ask(models)}
    lost = [model for model in context.profile.models if model not in owned]
    if lost:
        raise ModelUnknown(
            f"the account {account} has no model {', '.join(lost)[:200]}",
            hint="`numeri models` lists the account's; or are these another account's keys?",
        )
    yield fine(name, f"of {account}, for {context.endpoint.host}")
