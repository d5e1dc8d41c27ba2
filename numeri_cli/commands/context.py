"""What an errand works with, in one record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numeri_cli.api.client import Client
from numeri_cli.config import Profile
from numeri_cli.home import Home
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import Listener


@dataclass(frozen=True)
class Workshop:
    """One tournament, one profile, and the means to reach both.

    tournament: the key under which everything local is kept
    """

    home: Home
    tournament: str
    profile: Profile
    profile_path: Path | None
    client: Client
    ledger: Ledger
    listener: Listener

    @property
    def data_version(self) -> str:
        """Such as "v5.3"."""
        return self.profile.data_version

    @property
    def dataset(self) -> Path:
        """The folder of this data version's files."""
        return self.home.datasets(self.tournament) / self.data_version

    def file(self, name: str) -> Path:
        """Where a file of this data version lies, or would."""
        return self.dataset / name
