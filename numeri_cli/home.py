"""Where things live; nothing is created by naming it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.errors import UsageProblem

QUOTES = tuple("\"'`\u201c\u201d\u2018\u2019")


@dataclass(frozen=True)
class Home:
    """The folders of this program; nothing is created by naming them.

    tournament: the key of a tournament, "numerai", "practice" or made from a host and port
    """

    config: Path
    data: Path
    cache: Path
    log: Path

    @classmethod
    def find(cls) -> Home:
        """The places of this user: all under NUMERI_HOME where set, else as the platform has it."""
        root = os.environ.get("NUMERI_HOME")
        require_unquoted("NUMERI_HOME", root)
        if root:
            try:
                base = Path(root).expanduser().absolute()
            except RuntimeError as error:
                raise UsageProblem(
                    f"NUMERI_HOME names a user nobody knows: {root[:80]!r}", hint="name a folder"
                ) from error
            return cls(base / "config", base / "data", base / "cache", base / "log")
        from platformdirs import PlatformDirs

        try:
            places = PlatformDirs("numeri", appauthor=False)
            found = cls(
                places.user_config_path,
                places.user_data_path,
                places.user_cache_path,
                places.user_log_path,
            )
        except (RuntimeError, KeyError) as error:
            raise _homeless() from error
        if not all(path.is_absolute() for path in (found.config, found.data, found.cache)):
            raise _homeless()
        return found

    @property
    def ledger(self) -> Path:
        """The SQLite file of what was done."""
        return self.data / "ledger.sqlite"

    @property
    def credentials(self) -> Path:
        """The file of stored keys."""
        return self.config / "credentials.toml"

    @property
    def webhook(self) -> Path:
        """The file of the path that the round's webhook is sent to."""
        return self.config / "webhook-path"

    @property
    def profile(self) -> Path:
        """The profile used where the current directory has none."""
        return self.config / "numeri.toml"

    @property
    def practice(self) -> Path:
        """The practice tournament's own world."""
        return self.data / "practice"

    @property
    def undelivered(self) -> Path:
        """Messages that nobody could be told yet."""
        return self.data / "undelivered"

    @property
    def trusted(self) -> Path:
        """What is trusted though opening it runs code: a note for each, named after its digest."""
        return self.data / "trusted"

    def datasets(self, tournament: str) -> Path:
        """Downloaded files, one folder per data version."""
        return self.data / "datasets" / tournament

    def models(self, tournament: str) -> Path:
        """Trained models, one folder per model and artifact."""
        return self.data / "models" / tournament

    def predictions(self, tournament: str) -> Path:
        """Prediction files, as submitted."""
        return self.data / "predictions" / tournament

    def reports(self, tournament: str) -> Path:
        """HTML pages."""
        return self.data / "reports" / tournament

    def searches(self, tournament: str) -> Path:
        """The journals of `numeri tune`, a file for each search."""
        return self.data / "searches" / tournament

    def binned(self, tournament: str) -> Path:
        """Binned training data; may be deleted at any time."""
        return self.cache / "binned" / tournament

    @property
    def hosted(self) -> Path:
        """Environments that hosted models are tried in, and their pickles; may be deleted."""
        return self.cache / "hosted"

    def digests(self, tournament: str) -> Path:
        """The digests of data files, each for a day; may be deleted at any time."""
        return self.binned(tournament) / "digests.json"

    def lock(self, tournament: str, holder: str) -> Path:
        """The lock of one account or work in one tournament.

        holder: not seen in the name: of swapped keys the public id is the secret one
        """
        return self.data / "locks" / f"{tournament}-{_mark(holder)}.lock"


def require_unquoted(variable: str, value: str | None) -> None:
    """Raise UsageProblem where the value of a variable still has the quotes of an env file."""
    if value and (value[0] in QUOTES or value[-1] in QUOTES):
        raise UsageProblem(
            f"the value of {variable} begins or ends with a quotation mark, which is no part of it",
            hint="take the quotes away; an env file of Docker, systemd and others passes them on",
        )


def shared_lock_folders() -> tuple[Path, ...]:
    """Where locks may lie that all homes of one user share, the best place first."""
    from platformdirs import user_state_path

    state = user_state_path("numeri", appauthor=False)
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    places = (state / "locks", Path(tempfile.gettempdir()) / f"numeri-{user}")
    return tuple(place for place in places if place.is_absolute())  # without HOME it is "~/…"


def shared_lock_name(tournament: str, account: str) -> str:
    """The name of the lock of an account in one tournament; the account is not seen in it."""
    return f"{tournament}-{_mark(account)}.lock"


def _mark(holder: str) -> str:
    return hashlib.sha256(holder.encode()).hexdigest()[:16]


def _homeless() -> UsageProblem:
    return UsageProblem(
        f"HOME is not set, and user {os.getuid()} has no account on this machine that names a home",
        hint="set NUMERI_HOME to a folder that this user may write to",
    )
