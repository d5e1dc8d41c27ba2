"""Whether the keys may do what is needed, and nothing that could cost money."""

from __future__ import annotations

from collections.abc import Iterator

from numeri_cli.commands.doctor.examination import Examination
from numeri_cli.commands.doctor.finding import Finding, fine, mend
from numeri_cli.commands.login import NEEDED_SCOPES
from numeri_cli.errors import NumeriError, ScopeMissing

name = "scopes"
own_errors: tuple[type[NumeriError], ...] = (ScopeMissing,)
DANGEROUS = ("stake", "web3_staking", "delete")
_CURE = "make a key with {0} alone on numer.ai > Account > Automation, then `numeri login`"


def look(examination: Examination) -> Iterator[Finding]:
    """What is missing, and what is more than needed."""
    held = examination.token.scopes
    cure = _CURE.format(", ".join(NEEDED_SCOPES))
    missing = [scope for scope in NEEDED_SCOPES if scope not in held]
    surplus = [scope for scope in DANGEROUS if scope in held]
    if missing:
        yield mend(name, "scopes_missing", f"the keys lack {', '.join(missing)}", hint=cure)
    if surplus and not examination.context.endpoint.is_practice:
        yield mend(
            name,
            "scopes_surplus",
            f"the keys may {', '.join(surplus)}, which numeri never needs",
            hint=cure,
        )
    elif surplus and not missing:
        told = f"what is needed, and {', '.join(surplus)}, which reach practice's NMR alone"
        yield fine(name, told)
    elif not missing:
        yield fine(name, "what is needed, and nothing that could move money")
