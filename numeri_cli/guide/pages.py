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


def pages() -> Iterator[Page]:
    """Every page that is installed, by topic."""
    folder = files("numeri_cli.guide")
    for name in sorted(one.name for one in folder.iterdir() if one.name.endswith(".md")):
        text = folder.joinpath(name).read_text(encoding="utf-8")
        yield Page(name.removesuffix(".md"), text.splitlines()[0].removeprefix("# "), text)


def entries(topic: str = GLOSSARY) -> dict[str, str]:
    """Each word of the glossary with what it means, in the order of the page.

    topic: another page of words
    """
    text = _text(topic)
    found = re.findall(r"^## (.+)\n\n(.+(?:\n.+)*)", text, re.MULTILINE)
    return {word.strip("`"): " ".join(meaning.split("\n")) for word, meaning in found}


def formulas() -> dict[str, str]:
    """Each score, by its label, with the formula of one era, as the page of formulas has it."""
    section = _text(FORMULAS).partition("## One era")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return {label: formula for labels, formula in rows for label in labels.split(", ")}


def _text(topic: str) -> str:
    return next(page.text for page in pages() if page.topic == topic)
