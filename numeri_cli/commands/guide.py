"""numeri guide: the pages for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.errors import UsageProblem, did_you_mean
from numeri_cli.guide.pages import pages
from numeri_cli.published import Published


@dataclass(frozen=True)
class GuideTopic(Published):
    """A page by its topic, and its title."""

    topic: str
    title: str


@dataclass(frozen=True)
class GuidePages(Published):
    """All topics, and the text of the page that was asked for, in Markdown; None where none was."""

    topics: tuple[GuideTopic, ...]
    text: str | None


def guide(topic: str | None) -> GuidePages:
    """The topics and one page, by its topic or by a word of it.

    Raises UsageProblem for a topic that is not there, or a word that several have.
    """
    found = {page.topic: page for page in pages()}
    topics = tuple(GuideTopic(page.topic, page.title) for page in found.values())
    if topic is None:
        return GuidePages(topics, None)
    return GuidePages(topics, found[_topic_meant(topic, tuple(found))].text)


def _topic_meant(asked: str, topics: Sequence[str]) -> str:
    """The topic, or the one that has all these words. Raises UsageProblem."""
    word = "-".join(asked.lower().removesuffix(".md").replace("_", " ").split())
    if word in topics:
        return word
    having = [topic for topic in topics if {*word.split("-")} <= {*topic.split("-")}]
    if len(having) == 1:
        return having[0]
    if having:
        raise UsageProblem(
            f"several pages have {asked[:40]!r} in their topic", hint=f"one of {', '.join(having)}"
        )
    hint = did_you_mean(asked, topics, otherwise="`numeri guide` lists all")
    raise UsageProblem(f"the guide has no page {asked!r}", hint=hint)
