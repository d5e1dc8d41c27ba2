"""Imports run one way: between the files of the program, and between tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.imports import circles, import_graph
from tests.support.sources import ROOT, TESTS, trees

PLANTED = {
    "house/__init__.py": "",
    "house/top.py": "from house.middle import x\n",
    "house/middle.py": "def f():\n    from house import bottom\n",
    "house/bottom.py": "from typing import TYPE_CHECKING\n{back}",
}


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("", []),
        ("if TYPE_CHECKING:\n    import house.top\n", []),
        ("import house.top\n", [["house.bottom", "house.middle", "house.top"]]),
        ("def f():\n    import house.middle\n", [["house.bottom", "house.middle"]]),
    ],
    ids=["none", "for type checkers", "above", "inside a function"],
)
def test_a_planted_circle_is_found(back: str, found: list[list[str]], tmp_path: Path) -> None:
    for name, text in PLANTED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.format(back=back))
    assert circles(import_graph(tmp_path / "house")) == found


def test_a_planted_circle_inside_functions_is_none_between_modules(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "one.py").write_text("import house.two\n")
    (tmp_path / "house" / "two.py").write_text("def f():\n    import house.one\n")
    assert circles(import_graph(tmp_path / "house", lazy=False)) == []
    assert circles(import_graph(tmp_path / "house")) == [["house.one", "house.two"]]


def test_no_file_of_the_program_imports_itself_over_others() -> None:
    graph = import_graph()
    assert "numeri_cli.cli.app" in graph["numeri_cli.__main__"]
    assert circles(graph) == []


def borrowed(tree: ast.Module) -> Iterator[str]:
    """Modules of tests and conftests that are imported, and relative imports."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = f"{'.' * node.level}{node.module or ''}"
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            if re.search(r"^\.|\bconftest\b|\btests(\.\w+)*\.test_\w+", name):
                yield name
                break


def test_planted_borrowing_is_found() -> None:
    planted = (
        "from tests.cli.test_run import X\nfrom .conftest import a\nfrom tests.cli import conftest"
    )
    assert len(list(borrowed(ast.parse(planted)))) == 3
    assert list(borrowed(ast.parse("from tests.support.runner import Numeri"))) == []


def test_no_test_imports_from_a_conftest_or_from_another_test() -> None:
    found = {str(path.relative_to(ROOT)): list(borrowed(tree)) for path, tree in trees(TESTS)}
    assert {path: names for path, names in found.items() if names} == {}
