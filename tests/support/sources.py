"""The program's own source, as tests of the house read it."""

from __future__ import annotations

import ast
import gc
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "numeri_cli"
TESTS = ROOT / "tests"


@cache
def trees(folder: Path = PACKAGE) -> tuple[tuple[Path, ast.Module], ...]:
    """Every Python file below a folder, parsed."""
    gc.disable()  # it would look through a million nodes again and again, and find them all in use
    try:
        return tuple(
            (path, ast.parse(path.read_text(encoding="utf-8")))
            for path in sorted(folder.rglob("*.py"))
        )
    finally:
        gc.enable()
