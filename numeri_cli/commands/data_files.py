"""What changed at the tournament comes here, verified; the ledger knows what is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from numeri_cli.api.client import Client
from numeri_cli.api.files import download as transfer
from numeri_cli.api.files.parts import Identity
from numeri_cli.api.files.sizes import bytes_to_come
from numeri_cli.commands.live_data import LiveData, is_live
from numeri_cli.commands.round import newest_round
from numeri_cli.errors import (
    ApiRefused,
    DatasetUnknown,
    DiskFull,
    FileDamaged,
    FileForeign,
    NoRoundOpen,
    TransferCorrupt,
    did_you_mean,
)
from numeri_cli.files import digest_file, disk_errors, free_bytes, safe_relative
from numeri_cli.home import Home
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.progress import SILENT, Listener, Task
from numeri_cli.records import DataFileRecord

_DIGESTED_BYTES = 256_000_000  # read whole a moment ago; larger files when something reads them


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file of the tournament that is here now."""

    record: DataFileRecord
    path: Path
    unchanged: bool


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    path: Path
    known: Identity | None
    held: DataFileRecord | None
    live: bool


def download(
    client: Client,
    ledger: Ledger,
    *,
    home: Home,
    tournament: str,
    names: Sequence[str],
    round_number: int | None = None,
    opened: datetime | None = None,
    force: bool = False,
    listener: Listener = SILENT,
) -> tuple[DownloadedFile, ...]:
    """Bring files such as "v5.3/live.parquet" here; what is here unchanged is not fetched again.

    round_number: the round that live files are for; asked for where it is not given
    opened: when that round opened, by the server's clock
    force: fetch even what did not change
    Raises DatasetUnknown, LiveDataStale (the live file is an earlier round's; the copy that is
    here stays), DiskFull, and what the client and transfer.download raise.
    """
    wanted = [
        _wanted(ledger, home, tournament=tournament, name=name, force=force)
        for name in dict.fromkeys(names)
    ]
    if round_number is None and any(item.live for item in wanted):
        with suppress(NoRoundOpen):  # none has opened yet
            newest = newest_round(client)
            round_number, opened = newest.number, newest.open_time
    work = _Work(
        LiveData(
            client=client,
            ledger=ledger,
            home=home,
            tournament=tournament,
            number=round_number,
            opened=opened,
        )
    )
    sizes = work.sizes(wanted) if len(wanted) > 1 else {}
    _require_space(home, sizes)
    done = []
    with ExitStack() as stack:
        bars = _Bars(stack, listener, total=sum(sizes.values()) if len(wanted) > 1 else None)
        for item in wanted:
            if len(wanted) > 1 and item.name not in sizes:
                done.append(work.unchanged(item))
            else:
                done.append(work.fetch(item, bar=bars.bar(item.name)))
            listener.step("downloaded")
    return tuple(done)


class _Bars:
    """One bar for all files together; of a single file the size is known once it begins."""

    def __init__(self, stack: ExitStack, listener: Listener, *, total: int | None) -> None:
        self._stack, self._listener, self._total = stack, listener, total
        self._task: Task | None = None

    def bar(self, name: str) -> Callable[[int | None], Task]:
        """What transfer.download calls when it knows the size."""

        def open_bar(size: int | None) -> Task:
            if self._task is None:
                total = self._total if self._total is not None else size
                self._task = self._stack.enter_context(
                    self._listener.task("downloading", total=total, unit="bytes")
                )
            self._task.note(name)
            return self._task

        return open_bar


