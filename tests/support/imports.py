"""Which file of the program imports which, told from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.sources import PACKAGE, trees


def module_name(path: Path, *, package: Path = PACKAGE) -> str:
    """The dotted name of a file; that of its folder for an __init__.py."""
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph(package: Path = PACKAGE, *, lazy: bool = True) -> dict[str, set[str]]:
    """Module → modules of the same package that it imports; those for type checkers left out.

    lazy: count imports inside functions too
    """
    files = trees(package)
    names = {module_name(path, package=package) for path, _ in files}
    graph: dict[str, set[str]] = {}
    for path, tree in files:
        here = module_name(path, package=package)
        graph[here] = {named for named in _imported(tree, lazy=lazy) if named in names} - {here}
    return graph


def _statements(tree: ast.AST, *, lazy: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for other in node.orelse:
                yield from _statements(other, lazy=lazy)
        elif lazy or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _statements(node, lazy=lazy)


def _imported(tree: ast.Module, *, lazy: bool) -> Iterator[str]:
    """Modules that are named, and what may be a module in `from package import name`."""
    for node in _statements(tree, lazy=lazy):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other, sorted; none where imports run one way."""
    reached = {name: _reach(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in graph
        if name in reached[name]
    }
    return [list(group) for group in sorted(groups)]


def _reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph.get(name, ()))
    return seen
