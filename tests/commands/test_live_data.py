"""A live file of an earlier round is known by its address, by the files here, by its list."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from numeri_cli.api.client import Client
from numeri_cli.commands.live_data import LiveData, digest_of_ids, is_refusal_of_ids
from numeri_cli.errors import FileForeign, LiveDataStale
from numeri_cli.home import Home
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import DataFileRecord
from tests.support.scripted_server import KEYS, QUICK, Server, data, refusal

NAME = "v5.3/live.parquet"
ROUND = 1374
STORE = "https://store.example/{}/v5.3/live.parquet?signature=secret/1373/"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.answer = lambda _: data()  # it tells the time
    yield running
    running.close()


@pytest.fixture
def live(server: Server, tmp_path: Path) -> Iterator[LiveData]:
    """Of a round that opened an hour ago, in a home that saw no round before."""
    with (
        Client(server.url, keys=KEYS, limits=QUICK) as client,
        Ledger.open(tmp_path / "ledger.sqlite") as ledger,
    ):
        yield LiveData(
            client=client,
            ledger=ledger,
            home=Home.find(),
            tournament="numerai",
            number=ROUND,
            opened=datetime.now(UTC) - timedelta(hours=1),
        )


def written(path: Path, *ids: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"id": ids, "era": "X"}).to_parquet(path, index=False)
    return path


def kept(live: LiveData, *ids: str, hours_ago: float, name: str = NAME) -> Path:
    """A live file in the home that no ledger knows."""
    path = written(live.home.datasets("numerai") / name, *ids)
    moment = time.time() - hours_ago * 3600
    os.utime(path, (moment, moment))
    return path


@pytest.mark.parametrize("earlier", [ROUND - 1, ROUND - 5])
def test_an_address_that_names_an_earlier_round_is_of_stale_data(
    live: LiveData, server: Server, earlier: int
) -> None:
    with pytest.raises(LiveDataStale, match=f"ids of round {earlier}; the data of round {ROUND}"):
        live.require_address(STORE.format(earlier), name=NAME)
    assert server.asked == []


@pytest.mark.parametrize("path", ["1374", "data/1374", "1373/1374"])
def test_an_address_that_names_the_round_is_taken(
    live: LiveData, server: Server, path: str
) -> None:
    live.require_address(STORE.format(path), name=NAME)
    assert server.asked == []


@pytest.mark.parametrize("path", ["files", "20260320", "8", "9999999999999999999", "1375"])
def test_where_the_address_names_no_round_the_list_of_the_round_is_asked(
    live: LiveData, server: Server, path: str
) -> None:
    server.script = [data(listDatasets=[NAME])]
    live.require_address(STORE.format(path), name=NAME)
    assert server.asked[0].variables["round"] == ROUND
    server.script = [data(listDatasets=["v5.3/train.parquet"])]
    with pytest.raises(LiveDataStale, match=rf"has no v5\.3/live\.parquet for round {ROUND} yet"):
        live.require_address(STORE.format(path), name=NAME)


@pytest.mark.parametrize("answer", [data(listDatasets=[]), refusal("no lists by round")])
def test_a_list_that_says_nothing_stops_nobody(
    live: LiveData, server: Server, answer: object
) -> None:
    server.answer = lambda _: answer  # type: ignore[assignment,return-value]  # both are replies
    live.require_address(STORE.format("files"), name=NAME)


def test_before_any_round_has_opened_any_file_is_taken(live: LiveData, tmp_path: Path) -> None:
    nobodys = replace(live, number=None)
    nobodys.require_address(STORE.format(1373), name=NAME)
    kept(live, "a", "b", hours_ago=9)
    assert nobodys.require_fresh(written(tmp_path / "come.parquet", "a", "b"), name=NAME)


@pytest.mark.parametrize("name", [NAME, "v5.2/live.parquet", "v5.3/live_benchmark.parquet"])
def test_the_ids_of_a_file_that_lay_here_before_the_round_opened_are_stale(
    live: LiveData, tmp_path: Path, name: str
) -> None:
    come = written(tmp_path / ".live.parquet.part", "b", "a")
    kept(live, "a", "b", hours_ago=1.5, name=name)
    with pytest.raises(LiveDataStale, match=f"which was here before round {ROUND} opened"):
        live.require_fresh(come, name=NAME)


def test_a_file_that_came_after_the_opening_or_with_other_ids_proves_nothing(
    live: LiveData, tmp_path: Path
) -> None:
    come = written(tmp_path / ".live.parquet.part", "b", "a")
    path = kept(live, "a", "b", hours_ago=0.5)
    assert live.require_fresh(come, name=NAME) == digest_of_ids(path, name=NAME)
    kept(live, "a", "c", hours_ago=1.5)
    live.require_fresh(come, name=NAME)
    (live.home.datasets("numerai") / NAME).write_bytes(b"no parquet")
    live.require_fresh(come, name=NAME)


@pytest.mark.parametrize(("known", "stale"), [(ROUND - 1, True), (ROUND, False)])
def test_what_the_ledger_knows_of_a_kept_file_counts_more_than_its_age(
    live: LiveData, tmp_path: Path, known: int, stale: bool
) -> None:
    come = written(tmp_path / ".live.parquet.part", "b", "a")
    kept(live, "a", "b", hours_ago=0.0 if stale else 9.0)
    live.ledger.keep_file(
        DataFileRecord(
            tournament="numerai",
            name=NAME,
            size_bytes=1,
            etag="",
            digest="",
            round_number=known,
            time=datetime.now(UTC),
            modified_ns=0,
        )
    )
    if not stale:
        assert live.require_fresh(come, name=NAME)
        return
    with pytest.raises(LiveDataStale):
        live.require_fresh(come, name=NAME)


def test_ids_of_another_file_of_an_earlier_round_are_stale_here(
    live: LiveData, tmp_path: Path
) -> None:
    come = written(tmp_path / "come.parquet", "a", "b")
    digest = digest_of_ids(come, name=NAME)
    replace(live, number=ROUND - 1).keep("v5.2/live.parquet", digest)
    with pytest.raises(LiveDataStale, match=f"ids of round {ROUND - 1}"):
        live.require_fresh(come, name=NAME)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_an_unnamed_index_is_one_of_ids(tmp_path: Path, suffix: str) -> None:
    named, unnamed = tmp_path / f"named{suffix}", tmp_path / f"unnamed{suffix}"
    ids = pd.Index(["007", "b"])
    table = pd.DataFrame({"feature": [1, 2]}, index=ids)
    with_id = table.rename_axis("id")
    if suffix == ".csv":
        table.to_csv(unnamed)
        with_id.to_csv(named)
    else:
        table.to_parquet(unnamed)
        with_id.to_parquet(named)
    assert digest_of_ids(unnamed, name=unnamed.name) == digest_of_ids(named, name=named.name)


def test_a_live_file_without_ids_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "live.parquet"
    pd.DataFrame({"feature": [1, 2]}).to_parquet(path)
    with pytest.raises(FileForeign, match="has no column of ids"):
        digest_of_ids(path, name=NAME)


@pytest.mark.parametrize(
    ("words", "is_of_ids"),
    [
        ("invalid_submission_ids", True),
        ("You must provide predictions for the current live IDs. Make sure …", True),
        ("invalid_submission_values", False),
        ("", False),
    ],
)
def test_a_refusal_of_ids_is_told_from_others(words: str, is_of_ids: bool) -> None:
    assert is_refusal_of_ids(words) is is_of_ids
