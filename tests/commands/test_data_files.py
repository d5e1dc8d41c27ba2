"""What changed comes here; what did not, does not; and yesterday's live file never passes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from numeri_cli.commands.data_files import (
    DownloadedFile,
    download,
)
from numeri_cli.errors import (
    DatasetUnknown,
    FileForeign,
    LiveDataStale,
    NumeriError,
    TransferCorrupt,
)
from numeri_cli.home import Home
from numeri_cli.progress import Silent, SilentTask
from tests.support.counting_server import Application
from tests.support.participant import Participant
from tests.support.tournaments import fresh_tournament

LIVE = "v5.3/live.parquet"


@pytest.fixture
def participant(tmp_path: Path) -> Iterator[Participant]:
    opened = Participant.at(fresh_tournament(tmp_path / "practice"), tmp_path / "participant")
    yield opened
    opened.close()


def fetch(participant: Participant, *names: str, **more: Any) -> tuple[DownloadedFile, ...]:
    return download(
        participant.client,
        participant.ledger,
        home=Home.find(),
        tournament="practice",
        names=names,
        **more,
    )


def bodies(participant: Participant) -> int:
    return participant.requests.seen.count("GET")


def test_a_file_comes_to_its_place_and_the_ledger_knows_it(participant: Participant) -> None:
    (got,) = fetch(participant, LIVE)
    assert got.path == Home.find().datasets("practice") / "v5.3" / "live.parquet"
    assert not got.unchanged
    content = got.path.read_bytes()
    assert got.record.digest == hashlib.sha256(content).hexdigest()
    assert got.record.size_bytes == len(content)
    assert got.record.round_number == participant.round.number
    assert participant.ledger.file("practice", LIVE) == got.record
    table = pd.read_parquet(got.path)
    assert set(table.get("id", table.index.to_series())) == set(participant.live_ids)


def test_every_offered_file_comes_and_a_second_time_nothing_does(participant: Participant) -> None:
    names = participant.client.list_datasets()
    first = fetch(participant, *names)
    assert [item.record.name for item in first] == list(names)
    assert not any(item.unchanged for item in first)
    participant.requests.seen.clear()
    second = fetch(participant, *names)
    assert all(item.unchanged for item in second)
    assert [item.record.digest for item in second] == [item.record.digest for item in first]
    assert bodies(participant) == len(names)  # one conditional look each, without a body


def test_a_single_live_file_takes_two_requests(participant: Participant) -> None:
    number = participant.round.number
    participant.requests.seen.clear()
    fetch(participant, LIVE, round_number=number)
    assert [what for what in participant.requests.seen if what != "__typename"] == [
        "dataset",
        "GET",
    ]


def test_a_file_that_was_changed_or_removed_here_comes_again(participant: Participant) -> None:
    (got,) = fetch(participant, LIVE)
    got.path.write_bytes(b"spoiled")
    assert not fetch(participant, LIVE)[0].unchanged
    got.path.unlink()
    assert not fetch(participant, LIVE)[0].unchanged
    assert fetch(participant, LIVE)[0].unchanged
    assert not fetch(participant, LIVE, force=True)[0].unchanged


@pytest.mark.parametrize("name", [LIVE, "v5.3/meta_model.parquet", "v5.3/features.json"])
def test_a_byte_that_changed_under_the_same_size_and_time_is_noticed(
    participant: Participant, name: str
) -> None:
    (got,) = fetch(participant, name)
    assert fetch(participant, name)[0].unchanged
    content, status = got.path.read_bytes(), got.path.stat()
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 0x10
    got.path.write_bytes(bytes(changed))
    os.utime(got.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert got.path.stat().st_mtime_ns == got.record.modified_ns
    assert not fetch(participant, name)[0].unchanged
    assert got.path.read_bytes() == content


def test_a_disk_that_changes_a_byte_by_itself_is_found_out_within_a_day(
    participant: Participant,
) -> None:
    """Such a disk changes no time: what was read yesterday is read again."""
    name = "v5.3/meta_model.parquet"
    (got,) = fetch(participant, name)
    assert fetch(participant, name)[0].unchanged
    notes = Home.find().digests("practice")
    noted = json.loads(notes.read_text())
    (stamp,) = [key for key in noted if "meta_model" in key]
    for age_seconds, is_noticed in ((80_000, True), (90_000, False)):
        noted[stamp] = {"digest": "0" * 64, "read_at": time.time() - age_seconds}
        notes.write_text(json.dumps(noted))
        assert fetch(participant, name)[0].unchanged is not is_noticed
    assert got.path.is_file()


def test_a_new_round_brings_a_new_live_file_and_leaves_the_old_data(
    participant: Participant,
) -> None:
    fetch(participant, LIVE, "v5.3/train.parquet")
    participant.tournament.advance()
    live, train = fetch(participant, LIVE, "v5.3/train.parquet")
    assert (live.unchanged, train.unchanged) == (False, True)
    assert live.record.round_number == participant.round.number


class Replay:
    """Serves every GET of a file as it was, like a store whose publisher is late."""

    def __init__(self, kept: bytes, etag: str) -> None:
        self.kept, self.etag = kept, etag

    def __call__(self, what: str, app: Application) -> Application | None:
        def serve(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
            if self.etag and environ.get("HTTP_IF_NONE_MATCH") == self.etag:
                start("304 NOT MODIFIED", [("ETag", self.etag)])
                return []
            headers = [("ETag", self.etag or '"other"'), ("Content-Length", str(len(self.kept)))]
            start("200 OK", headers)
            return [self.kept]

        return serve if what == "GET" else None


@pytest.mark.parametrize("same_etag", [True, False])
def test_the_live_file_of_an_earlier_round_is_refused_until_the_new_one_is_there(
    participant: Participant, same_etag: bool
) -> None:
    (old,) = fetch(participant, LIVE)
    content, number = old.path.read_bytes(), participant.round.number
    participant.tournament.advance()
    participant.requests.instead = Replay(content, old.record.etag if same_etag else "")
    for _ in range(2):
        with pytest.raises(LiveDataStale, match=f"ids of round {number}") as caught:
            fetch(participant, LIVE)
        assert caught.value.hint
    assert old.path.read_bytes() == content
    assert participant.ledger.file("practice", LIVE) == old.record
    participant.requests.instead = lambda what, app: None
    (new,) = fetch(participant, LIVE)
    assert new.record.round_number == number + 1


def test_the_same_rows_written_another_way_are_still_an_earlier_rounds(
    participant: Participant,
) -> None:
    (old,) = fetch(participant, LIVE)
    table = pd.read_parquet(old.path)
    other = io.BytesIO()
    table.iloc[::-1].to_parquet(other, compression="zstd")
    participant.tournament.advance()
    participant.requests.instead = Replay(other.getvalue(), "")
    with pytest.raises(LiveDataStale):
        fetch(participant, LIVE)


def test_other_live_files_are_watched_as_well(participant: Participant) -> None:
    name = "v5.3/live_example_preds.csv"
    (old,) = fetch(participant, name)
    participant.tournament.advance()
    participant.requests.instead = Replay(old.path.read_bytes(), old.record.etag)
    with pytest.raises(LiveDataStale, match=r"live_example_preds\.csv"):
        fetch(participant, name)


def test_within_a_round_the_live_file_may_come_as_often_as_one_likes(
    participant: Participant,
) -> None:
    for force in (False, True, True, False):
        fetch(participant, LIVE, force=force)


def test_between_rounds_the_last_live_file_still_comes(participant: Participant) -> None:
    number = participant.round.number
    participant.close_window()
    (got,) = fetch(participant, LIVE)
    assert got.record.round_number == number


def test_a_live_file_of_before_the_ledger_kept_ids_is_watched_from_its_next_look_on(
    participant: Participant,
) -> None:
    (old,) = fetch(participant, LIVE)
    with sqlite3.connect(participant.folder / "ledger.sqlite") as raw:
        raw.execute("DELETE FROM live_ids")
    assert fetch(participant, LIVE)[0].unchanged
    participant.tournament.advance()
    participant.requests.instead = Replay(old.path.read_bytes(), "")
    with pytest.raises(LiveDataStale):
        fetch(participant, LIVE)


def test_an_unknown_name_is_answered_with_the_nearest(participant: Participant) -> None:
    with pytest.raises(DatasetUnknown, match=r"v5\.3/life\.parquet") as caught:
        fetch(participant, "v5.3/life.parquet")
    assert LIVE in caught.value.hint
    with pytest.raises(DatasetUnknown) as caught:
        fetch(participant, "zzz")
    assert "numeri datasets" in caught.value.hint


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "v5.3/../../x", "v5.3//x", ""])
def test_a_name_that_leaves_the_folder_is_refused_before_anything_is_asked(
    participant: Participant, name: str
) -> None:
    participant.requests.seen.clear()
    with pytest.raises(FileForeign):
        fetch(participant, name)
    assert participant.requests.seen == []


def test_a_footer_that_cannot_be_read_is_refused(participant: Participant) -> None:
    fake = b"PAR1" + b"x" * 100 + (50).to_bytes(4, "little") + b"PAR1"
    participant.requests.instead = Replay(fake, "")
    with pytest.raises(TransferCorrupt, match="footer"):
        fetch(participant, LIVE)
    assert not (Home.find().datasets("practice") / LIVE).exists()


class Once:
    """Serves one GET from what was kept, every other as the tournament does."""

    def __init__(self, kept: bytes) -> None:
        self.replay, self.left = Replay(kept, '"damaged"'), 1

    def __call__(self, what: str, app: Application) -> Application | None:
        if what != "GET" or not self.left:
            return None
        self.left -= 1
        return self.replay(what, app)


@pytest.mark.parametrize("force", [False, True])
def test_a_live_file_that_arrived_damaged_once_is_fetched_anew(
    participant: Participant, force: bool
) -> None:
    (sound,) = fetch(participant, LIVE)
    content = bytearray(sound.path.read_bytes())
    sound.path.unlink()
    content[100:140] = b"\xff" * 40
    participant.requests.instead = Once(bytes(content))
    (got,) = fetch(participant, LIVE, force=force)
    assert got.record.digest == sound.record.digest


def test_a_live_file_without_ids_is_foreign(participant: Participant) -> None:
    foreign = io.BytesIO()
    pd.DataFrame({"feature": [1, 2]}).to_parquet(foreign, index=False)
    participant.requests.instead = Replay(foreign.getvalue(), "")
    with pytest.raises(FileForeign, match="no column of ids"):
        fetch(participant, LIVE)


class Bars(Silent):
    """Remembers every bar."""

    def __init__(self) -> None:
        self.bars: list[tuple[float | None, Counting]] = []

    def task(self, label: str, *, total: float | None, unit: str) -> Counting:
        self.bars.append((total, Counting()))
        return self.bars[-1][1]


class Counting(SilentTask):
    """A bar that adds up."""

    done = 0.0

    def advance(self, amount: float) -> None:
        self.done += amount

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def test_several_files_share_one_bar_that_ends_full(participant: Participant) -> None:
    bars = Bars()
    done = fetch(participant, LIVE, "v5.3/train.parquet", "v5.3/features.json", listener=bars)
    ((total, bar),) = bars.bars
    assert total == sum(item.record.size_bytes for item in done)
    assert bar.done == total
    bars = Bars()
    fetch(participant, LIVE, "v5.3/train.parquet", listener=bars)
    assert bars.bars == []  # nothing to come, nothing to show


def test_one_file_has_a_bar_of_its_own_size(participant: Participant) -> None:
    bars = Bars()
    (got,) = fetch(participant, LIVE, listener=bars)
    assert bars.bars[0][0] == bars.bars[0][1].done == got.record.size_bytes


def test_tournaments_are_kept_apart(participant: Participant) -> None:
    (one,) = fetch(participant, LIVE)
    (other,) = download(
        participant.client,
        participant.ledger,
        home=Home.find(),
        tournament="127.0.0.1-8123",
        names=[LIVE],
    )
    assert not other.unchanged
    assert one.path != other.path


def test_a_failure_leaves_the_file_that_was_here_and_the_next_call_ends_it(
    participant: Participant,
) -> None:
    (old,) = fetch(participant, "v5.3/features.json")
    content = old.path.read_bytes()

    def fail(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        start("500 X", [])
        return []

    participant.requests.instead = lambda what, app: fail if what == "GET" else None
    with pytest.raises(NumeriError) as caught:
        fetch(participant, "v5.3/features.json", force=True)
    assert caught.value.exit_code == 4
    assert old.path.read_bytes() == content
    participant.requests.instead = lambda what, app: None
    assert not fetch(participant, "v5.3/features.json", force=True)[0].unchanged
    assert old.path.read_bytes() == content


def test_a_file_that_was_changed_in_place_comes_again(participant: Participant) -> None:
    (old,) = fetch(participant, "v5.3/features.json")
    content = old.path.read_bytes()
    old.path.write_bytes(content[::-1])
    assert not fetch(participant, "v5.3/features.json")[0].unchanged
    assert old.path.read_bytes() == content


def test_a_live_file_that_was_only_touched_does_not(participant: Participant) -> None:
    (old,) = fetch(participant, LIVE)
    os.utime(old.path)
    assert fetch(participant, LIVE)[0].unchanged


def test_a_lost_ledger_costs_a_download_and_nothing_else(participant: Participant) -> None:
    (old,) = fetch(participant, LIVE)
    participant.ledger.forget("practice")
    (new,) = fetch(participant, LIVE)
    assert not new.unchanged
    assert new.record.digest == old.record.digest
    shutil.rmtree(Home.find().data / "datasets")
    assert not fetch(participant, LIVE)[0].unchanged
