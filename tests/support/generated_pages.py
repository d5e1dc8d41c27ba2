"""What of the guide follows from the program: the profile's keys, the scores, the codes of errors.

`python -m tests.support.generated_pages` writes it into the pages; a test holds them against it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from numeri_cli import errors
from numeri_cli.commands.profile_keys import ANY_MODEL, ProfileKey, profile_keys
from numeri_cli.errors import ExitCode, NumeriError
from numeri_cli.scoring.score_table import SCORES
from tests.support.sources import PACKAGE

GUIDE = PACKAGE / "guide"
MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SECTIONS = {
    "": "The top of the file",
    f"models.{ANY_MODEL}": "A model",
    f"models.{ANY_MODEL}.estimator": "What learns",
    f"models.{ANY_MODEL}.era_weights": "How much each era counts in training",
    f"models.{ANY_MODEL}.neutralize": "What is taken out of the predictions",
    f"models.{ANY_MODEL}.tune.{ANY_MODEL}": "What `numeri tune` varies, by name",
    "wire": "How patient the client is",
    "cluster": "Other machines that train",
    "mcp": "What programs that speak MCP may do",
    "notify": "Who is told",
    "guard": "What speaks against a model: warn, refuse or off",
}


def generated() -> dict[str, str]:
    """What belongs between the marks, by their name."""
    return {"keys": _keys(), "scores": _scores(), "codes": _codes()}


def page_as_generated(text: str) -> str:
    """The page with what follows from the program as the program has it now."""
    parts = generated()
    return MARKED.sub(lambda found: f"{found[1]}\n{parts[found[2]]}\n{found[3]}", text)


def pages_with_marks() -> Iterator[Path]:
    """The pages that hold something generated."""
    for path in sorted(GUIDE.glob("*.md")):
        if MARKED.search(path.read_text(encoding="utf-8")):
            yield path


def _keys() -> str:
    parts = []
    for section, keys in groupby(_by_section(profile_keys()), key=lambda key: key.section):
        heading = f"\n`[{section}]`\n" if section else ""
        parts.append(f"## {SECTIONS.get(section, section)}\n{heading}")
        rows = [(f"`{key.name}`", key.takes, _default(key), key.meaning) for key in keys]
        parts.append(_table(("key", "takes", "default", "what it does"), rows))
    return "\n".join(parts)


def _by_section(keys: Iterable[ProfileKey]) -> list[ProfileKey]:
    """The keys with those of a section together, in the order in which sections are met."""
    found = list(keys)
    places = {key.section: place for place, key in reversed(list(enumerate(found)))}
    places[""] = -1
    return sorted(found, key=lambda key: places[key.section])


def _default(key: ProfileKey) -> str:
    return "–" if key.default is None else f"`{key.default}`"


def _scores() -> str:
    rows = [
        (
            score.label,
            f"`{score.name}`",
            "lower" if score.lower_is_better else "higher",
            score.meaning,
            score.source,
        )
        for score in SCORES
    ]
    return _table(("score", "in JSON", "better is", "what it means", "source"), rows)


def _codes() -> str:
    """The codes of all errors by the exit code that they end with."""
    codes: dict[ExitCode, set[str]] = {}
    bases = set()
    for error in vars(errors).values():
        if inspect.isclass(error) and issubclass(error, NumeriError):
            codes.setdefault(error.exit_code, set()).add(error.code)
            bases |= {base.code for base in error.__mro__[1:] if hasattr(base, "code")}
    nobody = bases - {"ledger_damaged"}  # of whole branches, which are never raised themselves
    rows = [
        (str(int(code)), ", ".join(f"`{word}`" for word in sorted(words - nobody)))
        for code, words in sorted(codes.items())
    ]
    return _table(("exit", "codes"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for page in pages_with_marks():
        page.write_text(page_as_generated(page.read_text(encoding="utf-8")), encoding="utf-8")
