"""What goes along behind a download."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from numeri_cli.api.following import Follower
from numeri_cli.api.limits import Limits
from numeri_cli.api.parts import Identity, Parts

CONTENT = os.urandom(3_000_000)
LIMITS = Limits(connections=2, segment_bytes=1_000_000)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    identity = Identity('"one"', len(CONTENT))
    return Parts.begin(tmp_path / "train.parquet", identity=identity, limits=LIMITS)


def write_all(parts: Parts) -> None:
    """The segments one after the other, the last one first."""
    segments = []
    while (segment := parts.take()) is not None:
        segments.append(segment)
    assert len(segments) > 1
    for segment in reversed(segments):
        assert segment.end is not None
        parts.write(segment, CONTENT[segment.start : segment.end])
        parts.release(segment)


def test_a_file_that_cannot_be_synced_fails_the_download(parts: Parts) -> None:
    write_all(parts)
    parts.received = 2**30
    parts.close()
    follower = Follower(parts)
    follower.start()
    time.sleep(0.1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        follower.finish()


def test_a_stopped_one_leaves_no_thread(parts: Parts) -> None:
    before = threading.active_count()
    follower = Follower(parts)
    follower.start()
    assert threading.active_count() == before + 1
    follower.stop()
    assert threading.active_count() == before
    parts.close()
