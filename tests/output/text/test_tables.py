"""Tables for a narrow terminal, and whole lines for everything that is no terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from numeri_cli.commands.datasets import Datasets, OfferedFile
from numeri_cli.output.text.datasets import datasets
from numeri_cli.output.text.tables import Fitting, Prose, table

ID = "5d1c3f0e-0a4f-4c53-9f52-6f0c7c2a9a10"


def shown(made: RenderableType, *, width: int, terminal: bool) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system=None,
        legacy_windows=False,
    )  # fmt: skip
    console.print(made, soft_wrap=True)
    written = console.file
    assert isinstance(written, io.StringIO)
    return [line.rstrip() for line in written.getvalue().splitlines()]


def submissions() -> Fitting:
    made = table("round", "submission", "counts", "time", right=("round",))
    made.add_row("61", ID, "yes", "Sat 23 May 12:05 UTC")
    return Fitting(made, "time", "counts")


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (120, f"   61   {ID}   yes      Sat 23 May 12:05 UTC"),
        (60, f"   61   {ID}   yes"),
        (50, f"   61   {ID}"),
        (30, f"   61   {ID}"),  # an id is never broken
    ],
)
def test_a_terminal_without_room_is_shown_fewer_columns_and_whole_ids(width: int, row: str) -> None:
    assert shown(submissions(), width=width, terminal=True)[-1] == row


@pytest.mark.parametrize("width", [30, 60, 120])
def test_a_pipe_gets_every_column_and_every_sentence_on_a_line(width: int) -> None:
    assert shown(submissions(), width=width, terminal=False)[-1].endswith("12:05 UTC")
    sentence = "each round takes its part of the stake when it closes"
    assert shown(Prose(sentence), width=width, terminal=False) == [sentence]


def test_on_a_narrow_terminal_a_size_stays_beside_its_unit() -> None:
    path = Path("/home/me/datasets")
    when = datetime(2026, 1, 3, 12, 5, tzinfo=UTC)
    file = OfferedFile("v5.3/validation_benchmark_models.parquet", True, 376_900, 301, when, path)
    found = Datasets("practice", (file,), (), path, path)
    assert any("376.9 kB" in line for line in shown(datasets(found), width=60, terminal=True))


def test_a_terminal_breaks_sentences_between_words() -> None:
    sentence = "each round takes its part of the stake"
    lines = shown(Prose(sentence), width=20, terminal=True)
    assert lines == ["each round takes its", "part of the stake"]
