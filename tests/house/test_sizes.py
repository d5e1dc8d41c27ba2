"""A file that one head can hold, a function that one screen can, a folder where one looks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.sources import PACKAGE, TESTS, trees

FILE_LINES, FUNCTION_LINES = 400, 50
LISTS = {"errors.py"}  # one small class after another, drawn as a tree on top
OF_NO_ROOM = {"benchmarks", "cli", "contract", "faults", "fuzz", "house", "studies", "support"}


def long_functions(tree: ast.Module) -> Iterator[str]:
    """Functions whose statements, without signature and docstring, take too many lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = ast.get_docstring(node) is not None and len(node.body) > 1
            lines = (node.end_lineno or 0) - node.body[told].lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name}: {lines}"


def test_no_file_is_longer_than_one_head_can_hold() -> None:
    lines = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path, _ in trees()
    }
    assert len(lines) > 200
    assert {name: n for name, n in lines.items() if n > FILE_LINES and name not in LISTS} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    body = "    pass\n" * 50
    planted = f'def short():\n    "Says what it does."\n{body}def long():\n{body}    pass\n'
    assert list(long_functions(ast.parse(planted))) == ["long: 51"]
    found = {str(path.relative_to(PACKAGE)): list(long_functions(tree)) for path, tree in trees()}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_folder_of_tests_is_that_of_a_room() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - {Path()}
    assert len(folders) > 20
    rooms = {folder for folder in folders if folder.parts[0] not in OF_NO_ROOM}
    assert {str(room) for room in rooms if not (PACKAGE / room).is_dir()} == set()
