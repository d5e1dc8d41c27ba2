"""The blocks of a page: what is typed, what is shown then, what is written into which file.

A block `sh` is typed, and the block `text` behind it is what is shown then; "…" alone on a line
stands for lines that are left out. A block that begins with `# NAME.py` is that file; one that
begins with `# at the end of NAME` is added to it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = "…"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (at the end of )?([\w.]+\.(?:py|toml))$")
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REPORT = re.compile(r"-[0-9a-f]{8}\.html")
_RANKED = re.compile(r"^ *(?:\d+|–) +[a-z_0-9]+ .*")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_FIGURE = re.compile(rf"[+−-]?\d[\d,.]*|–|\b(?:{_MONTHS})\b")
_VERDICT = re.compile(r" \((?:limit .+|too few .+)\); (?:more than noise|may be noise: .+)$")
_CALLED = re.compile(r"(?<=[ `])\S*/bin/(?=numeri )")


@dataclass(frozen=True)
class PageBlock:
    """A fenced block of a page, and the block behind it that tells what is shown then, or ""."""

    language: str
    text: str
    shown: str = ""

    @property
    def lines(self) -> list[str]:
        """What is typed, a command a line, without remarks."""
        return [" ".join(line.split("  #")[0].split()) for line in self.text.splitlines() if line]


def blocks_of(page: str) -> Iterator[PageBlock]:
    """The blocks of a page in their order; those of what is shown belong to the one before."""
    found = [(one[1], one[2]) for one in _FENCED.finditer(page)]
    for (language, text), (following, shown) in zip(found, [*found[1:], ("", "")], strict=False):
        if language != "text":
            yield PageBlock(language, text, shown if following == "text" else "")


def write_block(block: PageBlock, folder: Path) -> bool:
    """Write the block into the file that its first line names; False where it names none."""
    named = _FILE.match(block.text.partition("\n")[0])
    if named is None:
        return False
    with (folder / named[2]).open("a" if named[1] else "w", encoding="utf-8") as file:
        file.write(f"\n{block.text}")
    return True


def commands_of(page: str) -> Iterator[list[str]]:
    """The words of every command of numeri in a block of the page that a shell takes."""
    for block in blocks_of(page):
        if block.language in ("", "sh"):
            for line in block.text.splitlines():
                for part in re.split(r"&&|\|\|?|;|\bdo\b", line.split("  #")[0]):
                    words = shlex.split(part, comments=True) if "numeri " in part else []
                    if words and words[0].rpartition("/")[2] == "numeri":
                        yield words[1:]


def same_for_everybody(text: str, *, home: str, folder: str = "") -> str:
    """What is shown, without what differs from one machine and run to the next: ids and places.

    folder: in which it was typed
    """
    text = text.replace(f"{folder}/", "") if folder else text
    text = _CALLED.sub("", text.replace(home, "~"))
    return _REPORT.sub("-ID.html", _IDS.sub("ID", text))


def without_figures(text: str) -> str:
    """What a world of any size shows: no figures, months, marks, widths or ranks."""
    lines: list[str] = []
    for line in text.splitlines():
        plain = _VERDICT.sub("; a verdict", line.replace(" *", ""))
        words = _FIGURE.sub("0", plain).replace("─", "").split()
        plain = "models by rank" if _RANKED.match(line) else " ".join(words)
        if plain != "models by rank" or plain not in lines[-1:]:
            lines.append(plain)
    return "\n".join(lines)


def lines_not_shown(expected: str, actual: str) -> list[str]:
    """The lines of a page that are not shown, in their order; what it leaves out may be anything.

    Lines of the page that stand together have to be shown together.
    """
    seen = [line.rstrip() for line in actual.splitlines()]
    place, missing = 0, []
    for group in _groups(expected):
        starts = range(place, len(seen))
        best = max(starts, key=lambda at: _alike(group, seen[at:]), default=place)
        alike = _alike(group, seen[best:])
        missing += group[alike:]
        place = best + alike
    return missing


def _groups(expected: str) -> Iterator[list[str]]:
    """The lines between those that stand for what is left out."""
    group: list[str] = []
    for line in [*expected.splitlines(), LEFT_OUT]:
        if line.strip() != LEFT_OUT:
            group.append(line.rstrip())
        elif group:
            yield group
            group = []


def _alike(group: Sequence[str], seen: Sequence[str]) -> int:
    """How many lines of the group come at once, from its first on."""
    pairs = zip(group, seen, strict=False)
    return next(
        (at for at, (one, other) in enumerate(pairs) if one != other), min(len(group), len(seen))
    )
