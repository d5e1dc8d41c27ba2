"""The pages by their topics: a topic is the name of a page's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

GLOSSARY, TABLES, FORMULAS = "glossary", "tables", "formulas"


@dataclass(frozen=True)
class Page:
    """A page of the guide: its topic, its title and its Markdown, the title included."""

    topic: str
    title: str
    text: str


@dataclass(frozen=True)
class Sense:
    """One meaning of a word; where: the table or place where it has it, None for everywhere."""

    word: str
    meaning: str
    where: str | None = None


def pages() -> Iterator[Page]:
    """Every page that is installed, by topic."""
    folder = files("numeri_cli.guide")
    for name in sorted(one.name for one in folder.iterdir() if one.name.endswith(".md")):
        text = folder.joinpath(name).read_text(encoding="utf-8")
        yield Page(name.removesuffix(".md"), text.splitlines()[0].removeprefix("# "), text)


def entries(topic: str = GLOSSARY) -> dict[str, str]:
    """Each word of the glossary with what it means first, in the order of the page.

    topic: another page of words
    """
    return {one.word: one.meaning for one in reversed(senses(topic))}


def senses(topic: str = GLOSSARY) -> tuple[Sense, ...]:
    """Each meaning of each word of a page, in its order: a paragraph, or an item for each place."""
    found = re.findall(r"^## (.+)\n\n(.+(?:\n.+)*)", _text(topic), re.MULTILINE)
    return tuple(sense for word, told in found for sense in _senses_of(word.strip("`"), told))


def _senses_of(word: str, told: str) -> Iterator[Sense]:
    for item in re.split(r"^- ", told, flags=re.MULTILINE):
        meaning = " ".join(item.split())
        placed = re.match(r"In (.+?): (.+)", meaning) if told.startswith("- ") else None
        if placed:
            yield Sense(word, placed[2], placed[1].replace("`", ""))
        elif meaning:
            yield Sense(word, meaning)


def formulas() -> dict[str, str]:
    """Each score, by its label, with the formula of one era, as the page of formulas has it."""
    section = _text(FORMULAS).partition("## One era")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return {label: formula for labels, formula in rows for label in labels.split(", ")}


def _text(topic: str) -> str:
    return files("numeri_cli.guide").joinpath(f"{topic}.md").read_text(encoding="utf-8")
