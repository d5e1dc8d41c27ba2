"""Keys: from the environment, then from a file that only its owner can read. Never shown."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key pair; the secret shows in no repr."""

    public_id: str
    secret: str = field(repr=False)

    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Token {self.public_id}${self.secret}"
