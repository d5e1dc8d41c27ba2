"""The pages by their topics: a topic is the name of a page's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

GLOSSARY, TABLES = "glossary", "tables"


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
    text = next(page.text for page in pages() if page.topic == topic)
    found = re.findall(r"^## (.+)\n\n(.+(?:\n.+)*)", text, re.MULTILINE)
    return {word.strip("`"): " ".join(meaning.split("\n")) for word, meaning in found}