class _Work:
    """The files of one call."""

    def __init__(self, live: LiveData) -> None:
        self._client, self._ledger, self._live = live.client, live.ledger, live
        self._tournament, self._round_number = live.tournament, live.number

    def sizes(self, wanted: Sequence[_Wanted]) -> dict[str, int]:
        """Bytes still to come for each file that changed, by a look at its first byte."""
        sizes = {}
        for item in wanted:
            to_come = bytes_to_come(
                connector=self._client.connector,
                get_url=self._url_of(item),
                destination=item.path,
                known=item.known,
            )
            if to_come is not None:
                sizes[item.name] = to_come
        return sizes

    def fetch(self, item: _Wanted, *, bar: Callable[[int | None], Task]) -> DownloadedFile:
        """Download one file and tell the ledger."""
        ids_digest: list[str] = []

        def check(path: Path) -> None:
            _require_sound(path, name=item.name)
            if item.live:
                ids_digest.append(self._live.require_fresh(path, name=item.name))

        result = transfer.download(
            connector=self._client.connector,
            get_url=self._address_of(item),
            destination=item.path,
            known=item.known,
            bar=bar,
            check=check,
            deadline=self._client.deadline,
            earlier_bytes=item.held.size_bytes if item.held else None,
        )
        if result.unchanged:
            return self.unchanged(item)
        with disk_errors(item.path):
            status = item.path.stat()
        is_small = status.st_size <= _DIGESTED_BYTES
        record = DataFileRecord(
            tournament=self._tournament,
            name=item.name,
            size_bytes=result.identity.size or 0,
            etag=result.identity.etag or "",
            digest=digest_file(item.path) if item.live or is_small else "",
            round_number=self._round_number if item.live else None,
            time=self._client.now(),
            modified_ns=status.st_mtime_ns,
        )
        self._keep(record, ids_digest)
        return DownloadedFile(record, item.path, unchanged=False)

    def unchanged(self, item: _Wanted) -> DownloadedFile:
        """The copy here is the server's. Raises LiveDataStale where it is an earlier round's."""
        if item.held is None:
            raise AssertionError("only a file that the ledger knows can be unchanged")
        record = item.held
        if item.live:
            digest = self._live.require_fresh(item.path, name=item.name)
            record = replace(record, round_number=self._round_number)
            self._keep(record, [digest])
        return DownloadedFile(record, item.path, unchanged=True)

    def _keep(self, record: DataFileRecord, ids_digest: list[str]) -> None:
        for digest in ids_digest:
            self._live.keep(record.name, digest)
        self._ledger.keep_file(record)

    def _address_of(self, item: _Wanted) -> Callable[[], str]:
        """Asks for an address of this round's file, where a file belongs to a round."""
        ask_any = self._url_of(item)

        def ask() -> str:
            url = ask_any()
            if item.live:
                self._live.require_address(url, name=item.name)
            return url

        return ask

    def _url_of(self, item: _Wanted) -> Callable[[], str]:
        name = item.name

        def ask() -> str:
            try:
                return self._client.dataset_url(name)
            except (ApiRefused, DatasetUnknown) as error:
                offered = self._client.list_datasets()
                folder = name.rpartition("/")[0]
                if isinstance(error, ApiRefused) and name in offered:
                    raise  # it is there: the server has another reason, and says which
                if item.live and any(other.rpartition("/")[0] == folder for other in offered):
                    raise self._live.unlisted(name) from None
                if name in offered:
                    raise
                raise _unknown(name, offered) from None

        return ask


def is_as_downloaded(record: DataFileRecord, path: Path, *, digests: Path) -> bool:
    """Whether a file has the bytes that came; read at most once a day while its times stay.

    digests: where the home remembers them. A large file that nothing has read whole since it came
    has none in its record: it is judged by size and time.
    Raises OSError, DiskError.
    """
    found = path.stat()
    if found.st_size != record.size_bytes:
        return False
    if not record.digest:
        return found.st_mtime_ns == record.modified_ns
    return digest_file(path, remembered_in=digests) == record.digest


def _wanted(ledger: Ledger, home: Home, *, tournament: str, name: str, force: bool) -> _Wanted:
    path = home.datasets(tournament) / safe_relative(name)
    held = ledger.file(tournament, name)
    with disk_errors(path):
        digests = home.digests(tournament)
        here = path.is_file() and (
            held is not None and is_as_downloaded(held, path, digests=digests)
        )
    live = is_live(path)
    known = None
    # a live file is small, and money hangs on it: its bytes are looked at, not those of yesterday
    if held is not None and here and not force and (not live or digest_file(path) == held.digest):
        known = Identity(held.etag or None, held.size_bytes)
    return _Wanted(name, path, known, held, live=live)


def _unknown(name: str, offered: Sequence[str]) -> DatasetUnknown:
    hint = did_you_mean(name, offered, otherwise="`numeri datasets` lists what there is")
    return DatasetUnknown(f"the tournament offers no file {name!r}", hint=hint)


def _require_space(home: Home, sizes: dict[str, int]) -> None:
    needed, free = sum(sizes.values()), free_bytes(home.data)
    if needed > free:
        raise DiskFull(
            f"{len(sizes)} files need {needed:,} bytes, and the disk of {home.data} has {free:,}",
            hint="free some space and run the same command again; nothing was lost",
        )


def _require_sound(path: Path, *, name: str) -> None:
    """What transfer checks is the frame; this reads the footer, and the pages of a small file.

    Raises TransferCorrupt.
    """
    if not name.endswith(".parquet"):
        return
    from numeri_cli.dataset.parquet_check import check_parquet

    try:
        check_parquet(path)
    except (FileDamaged, FileForeign) as error:
        reason = error.message.removeprefix(f"{path} ")
        raise TransferCorrupt(
            f"{name} as it arrived {reason}",
            hint="it was thrown away; run the same command again",
        ) from error
