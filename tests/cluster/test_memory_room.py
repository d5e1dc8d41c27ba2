"""A machine's memory is shared: whoever finds too little waits, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from numeri_cli.cluster.memory_room import MemoryRoom
from numeri_cli.errors import MemoryShort, UsageProblem

TRAINING = 0.4e9


@pytest.fixture(autouse=True)
def memory_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMERI_MEMORY_GB", "1.0")


@pytest.fixture
def room(tmp_path: Path) -> MemoryRoom:
    return MemoryRoom(tmp_path / "memory")


def test_five_trainings_on_a_machine_with_memory_for_two_all_finish_two_at_a_time(
    room: MemoryRoom,
) -> None:
    at_work, most, finished = 0, 0, 0
    told: list[str] = []
    lock = threading.Lock()

    def train() -> None:
        nonlocal at_work, most, finished
        reservation = room.reserve(TRAINING, say=told.append)
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.05)
        with lock:
            at_work -= 1
            finished += 1
        reservation.release()

    threads = [threading.Thread(target=train) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert (finished, most) == (5, 2)
    assert told


def test_more_than_the_machine_has_is_refused_at_once_even_while_others_are_at_work(
    room: MemoryRoom,
) -> None:
    first = room.reserve(TRAINING)
    with pytest.raises(MemoryShort, match=r"needs about 1\.2 GB"):
        room.reserve(3 * TRAINING)
    first.release()


def test_more_than_dask_lets_a_worker_have_is_refused_with_the_cure(tmp_path: Path) -> None:
    room = MemoryRoom(tmp_path, worker_limit_bytes=0.3e9)
    with pytest.raises(MemoryShort, match="Dask ends this worker") as refused:
        room.reserve(TRAINING)
    assert "--memory-limit 0" in refused.value.hint


def test_who_can_make_do_with_less_takes_what_is_there(room: MemoryRoom) -> None:
    taken = room.reserve(5 * TRAINING, least_bytes=TRAINING)
    assert TRAINING < taken.needed_bytes <= 1.0e9
    taken.release()
    forced = room.reserve(5 * TRAINING, force=True)
    assert forced.needed_bytes == 5 * TRAINING
    forced.release()


def test_what_a_dead_training_had_taken_is_free(room: MemoryRoom) -> None:
    room.folder.mkdir(parents=True)
    (room.folder / "1-dead.json").write_text('{"pid": 1, "bytes": 900000000}')
    room.reserve(2 * TRAINING).release()
    assert list(room.folder.glob("*.json")) == []


def test_a_training_that_is_not_wanted_any_more_stops_waiting(room: MemoryRoom) -> None:
    first = room.reserve(2 * TRAINING)

    def nobody_wants_it() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.reserve(TRAINING, wait=nobody_wants_it)
    assert not list(room.folder.glob("waiting-*"))
    first.release()


def test_a_limit_that_is_no_number_is_told(
    room: MemoryRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERI_MEMORY_GB", "much")
    with pytest.raises(UsageProblem, match="NUMERI_MEMORY_GB"):
        room.reserve(TRAINING)
