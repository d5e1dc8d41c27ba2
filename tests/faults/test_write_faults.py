"""A disk that fails at one write, sync or renaming: said in words, and the next run mends it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bench import Bench
from tests.support.strace import Passing, Place, faults, passings, traced, untraceable
from tests.support.write_faults import COMMANDS, ERRORS, spoilt

pytestmark = pytest.mark.skipif(bool(untraceable()), reason=untraceable())

SAMPLE = 4  # of some hundred, as CI has time for; tests/studies/write_faults.py takes them all
Recorder = Callable[[str, object], None]


def test_a_record_of_strace_is_read_with_its_places() -> None:
    record = (
        '7  access("/at/cli.run.py:run>files.py:publish", F_OK) = -1 ENOENT (No such file)\n'
        "7  fsync(3)                          = 0\n"
        '8  write(4, "x", 1)                  = 1\n'
        '7  access("/at/", F_OK)              = -1 ENOENT (No such file)\n'
        "7  fsync(3 <unfinished ...>\n"
        '8  write(4, "x", 1)                  = -1 ENOSPC (No space left on device) (INJECTED)\n'
        "7  <... fsync resumed>)              = 0\n"
    )
    inside = Place("fsync", ("cli.run.py:run", "files.py:publish"))
    assert list(passings(record)) == [
        Passing(inside, "7", 1, spoilt=False),
        Passing(Place("write", ()), "8", 1, spoilt=False),
        Passing(Place("fsync", ()), "7", 2, spoilt=False),
        Passing(Place("write", ()), "8", 2, spoilt=True),
    ]


def test_of_each_place_the_first_the_second_and_the_last_call_are_spoilt() -> None:
    often, once = Place("write", ("a",)), Place("fsync", ("a",))
    passed = [Passing(often, "7", number, spoilt=False) for number in (1, 2, 5, 9)]
    passed.append(Passing(once, "7", 3, spoilt=False))
    assert {(one.place, one.number, one.which) for one in faults(passed, ["EIO"])} == {
        (once, 3, "only"),
        (often, 1, "first"),
        (often, 2, "second"),
        (often, 9, "last"),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_write_fails_is_said_and_the_next_run_is_accepted_once(
    bench: Bench, home: Path, tmp_path: Path, command: str, record_property: Recorder
) -> None:
    prepare = COMMANDS[command]
    prepare(bench, home)
    sound = traced(command, "--json", record=tmp_path / "sound")
    assert sound.said.code == 0, sound.said.err
    everything = faults(sound.passings, ERRORS)
    assert len(everything) > 30
    seed = os.environ.get("NUMERI_FUZZ_SEED", "1")
    chosen = random.Random(seed).sample(everything, SAMPLE)
    hit = 0
    for fault in chosen:
        done = spoilt(bench, home, fault, command, record=tmp_path / "spoilt")
        hit += any(one.spoilt for one in done.passings)
    told = (
        f"{command}: {hit} of {SAMPLE} faults under a write struck, of {len(everything)} possible"
    )
    record_property("note", told)
    assert hit >= SAMPLE // 2
