"""A name means one thing in the whole program, and a docstring stands alone."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.sources import PACKAGE, ROOT, TESTS, trees

LEANING = re.compile(r"\b[Ll]ikewise\b|\b[Aa]s above\b|^(The same (with|for|as)|Like|All of it) ")
HEADLESS = re.compile(r"^Of ")  # of what, but not what


def leaning(tree: ast.Module) -> Iterator[str]:
    """Docstrings that are understood only beside another one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if LEANING.search(text) or HEADLESS.search(text):
                yield text.splitlines()[0]


def repeated(files: Iterable[tuple[Path, ast.Module]]) -> dict[str, list[str]]:
    """Names of classes, private ones too, that more than one class has, with their files."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in files:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.name)
    return {name: files for name, files in places.items() if len(files) > 1}


def test_a_planted_docstring_that_leans_on_another_is_found() -> None:
    planted = [
        "Likewise.",
        "Like `other`, twice.",
        "The same with more.",
        "See as above.",
        "Of one era.",
        "All of it at once.",
        "It comes out the same with any number of threads.",
    ]
    text = "".join(f"def f{at}():\n    {line!r}\n" for at, line in enumerate(planted))
    assert list(leaning(ast.parse(text))) == planted[:6]


def test_every_docstring_stands_alone() -> None:
    files = [*trees(PACKAGE), *trees(TESTS)]
    found = {
        str(path.relative_to(ROOT)): [
            text for text in leaning(tree) if path.is_relative_to(PACKAGE) or LEANING.search(text)
        ]
        for path, tree in files
    }
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_a_class_has_a_name_of_its_own_in_the_whole_program() -> None:
    planted = ast.parse("class A:\n    class _B: ...\nclass _B: ...\n")
    assert repeated([(Path("one.py"), planted)]) == {"_B": ["one.py", "one.py"]}
    assert repeated(trees(PACKAGE)) == {}
