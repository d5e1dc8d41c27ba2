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
from numeri_cli.errors import UsageProblem
from numeri_cli.output import text
from numeri_cli.output.text.explain import explanations
from numeri_cli.scoring.score_table import SCORES
from numeri_cli.scoring.summary import FIGURES
from tests.support.validations import sample_validation

[FOLDER] = text.__path__
DRAWN = "│┈┤\N{BRAILLE PATTERN BLANK}"
ROOMS = ("records.py", "commands", "ledger", "search", "scoring")
KINDS_OF_STATES = ("State", "Timing", "Standing", "Decision", "Verdict", "Health", "Reason")
SERVERS_SCORES = [
    "v2_corr20",
    "mmc",
    "corr60",
    "mmc60",
    "corj60",
    "cort20",
    "bmc",
    "fnc_v3",
    "corr_w_meta_model",
    "mcwnm",
    "apcwnm",
    "tc",
    "season_score",
    "alpha",
    "mpc",
]
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


def states_of(source: str) -> set[str]:
    """The words that a module lists as the states of something."""
    lists = [
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.endswith(KINDS_OF_STATES)
    ]
    return {
        one.value
        for words in lists
        for one in ast.walk(words)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def marks_of(source: str) -> set[str]:
    """Signs of no alphabet that a module shows, those that charts are drawn of apart."""
    constants = [one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Constant)]
    shown = "".join(one.value for one in constants if isinstance(one.value, str))
    return {sign for sign in shown if not (sign.isascii() or sign.isalnum() or sign in DRAWN)}


PACKAGE = Path(FOLDER).parents[1]
MODULES = [path for room in ROOMS for path in ((PACKAGE / room).rglob("*.py"))]
STATES = set().union(
    *(states_of(path.read_text("utf-8")) for path in (*MODULES, PACKAGE / "records.py"))
)
MARKS = set().union(
    *(marks_of(path.read_text("utf-8")) for path in (*Path(FOLDER).glob("*.py"),)),
)


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


def test_every_state_that_a_view_shows_is_explained_as_one() -> None:
    assert states_of('OldState = Literal["a"] | Other\nOther = Literal["b"]') == {"a"}
    assert {"on-time", "kept the old", "settled", "pruned", "cannot know"} <= STATES
    for state in STATES:
        assert explain(state).words[0].word == state


def test_every_mark_that_a_view_shows_is_explained() -> None:
    assert marks_of('"a → b", "é"') == {"→"}
    assert {"≠", "→", "−"} <= MARKS
    for mark in (*MARKS, "*", "±"):
        assert explain(mark).words[0].word == mark


@pytest.mark.parametrize("name", SERVERS_SCORES)
def test_the_servers_name_of_a_score_is_explained(name: str) -> None:
    [told] = explain(name).words
    assert told.word.lower() == name


@pytest.mark.parametrize(
    ("word", "places"),
    [
        ("profile", [None, "numeri tune", "numeri.toml"]),
        ("validation", [None, "numeri hosted"]),
        ("state", ["numeri run", "numeri rounds", "numeri payouts"]),
        ("accepted", [None]),
    ],
)
def test_a_word_of_several_meanings_is_told_with_each_place(
    word: str, places: list[str | None]
) -> None:
    assert [one.where for one in explain(word).words] == places


@pytest.mark.parametrize(
    "word",
    [
        "churn",
        "watchdog",
        "ensemble",
        "guard",
        "fund",
        "binning",
        "ledger",
        "small",
        "medium",
        "all",
        "v5.3",
        "scopes",
        "target_ender_60",
        "target_cyrus_v4_20",
    ],
)
def test_a_word_that_a_newcomer_met_is_explained(word: str) -> None:
    assert explain(word).words[0].word == word


def test_benchmark_and_meta_model_have_sentences_of_their_own() -> None:
    meanings = [score.meaning for score in SCORES if "exposure" not in score.label]
    assert len(set(meanings)) == len(meanings)


def test_a_guess_is_made_only_where_it_is_near() -> None:
    for word, hint in (("settld", "did you mean 'settled'?"), ("purple", "`numeri explain` lists")):
        with pytest.raises(UsageProblem) as caught:
            explain(word)
        assert caught.value.hint.startswith(hint)
