"""The guide's pages ship with the program and name what is there."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.support.sources import PACKAGE

PAGES = sorted(path.name for path in (PACKAGE / "guide").glob("*.md"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_found_beside_the_program_and_begins_with_its_title(name: str) -> None:
    text = files("numeri_cli.guide").joinpath(name).read_text(encoding="utf-8")
    assert re.match(r"# [A-Z][^\n]+\n\n\S", text)


def test_every_room_of_the_program_stands_on_the_page_that_tells_how_it_works() -> None:
    page = (PACKAGE / "guide" / "how-it-works.md").read_text(encoding="utf-8")
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    rooms = folders | {path.name for path in PACKAGE.glob("[a-z]*.py")}
    assert len(rooms) > 20
    assert {room for room in rooms if f"`{room}`" not in page} == set()
