"""What the practice API says no with: the real service's own sentences."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is understood and refused; its text goes into `errors[].message`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def session_invalid() -> Refusal:
    """The keys are wrong, swapped or absent."""
    return Refusal("Your session is invalid or has expired.")


def permission_missing(scope: str) -> Refusal:
    """The keys are good but lack a scope."""
    return Refusal(f"Insufficient permission for {scope}")


def round_closed() -> Refusal:
    """No round takes submissions now."""
    return Refusal("Current round not open for submissions")


def tournament_invalid() -> Refusal:
    """Only Classic is played here."""
    return Refusal("invalid tournament")


def not_found(what: str) -> Refusal:
    """Something of that id or name is not here, or belongs to somebody else."""
    return Refusal(f"{what} not found")


def on_chain_only() -> Refusal:
    """Whoever stakes on chain needs a contract; there is none here."""
    return Refusal("Staking v3 is not available for this round")
