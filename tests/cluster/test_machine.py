"""A machine that trains for others: data of an object store, and what its address may hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from numeri_cli.cluster.machine import Machine
from numeri_cli.cluster.wire import WireFile
from numeri_cli.errors import FileDamaged
from numeri_cli.model_spec import ClusterSettings
from tests.support.runner import Numeri

CONTENT = b"rows of a data file " * 100


def test_an_own_copy_that_was_damaged_is_brought_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (store / "train.parquet").write_bytes(CONTENT)
    wanted = WireFile(
        name="train.parquet",
        size_bytes=len(CONTENT),
        digest=hashlib.sha256(CONTENT).hexdigest(),
    )
    monkeypatch.setenv("NUMERI_HOME", str(tmp_path / "home"))
    machine = Machine.this()
    place = store.as_uri()
    copy = machine.file(place, wanted)
    copy.write_bytes(CONTENT[::-1])
    assert machine.file(place, wanted) == copy
    assert copy.read_bytes() == CONTENT
    copy.write_bytes(CONTENT[::-1])
    (store / "train.parquet").write_bytes(b"other")
    with pytest.raises(FileDamaged, match="is not the file that this training is about"):
        machine.file(place, wanted)


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKPLANTED:SECRETPLANTED@bucket/v5.3",
        "s3://AKPLANTED:SECRET/PLANTED@bucket/v5.3",
        "s3://AKPLANTED@bucket/v5.3",
        "abfs://container:PLANTED@account.dfs.core.windows.net/v5.3",
        "s3://bucket/v5.3?region=eu&secret_key=PLANTED",
        "abfs://c@a.dfs.core.windows.net/v5.3?client_secret=PLANTED",
        "https://host/v5.3?X-Amz-Signature=PLANTED",
        "abfs://c@a.dfs.core.windows.net/v5.3?sig=PLANTED",
    ],
)
def test_an_address_with_a_key_in_it_is_refused_before_it_travels(address: str) -> None:
    with pytest.raises(ValidationError, match="holds a key of the store"):
        ClusterSettings(data=address)


@pytest.mark.parametrize(
    "address",
    [
        "/data/v5.3",
        "s3://bucket/v5.3?scheme=http&endpoint_override=127.0.0.1:9000&region=us-east-1",
        "gs://anonymous@bucket/v5.3",
        "abfs://container@account.dfs.core.windows.net/v5.3?credential_kind=managed_identity",
        "hdfs://me@host:8020/v5.3",
    ],
)
def test_an_address_without_one_is_taken(address: str) -> None:
    assert ClusterSettings(data=address).data == address


def test_the_key_is_not_repeated_where_it_is_refused(numeri: Numeri, profile: Path) -> None:
    profile.write_text(
        profile.read_text() + '\n[cluster]\ndata = "s3://AKPLANTED:SECRETPLANTED@bucket/v5.3"\n'
    )
    said = numeri("train", "lighthouse")
    assert said.code == 1
    assert "holds a key of the store" in said.err
    assert "PLANTED" not in said.err + said.out
