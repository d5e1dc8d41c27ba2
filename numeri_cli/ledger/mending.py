"""What becomes of a question that meets damage: the ledger is renewed, and it is asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from numeri_cli.errors import LedgerDamaged

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Renewable(Protocol):
    """A ledger as far as it can be put in order."""

    @property
    def generation(self) -> int:
        """How often it was renewed."""

    def renew(self, damage: LedgerDamaged, *, since: int) -> bool:
        """Put a sound one in its place, unless that was done since; False where nobody may."""


Ours = TypeVar("Ours", bound=Renewable)


def mended(
    question: Callable[Concatenate[Ours, Given], Found],
) -> Callable[Concatenate[Ours, Given], Found]:
    """Answer once more after damage was found and put in order.

    The question must not use up what it is given.
    """

    @wraps(question)
    def answered(ledger: Ours, /, *given: Given.args, **named: Given.kwargs) -> Found:
        since = ledger.generation
        try:
            return question(ledger, *given, **named)
        except LedgerDamaged as damage:
            if not ledger.renew(damage, since=since):
                raise
        return question(ledger, *given, **named)

    return answered


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Raise LedgerDamaged where values of the ledger are not what was written."""
    try:
        yield
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError) as error:
        raise LedgerDamaged(
            f"the ledger tells {what} that are none: {type(error).__name__}",
            hint="move it away and go on; the server still knows your submissions",
        ) from error
