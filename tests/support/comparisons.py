"""Where a program asks whether something has one of some names."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path


def comparisons_with(names: Iterable[str], files: Iterable[tuple[Path, ast.Module]]) -> list[str]:
    """Places such as "run.py:12" that compare with a name, match it or look it up in a table.

    A constant or a member of an enumeration that holds the name counts as the name, wherever it is.
    """
    known = set(names)
    parsed = list(files)
    constants = {
        target.id
        for _, tree in parsed
        for body in ast.walk(tree)
        if isinstance(body, ast.Module | ast.ClassDef)
        for node in body.body
        if isinstance(node, ast.Assign) and _says(node.value, known)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        f"{path.name}:{node.lineno}"
        for path, tree in parsed
        for node in ast.walk(tree)
        if isinstance(node, ast.expr | ast.pattern) and _asks(node, known, constants)
    ]


def _says(node: ast.AST | None, names: set[str]) -> bool:
    return isinstance(node, ast.Constant) and node.value in names


def _asks(node: ast.AST, names: set[str], constants: set[str]) -> bool:
    def is_name(one: ast.AST | None) -> bool:
        if isinstance(one, ast.Name):
            return one.id in constants
        if isinstance(one, ast.Attribute):
            return one.attr in constants
        if isinstance(one, ast.Tuple | ast.List | ast.Set):
            return any(is_name(part) for part in one.elts)
        return _says(one, names)

    if isinstance(node, ast.Compare):
        return any(is_name(one) for one in (node.left, *node.comparators))
    if isinstance(node, ast.MatchValue):
        return is_name(node.value)
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Dict)
        and any(is_name(key) for key in node.value.keys)
    )
