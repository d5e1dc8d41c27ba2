"""What is Classic's own stands in one record, and nowhere else in the client."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numeri_cli
from numeri_cli.api import queries
from numeri_cli.tournaments import CLASSIC

PACKAGE = Path(numeri_cli.__file__).parent
NUMBER_NEARBY = re.compile(r"tournament|classic", re.IGNORECASE)
IN_A_DOCUMENT = re.compile(rf"tournament\W{{1,4}}{CLASSIC.number}\b")


def client_sources() -> Iterator[tuple[Path, str]]:
    """Every file of the client but the record itself; practice has its own numbers."""
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE)
        if "practice" not in inside.parts and inside.name != "tournaments.py":
            yield path, path.read_text(encoding="utf-8")


def numbers_in(source: str) -> list[str]:
    """Lines in which Classic's number stands for a tournament."""
    lines, found = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Constant):
            continue
        line = lines[node.lineno - 1]
        is_number = type(node.value) is int and node.value == CLASSIC.number
        if (is_number and NUMBER_NEARBY.search(line)) or (
            isinstance(node.value, str) and IN_A_DOCUMENT.search(node.value)
        ):
            found.append(line)
    return found


def file_names_in(source: str) -> list[str]:
    """The names of Classic's files among the texts of a module."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return [text for text in texts if text in CLASSIC.files.usual]


def test_no_other_file_of_the_client_knows_the_number_of_classic() -> None:
    planted = [
        "CLASSIC = 8",
        "ask(tournament=8)",
        "if tournament == 8: x()",
        'q = "(tournament: 8)"',
    ]
    assert all(numbers_in(line) for line in planted)
    assert numbers_in("size = bits // 8") == []
    sources = list(client_sources())
    assert len(sources) > 80
    numbered = {path: numbers_in(text) for path, text in sources}
    assert {path: lines for path, lines in numbered.items() if lines} == {}


def test_no_other_file_of_the_client_names_the_files_of_classic() -> None:
    assert file_names_in('LIVE = "live.parquet"') == ["live.parquet"]
    assert {
        path: file_names_in(text) for path, text in client_sources() if file_names_in(text)
    } == {}


def test_a_word_stands_for_a_file_and_a_name_for_itself() -> None:
    named = CLASSIC.files.named
    assert [named("live"), named("features"), named("train")] == [
        "live.parquet", "features.json", "train.parquet",
    ]  # fmt: skip
    assert named("live_example_preds.csv") == "live_example_preds.csv"


def test_every_call_of_the_record_is_made_by_a_document_that_names_it() -> None:
    documents = [text for text in vars(queries).values() if isinstance(text, str)]
    for call in (CLASSIC.calls.upload_authorization, CLASSIC.calls.create):
        assert sum(f"{call}(" in text for text in documents) == 1
