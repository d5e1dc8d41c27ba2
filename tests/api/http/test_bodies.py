"""What an answer becomes is counted while it is decoded."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from dataclasses import replace

import pytest

from numeri_cli.api.client import Client
from numeri_cli.errors import ServerTrouble, Unreachable
from tests.support.scripted_server import KEYS, QUICK, Reply, Server, data

GOOD = data(listDatasets=["v5.3/live.parquet"]).body
SMALL_ANSWERS = replace(QUICK, answer_bytes=1_000_000, attempts=1)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(GOOD)), ("deflate", zlib.compress(GOOD)), ("identity", GOOD)],
    ids=("gzip", "deflate", "identity"),  # the bytes of gzip hold the time, workers would differ
)
def test_what_was_asked_for_is_decoded(server: Server, encoding: str, body: bytes) -> None:
    server.script = [Reply(200, body, {"Content-Encoding": encoding})]
    with Client(server.url, keys=KEYS, limits=QUICK) as client:
        assert client.list_datasets() == ("v5.3/live.parquet",)
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip, deflate", "br", "zstd", "identity, br"])
def test_any_other_encoding_is_refused_before_it_is_decoded(server: Server, encoding: str) -> None:
    twice = gzip.compress(gzip.compress(GOOD, mtime=0))
    server.script = [Reply(200, twice, {"Content-Encoding": encoding})]
    with (
        Client(server.url, keys=KEYS, limits=SMALL_ANSWERS) as client,
        pytest.raises(Unreachable, match="which nobody asked for"),
    ):
        client.list_datasets()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_that_would_become_a_large_one_costs_no_memory(
    server: Server, encoding: str
) -> None:
    zeros = b"0" * 200_000_000
    bomb = gzip.compress(zeros, 1) if encoding == "gzip" else zlib.compress(zeros, 1)
    del zeros
    server.script = [Reply(200, bomb, {"Content-Encoding": encoding})]
    tracemalloc.start()
    with (
        Client(server.url, keys=KEYS, limits=SMALL_ANSWERS) as client,
        pytest.raises(ServerTrouble, match="larger than 1,000,000 bytes"),
    ):
        client.list_datasets()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_long_text_of_the_server_is_cut_and_says_so(server: Server) -> None:
    words = "x" * 3_000_000
    submission = {
        "id": "s1", "status": "", "errorInfo": words, "selected": False, "filename": "a.csv",
        "filteredCount": 0, "submittedCount": 1, "insertedAt": None, "round": {"number": 1},
    }  # fmt: skip
    server.script = [data(submissions=[submission])]
    with Client(server.url, keys=KEYS, limits=QUICK) as client:
        (found,) = client.submissions("m")
    assert found.error_info is not None
    assert len(found.error_info) < 5_000
    assert "3,000,000 characters" in found.error_info
