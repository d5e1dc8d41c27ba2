"""Private names of libraries: which we use, that they are there, and that a version bounds them."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import reduce
from importlib import import_module

import pytest

from tests.support.sources import ROOT, trees

# library → the names that its next version may drop without a word
PRIVATE = {
    "lightgbm": {
        "basic._LIB",
        "basic._ConfigAliases",
        "basic._ConfigAliases._get_all_param_aliases",
        "basic._c_str",
        "basic._param_dict_to_str",
        "basic._safe_call",
    },
}
# of every named tuple; of every type checker; documented by the standard library, as os._exit
PUBLIC_ALL_THE_SAME = {"_replace", "_typeshed", "_exit"}
SHORT_NAMES = {"lgb": "lightgbm", "np": "numpy", "pd": "pandas", "pa": "pyarrow"}


def private_uses(tree: ast.Module) -> Iterator[str]:
    """Names whose last part is private, as they are written; after a call, that part alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            written = ast.unparse(node)
            first, _, rest = written.partition(".")
            dotted = re.fullmatch(r"[\w.]+", written)
            yield f"{SHORT_NAMES.get(first, first)}.{rest}" if dotted else node.attr
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC_ALL_THE_SAME


def own_names() -> set[str]:
    """Every private name that is defined somewhere in the package."""
    found = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return {name for name in found if is_private(name)}


def foreign(tree: ast.Module, own: set[str]) -> set[str]:
    """What is private to others among the names that are used."""
    return {
        use
        for use in private_uses(tree)
        if any(is_private(part) and part not in own for part in use.split("."))
    }


def test_a_planted_private_name_is_found() -> None:
    planted = ast.parse("from rich._loop import loop_last\nhttpx._client.X\nmine._a\nf()._b\n")
    assert foreign(planted, {"_a"}) == {"rich._loop.loop_last", "httpx._client", "_b"}


def test_no_other_private_name_of_a_library_is_used() -> None:
    own = own_names()
    found = {use for _, tree in trees() for use in foreign(tree, own)}
    assert found == {f"{library}.{name}" for library, names in PRIVATE.items() for name in names}


@pytest.mark.parametrize(
    ("library", "name"),
    [(library, name) for library, names in PRIVATE.items() for name in sorted(names)],
)
def test_a_private_name_that_we_use_is_there(library: str, name: str) -> None:
    assert reduce(getattr, name.split("."), import_module(library)) is not None


@pytest.mark.parametrize("library", sorted(PRIVATE))
def test_a_library_whose_private_names_we_use_has_an_upper_bound(library: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (declared,) = (one for one in project["dependencies"] if re.match(rf"{library}\b", one))
    assert re.search(r"<\d", declared)


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [one for many in project["optional-dependencies"].values() for one in many]
    words = [re.split(r"[<>=!~\[; ]", one)[0] for one in [*project["dependencies"], *extras]]
    declared = {word.lower().replace("-", "_") for word in words}
    modules = {"graphql_core": "graphql", "scikit_learn": "sklearn"}
    known = {modules.get(word, word) for word in declared} | {"numeri_cli"}
    assert imported() - known == set()
    assert {"markupsafe", "httpx", "graphql"} <= imported()


def imported() -> set[str]:
    """Top-level packages beyond the standard library that the program imports somewhere."""
    found: set[str] = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - PUBLIC_ALL_THE_SAME
