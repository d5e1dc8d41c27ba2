"""Where a program decides by what something is called."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ASKING = ("startswith", "endswith", "get")


def comparisons_with(names: Iterable[str], files: Iterable[tuple[Path, ast.Module]]) -> list[str]:
    """Places such as "run.py:12" that decide by one of the names.

    A constant or a member of an enumeration that holds a name counts as that name, wherever it is.
    """
    known = set(names)
    parsed = list(files)
    constants = {name for _, tree in parsed for name in _constants(tree, known)}
    return [
        f"{path.name}:{node.lineno}"
        for path, tree in parsed
        for decision in _decisions(tree)
        for node in ast.walk(decision)
        if isinstance(node, ast.expr)
        and (
            (isinstance(node, ast.Constant) and node.value in known)
            or (isinstance(node, ast.Name) and node.id in constants)
            or (isinstance(node, ast.Attribute) and node.attr in constants)
        )
    ]


def _constants(tree: ast.Module, names: set[str]) -> Iterator[str]:
    for body in ast.walk(tree):
        for node in body.body if isinstance(body, ast.Module | ast.ClassDef) else ():
            if isinstance(node, ast.Assign) and _says(node.value, names):
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.target.id.isupper()
                and _says(node.value, names)
            ):
                yield node.target.id


def _says(node: ast.AST | None, names: set[str]) -> bool:
    return isinstance(node, ast.Constant) and node.value in names


def _decisions(tree: ast.Module) -> Iterator[ast.AST]:
    """Comparisons, cases, keys, and questions how a word begins or ends."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield node
        elif isinstance(node, ast.match_case):
            yield node.pattern
        elif isinstance(node, ast.Dict):
            yield from (key for key in node.keys if key is not None)
        elif isinstance(node, ast.Subscript):
            yield node.slice
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ASKING:
            yield from node.args
