"""A bar is one line at any width: label, what is done in its unit, speed, time left."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.progress import Progress

from numeri_cli.output.bar_line import BarFacts, bar_line, clock
from numeri_cli.output.bars import Bars, OneLine

TREES = BarFacts(
    label="training lighthouse",
    unit="trees",
    done=1_218,
    total=2_000,
    speed=36.4,
    elapsed=33.0,
    left=21.5,
)
BYTES = BarFacts(
    label="downloading",
    unit="bytes",
    done=6e8,
    total=3.4e9,
    speed=1e7,
    elapsed=60.0,
    left=280.0,
    note="v5.3/validation_benchmark_models.parquet",
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_label_unit_speed_and_time_left_stand_on_one_line(width: int) -> None:
    trees, file = (bar_line(one, width=width).plain for one in (TREES, BYTES))
    assert max(cell_len(trees), cell_len(file)) <= width
    assert trees.startswith("training ligh")
    assert "1,218 of 2,000 trees, 36 trees/s, 0:22 left" in trees
    assert file.startswith("downloading ")
    assert "600.0 MB of 3.4 GB, 10.0 MB/s, 4:40 left" in file


def test_a_wide_terminal_shows_a_bar_and_the_name_of_the_file() -> None:
    line = bar_line(BYTES, width=120).plain
    assert line.endswith(f" {BYTES.note}")
    full, empty = line.count("━"), len(line) - len(line.replace("━", ""))
    assert full == empty > 3
    assert "━" not in bar_line(BYTES, width=60).plain
    assert "…" in bar_line(BYTES, width=80).plain


@pytest.mark.parametrize("width", [60, 80])
def test_members_that_grow_at_once_are_told_apart_in_a_narrow_terminal(width: int) -> None:
    lines = {
        bar_line(
            replace(TREES, label=f"lighthouse target_ender_20 seed 1 window {window}"), width=width
        ).plain
        for window in (1, 2)
    }
    assert len(lines) == 2
    assert all(cell_len(line) <= width and "lighthouse" in line for line in lines)


def test_what_comes_in_twos_is_not_taken_for_a_hundred_a_minute() -> None:
    now = 0.0
    progress = Progress(get_time=lambda: now)
    progress.add_task("members", total=4, unit="members", note="")
    [task] = progress.tasks
    now = 50.0
    for _ in range(2):
        progress.advance(task.id)
        now += 0.1
    line = OneLine(Console(width=80)).render(task).plain
    assert line.endswith(" 2 of 4 members, 2.4 members/min, 0:50 left")


def test_where_nothing_is_known_of_the_end_the_time_so_far_is_told() -> None:
    unknown = BarFacts(
        label="waiting", unit="s", done=3, total=None, speed=None, elapsed=65.0, left=None
    )
    assert bar_line(unknown, width=80).plain == "waiting 3 s, 1:05 so far"
    slow = BarFacts(label="x", unit="models", done=1, total=9, speed=0.05, elapsed=20.0, left=160.0)
    assert "1 of 9 models, 3.0 models/min, 2:40 left" in bar_line(slow, width=80).plain
    assert clock(3_605) == "1:00:05"


def test_a_name_with_an_escape_in_it_is_shown_inert() -> None:
    hostile = BarFacts(
        label="a\x1b[31m", unit="s", done=1, total=2, speed=1, elapsed=1, left=1, note="b\nc"
    )
    assert bar_line(hostile, width=120).plain.isprintable()


def test_a_terminal_is_given_one_line_for_each_task() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=60, force_terminal=True, color_system=None)
    with Bars(console, quiet=False, verbose=False).task(
        "downloading", total=3.4e9, unit="bytes"
    ) as task:
        task.note(BYTES.note)
        for _ in range(4):
            task.advance(1e8)
        until = time.monotonic() + 120
        while "400.0 MB of 3.4 GB" not in stream.getvalue():  # a thread draws it ten times a second
            assert time.monotonic() < until
            time.sleep(0.01)
    shown = stream.getvalue()
    assert "\x1b[1A" not in shown.partition("400.0 MB of 3.4 GB")[0]  # one line up: it was two
