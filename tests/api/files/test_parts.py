"""The parts of a file: shared out so that every byte is fetched once, and nothing twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from numeri_cli.api.files.parts import (
    Identity,
    Parts,
)
from numeri_cli.api.http.limits import Limits

CONTENT = os.urandom(3_000_000)
LIMITS = Limits(connections=3, segment_bytes=100_000, whole_below_bytes=500_000)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    identity = Identity('"one"', len(CONTENT))
    return Parts.begin(tmp_path / "train.parquet", identity=identity, limits=LIMITS)


def test_one_that_is_alone_gets_everything_and_gives_halves_to_those_who_come(parts: Parts) -> None:
    first = parts.take()
    assert first is not None
    assert (first.start, first.end) == (0, 3_000_000)
    assert parts.shareable == 3_000_000
    parts.write(first, CONTENT[:1_000_000])
    second, third = parts.take(), parts.take()
    assert second is not None
    assert third is not None
    assert sorted((run.position, run.end) for run in (first, second, third)) in (
        [(1_000_000, 1_500_000), (1_500_000, 2_000_000), (2_000_000, 3_000_000)],
        [(1_000_000, 2_000_000), (2_000_000, 2_500_000), (2_500_000, 3_000_000)],
    )
    parts.close()


def test_every_byte_is_counted_once_though_more_comes_than_is_left_to_a_run(parts: Parts) -> None:
    first = parts.take()
    assert first is not None
    second = parts.take()
    assert second is not None
    parts.write(first, CONTENT)  # what was asked for before the further half was given away
    assert first.position == first.end == second.start
    while second is not None:
        assert second.end is not None
        parts.write(second, CONTENT[second.start : second.end])
        parts.release(second)
        second = parts.take()
    parts.release(first)
    assert parts.received == len(CONTENT)
    assert parts.path.read_bytes() == CONTENT
    assert parts.shareable == 0
    parts.close()


def test_a_run_too_short_to_be_shared_stays_whole(tmp_path: Path) -> None:
    identity = Identity('"one"', LIMITS.whole_below_bytes)
    parts = Parts.begin(tmp_path / "live.parquet", identity=identity, limits=LIMITS)
    assert parts.take() is not None
    assert parts.take() is None
    assert parts.shareable == 0
    parts.close()


def test_an_answer_without_ranges_is_not_shared(parts: Parts) -> None:
    parts.take_all()
    assert parts.take() is None
    assert parts.shareable == 0
    parts.close()


def test_a_file_that_cannot_be_synced_raises(parts: Parts) -> None:
    parts.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        parts.sync()
