"""numeri guide: the pages for people."""

from __future__ import annotations

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
    """The topics and one page. Raises UsageProblem for a topic that is not there."""
    found = {page.topic: page for page in pages()}
    topics = tuple(GuideTopic(page.topic, page.title) for page in found.values())
    if topic is None:
        return GuidePages(topics, None)
    page = found.get(topic.lower().removesuffix(".md"))
    if page is None:
        hint = did_you_mean(topic, found, otherwise="`numeri guide` lists all")
        raise UsageProblem(f"the guide has no page {topic!r}", hint=hint)
    return GuidePages(topics, page.text)
