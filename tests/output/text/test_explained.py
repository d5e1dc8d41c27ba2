"""Every column and row of a table stands under it or is told by `numeri explain`."""

from __future__ import annotations

import ast
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from numeri_cli.commands.explain import explain
from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.output import text
from numeri_cli.output.text.explain import explanations
from numeri_cli.scoring.score_table import SCORES
from numeri_cli.scoring.summary import FIGURES
from tests.support.validations import sample_validation

[FOLDER] = text.__path__
NO_WORDS = {"\n", "s", " %", " "}  # parts of headers that are put together


def headers_of(source: str, *, made_by: str = "table", given: str | None = None) -> set[str]:
    """The headers that a module of tables spells, in the call or under a name in it.

    given: the keyword they are given by; by default they are the arguments without one
    """
    tree = ast.parse(source)
    named: defaultdict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id].append(node.value)

    def words(part: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        for one in ast.walk(part):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value
            elif isinstance(one, ast.Name) and one.id not in seen:
                for value in named[one.id]:
                    yield from words(value, seen | {one.id})

    parts: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == made_by:
            by_name = [one.value for one in node.keywords if one.arg == given]
            parts += node.args if given is None else by_name
    found = {word for part in parts for word in words(part)} - {""}
    return {word for word in found if not word.isdigit()}  # versions, which stand in no header


TABLES = {
    path.stem: headers
    for path in sorted(Path(FOLDER).glob("*.py"))
    if (headers := headers_of(path.read_text(encoding="utf-8")) - NO_WORDS)
}
PAGES = {
    path.stem: headers
    for path in sorted((Path(FOLDER).parent / "html").glob("*.py"))
    if (headers := headers_of(path.read_text("utf-8"), made_by="Table", given="headers") - NO_WORDS)
}


def test_the_headers_of_a_module_are_found() -> None:
    assert headers_of('right = ("a", "b")\nrows = table("c", *right, "", right=right)') == {
        "a",
        "b",
        "c",
    }
    assert headers_of(
        'NAMES = ("a",)\nTable(headers=("b", *NAMES), rows=())', made_by="Table", given="headers"
    ) == {"a", "b"}
    assert len(TABLES) > 20
    assert len(PAGES) > 6


@pytest.mark.parametrize(
    "header", sorted(set().union(*TABLES.values(), *PAGES.values())), ids=lambda one: one
)
def test_every_column_is_explained(header: str) -> None:
    told = explain(header.strip()).words[0]
    assert told.meaning.endswith("."), header
    assert "." not in told.word, f"{header} is told as a key of the profile"


def test_every_row_of_a_fund_is_explained() -> None:
    source = (Path(FOLDER).parent / "fund_figures.py").read_text(encoding="utf-8")
    rows = headers_of(source, made_by="line") | headers_of(source, made_by="exposure")
    rows = {row.strip() for row in rows if row.replace(" ", "").replace("-", "").isalpha()}
    assert {"net return a year", "fee", "exposure to a style"} <= rows
    for row in rows:
        assert explain(row).words[0].meaning.endswith("."), row


@pytest.mark.parametrize("name", ["fnc_v3", "corr_w_meta_model", "mcwnm", "apcwnm", "v2_corr20"])
def test_the_servers_own_names_of_scores_are_explained(name: str) -> None:
    assert explain(name).words[0].word == name


def test_a_score_is_explained_with_its_formula() -> None:
    for score in SCORES:
        [told] = explain(score.label).words
        assert told.formula is not None, score.label
        assert told.source == score.source
    console = Console(file=io.StringIO(), width=60)
    console.print(explanations(explain("MMC")))
    written = console.file
    assert isinstance(written, io.StringIO)
    assert "Formula: o = g(p) − m · (g(p)·m) / (m·m)" in written.getvalue()
    assert "mmc is the score over 20 days" in explain("MMC").words[0].meaning


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
