"""Every column and row of a table stands under it or is told by `numeri explain`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from numeri_cli.commands.explain import explain
from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.output import text
from numeri_cli.scoring.score_table import SCORES
from numeri_cli.scoring.summary import FIGURES
from tests.support.validations import sample_validation

SHOWN = ("train", "backtest", "models", "datasets", "diagnostics")


def headers_of(source: str) -> set[str]:
    """The headers that a module of tables spells."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        is_table = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "table"
        is_right = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "right"
        parts = node.args if is_table else [node.value] if is_right else []  # type: ignore[attr-defined]
        for part in parts:
            found |= {
                one.value
                for one in ast.walk(part)
                if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
            }
    return found


def test_the_headers_of_a_module_are_found() -> None:
    assert headers_of('right = ("a", "b")\nrows = table("c", *right, "", right=right)') == {
        "a",
        "b",
        "c",
    }


@pytest.mark.parametrize("module", SHOWN)
def test_every_column_is_explained(module: str) -> None:
    [folder] = text.__path__
    headers = headers_of((Path(folder) / f"{module}.py").read_text())
    assert headers
    for header in headers:
        [told] = explain(header).words
        assert told.meaning.endswith("."), header


def test_every_row_of_a_validation_is_explained() -> None:
    summary = summary_of(sample_validation("a", "b"), report=Path("report.html"))
    for line in summary.lines:
        [told] = explain(line.label).words
        assert told.meaning.endswith("."), line.label
    assert explain("CORR Sharpe").words[0].word == "Sharpe"
    assert explain("max exposure mean").words[0].word == "mean"


def test_every_score_figure_and_mark_is_explained() -> None:
    for label in ("*", *(one.label for one in (*SCORES, *FIGURES))):
        [told] = explain(label).words
        assert label.startswith(told.word), label  # "eras" are told as "era"
