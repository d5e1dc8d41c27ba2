"""Whether a live file is this round's: what the API says, what lies here, what is refused."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from numeri_cli.api.client import Client
from numeri_cli.commands.context import Context
from numeri_cli.errors import ApiRefused, FileDamaged, FileForeign, LiveDataStale, NumeriError
from numeri_cli.home import Home
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import Round

SUFFIXES = (".parquet", ".csv")
_ROUNDS_BACK = 60  # a number further back in an address is no round
_REFUSALS = ("invalid_submission_ids", "current live ids")
_WAIT = "try again in a few minutes; `numeri run --wait 30m` waits for it"


def is_live(path: Path) -> bool:
    """Whether a file has another content in each round."""
    return path.name.startswith("live") and path.suffix in SUFFIXES


@dataclass(frozen=True, kw_only=True)
class LiveData:
    """The live data of one round.

    number: the round that is meant; None where none has opened yet, then any file is taken
    opened: when it opened, by the server's clock; None where that is not known
    """

    client: Client
    ledger: Ledger
    home: Home
    tournament: str
    number: int | None
    opened: datetime | None

    def require_address(self, url: str, *, name: str) -> None:
        """Raise LiveDataStale where the API names another round's file, or lists none for this.

        An address that names no round says nothing; then the list of the round's files is asked.
        """
        if self.number is None:
            return
        named = _rounds_in(url, number=self.number)
        if named and self.number not in named:
            raise self._stale(name, max(named))
        if named:
            return
        try:
            listed = self.client.list_datasets(round_number=self.number)
        except ApiRefused:
            return  # a server that lists by no round says nothing either
        if listed and name not in listed:
            raise self.unlisted(name)

    def unlisted(self, name: str) -> LiveDataStale:
        """The error for a live file that the tournament does not offer yet."""
        of_round = "" if self.number is None else f" for round {self.number}"
        return LiveDataStale(f"the tournament has no {name}{of_round} yet", hint=_WAIT)

    def require_fresh(self, path: Path, *, name: str) -> str:
        """The digest of a live file's ids. Raises LiveDataStale, FileForeign, DiskError."""
        digest = digest_of_ids(path, name=name)
        if self.number is None:
            return digest
        earlier = self.ledger.earlier_round_of_ids(
            self.tournament, None, round_number=self.number, digest=digest
        )
        if earlier is not None:
            raise self._stale(name, earlier)
        for kept in self._kept_from_before():
            if _is_of(kept, digest):
                raise LiveDataStale(
                    f"{name} has the ids of {kept.name}, which was here before round"
                    f" {self.number} opened; the data of round {self.number} is not published yet",
                    hint=_WAIT,
                )
        return digest

    def keep(self, name: str, digest: str) -> None:
        """Remember which ids a live file has in this round."""
        if self.number is not None:
            self.ledger.keep_live_ids(
                self.tournament, name, round_number=self.number, digest=digest
            )

    def _kept_from_before(self) -> Iterator[Path]:
        """Live files here that are an earlier round's."""
        folder = self.home.datasets(self.tournament)
        for path in sorted(folder.glob("*/live*")):
            name = path.relative_to(folder).as_posix()
            record = self.ledger.file(self.tournament, name) if is_live(path) else None
            known = None if record is None else record.round_number
            if not is_live(path) or known == self.number:
                continue
            if known is not None or self._is_older_than_the_round(path):
                yield path

    def _is_older_than_the_round(self, path: Path) -> bool:
        """Whether a file that nobody knows was here before the round opened.

        Practice's clock stands still while the machine's goes on: there a file's age says nothing.
        """
        if self.opened is None or self.tournament == "practice":
            return False
        open_seconds = (self.client.now() - self.opened).total_seconds()
        try:
            return path.stat().st_mtime < time.time() - open_seconds
        except OSError:  # it went away
            return False

    def _stale(self, name: str, earlier: int) -> LiveDataStale:
        return LiveDataStale(
            f"{name} still has the ids of round {earlier};"
            f" the data of round {self.number} is not published yet",
            hint=_WAIT,
        )


def is_refusal_of_ids(words: str) -> bool:
    """Whether the server refuses a submission because its ids are not the round's."""
    return any(refusal in words.lower() for refusal in _REFUSALS)


def refused_live_data(context: Context, round_: Round) -> LiveDataStale:
    """The error for a live file whose ids the server has refused.

    The ledger keeps them as those of an earlier round: the same file is not taken again.
    Raises FileForeign, DiskError, LedgerDamaged.
    """
    name = f"{context.data_version}/{context.files.live}"
    context.ledger.keep_live_ids(
        context.tournament,
        name,
        round_number=round_.number - 1,
        digest=digest_of_ids(context.file(context.files.live), name=name),
    )
    return LiveDataStale(
        f"the server does not take the ids of {name} for round {round_.number}:"
        " the round's data is not published yet",
        hint=_WAIT,
    )


def digest_of_ids(path: Path, *, name: str) -> str:
    """SHA-256 over the sorted ids of a live file. Raises FileForeign where it has none.

    Ids stand in `id`, or in an index that pandas stored without a name.
    name: as the tournament calls the file, whatever it is called while it comes
    """
    digest = hashlib.sha256()
    for identifier in sorted(_ids(path, name)):
        digest.update(identifier.encode() + b"\n")
    return digest.hexdigest()


def _ids(path: Path, name: str) -> list[str]:
    import pyarrow as arrow
    from pyarrow import csv, parquet

    try:
        if name.endswith(".csv"):
            with csv.open_csv(path) as stream:
                ids = "id" if "id" in stream.schema.names else ""
            options = csv.ConvertOptions(include_columns=[ids], column_types={ids: "string"})
            column = csv.read_csv(path, convert_options=options).column(0)
        else:
            from numeri_cli.dataset.parquet import STORED_INDEX

            ids = "id" if "id" in parquet.read_schema(path).names else STORED_INDEX
            column = parquet.read_table(path, columns=[ids]).column(ids)
    except (arrow.ArrowException, KeyError) as error:
        raise FileForeign(
            f"{name} has no column of ids", hint="the layout of the data has changed"
        ) from error
    try:
        return [str(value) for value in column.to_pylist()]
    except UnicodeDecodeError as error:
        raise FileDamaged(
            f"{name} has ids that are no text", hint="`numeri download --force` brings it again"
        ) from error


def _is_of(path: Path, digest: str) -> bool:
    try:
        return digest_of_ids(path, name=path.name) == digest
    except (NumeriError, OSError):  # no file to compare with
        return False


def _rounds_in(url: str, *, number: int) -> frozenset[int]:
    """The rounds that the path of an address may name: this one and those not long before it."""
    parts = (part for part in urlsplit(url).path.split("/") if part.isascii() and part.isdigit())
    return frozenset(
        found for part in parts if number - _ROUNDS_BACK <= (found := int(part[:9])) <= number
    )
