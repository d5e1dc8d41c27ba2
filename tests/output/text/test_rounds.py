"""Rounds and how they did: a column is of one score and one version."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

from rich.console import Console

from numeri_cli.commands.rounds import ResultRow, RoundRow, SeenRounds
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.output.text.rounds import seen_rounds


def score_of(name: str, version: str, value: float) -> RoundScore:
    return RoundScore(
        1350, "lighthouse", name, version, None, 60, 60, value, 0.5, date(2026, 11, 1), True
    )


def cells_of(*scores: RoundScore) -> list[str]:
    """What stands behind the model's name in the table of results."""
    result = ResultRow("lighthouse", None, scores, None, None)
    moment = datetime(2026, 9, 5, tzinfo=UTC)
    record = SeenRounds("numerai", (RoundRow(1350, moment, moment, (), (), (result,)),))
    console = Console(file=io.StringIO(), width=60)
    console.print(seen_rounds(record), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    [cells] = [line.split()[2:] for line in lines if "lighthouse" in line]
    return cells


def test_a_score_of_another_version_takes_no_others_place() -> None:
    known, other = score_of("corr60", "3", 0.01), score_of("corr60", "9", -0.5)
    assert cells_of(known, other) == cells_of(other, known) == ["–", "–", "+0.0100", "–", "–"]
    assert cells_of(other) == ["–", "–", "−0.5000", "–", "–"]
    assert cells_of(other, score_of("corr60", "8", 0.5)) == ["–"] * 5
