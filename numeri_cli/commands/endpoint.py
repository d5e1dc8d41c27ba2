"""Which tournament is meant: an option, the environment or the profile; never a silent guess."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from numeri_cli.credentials import NUMERAI_HOST
from numeri_cli.errors import UsageProblem
from numeri_cli.home import require_unquoted
from numeri_cli.tournaments import CLASSIC, TOURNAMENTS, UNSUPPORTED, TournamentKind

API_URL = "NUMERI_API_URL"
PRACTICE_ADDRESS = "https://practice.invalid/"
NUMERAI_ADDRESS = f"https://{NUMERAI_HOST}/"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A tournament: its key for everything kept here, its address, and the host keys are for.

    kind: whose files and rules it has
    """

    key: str
    address: str
    host: str
    kind: TournamentKind

    @property
    def is_practice(self) -> bool:
        """Whether it is the tournament inside this program."""
        return self.address == PRACTICE_ADDRESS

    @property
    def is_numerai(self) -> bool:
        """Whether it is a tournament of Numerai's own, with real stocks and real money."""
        return self.host == NUMERAI_HOST


def resolve(asked: str | None, of_profile: str | None) -> Endpoint:
    """The option's tournament, else NUMERI_API_URL's, else the profile's, else Numerai.

    Raises UsageProblem for a word that is neither a known name nor an address, and for each of
    them where a tournament that is not supported stands behind it.
    """
    return _endpoint(asked or _of_environment() or of_profile or CLASSIC.name)


def environment_host() -> str | None:
    """The host that the environment's keys are for, where it names one."""
    address = _of_environment()
    return _endpoint(address).host if address else None


def _of_environment() -> str | None:
    address = os.environ.get(API_URL)
    require_unquoted(API_URL, address)
    return address


def _endpoint(name: str) -> Endpoint:
    _require_supported(name)
    if name in TOURNAMENTS:
        return _of_numerai(TOURNAMENTS[name])
    if name == "practice":
        return Endpoint(
            key="practice", address=PRACTICE_ADDRESS, host="practice.invalid", kind=CLASSIC
        )
    try:
        parts = urlsplit(name)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in {"http", "https"} or parts.username is not None:
        raise UsageProblem(
            f"{_shown(name)!r} is no tournament",
            hint="say numerai, practice, or an address such as http://127.0.0.1:8000",
        )
    if host == NUMERAI_HOST and parts.scheme == "https":
        return _of_numerai(CLASSIC)
    where = f"{host}:{port}" if port else host
    key = where.replace(":", "-")
    shown = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path or '/'}"
    return Endpoint(key=key.strip("-."), address=address, host=where, kind=CLASSIC)


def _of_numerai(kind: TournamentKind) -> Endpoint:
    return Endpoint(key=kind.name, address=NUMERAI_ADDRESS, host=NUMERAI_HOST, kind=kind)


def _require_supported(name: str) -> None:
    before, _, last = re.split(r"[?#]", name)[0].rstrip("/").rpartition("/")
    is_host = before.endswith("/")  # as of https://signals
    if last.lower() in UNSUPPORTED and not is_host:
        raise UsageProblem(
            f"the tournament {last.capitalize()} is not supported",
            hint="say numerai, practice, or an address, with nothing behind it",
        )


def _shown(name: str) -> str:
    """The word as it may be repeated: without a password that stands before an @."""
    return re.sub(r".*@", "…@", name, flags=re.DOTALL)[:80]
