"""What the guide tells of keys, scores and codes is what the program has."""

from __future__ import annotations

import tomllib

import pytest

from numeri_cli.commands.profile_keys import ANY_MODEL, keys_without_a_place, profile_keys
from numeri_cli.config import Profile
from tests.support.generated_pages import GUIDE, page_as_generated, pages_with_marks
from tests.support.runner import Numeri


def test_every_generated_part_is_as_the_program_has_it() -> None:
    """`python -m tests.support.generated_pages` writes it."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in pages_with_marks()}
    assert set(pages) >= {"profile.md", "formulas.md", "exit-codes-and-json.md"}
    assert {name for name, text in pages.items() if page_as_generated(text) != text} == set()


def test_a_planted_difference_would_be_found() -> None:
    text = (GUIDE / "profile.md").read_text(encoding="utf-8").replace("`era_stride`", "`era_step`")
    assert page_as_generated(text) != text


def test_every_key_has_a_sentence_and_none_that_is_gone() -> None:
    """In `commands/profile_keys.py`."""
    assert [key.path for key in profile_keys() if not key.meaning] == []
    assert keys_without_a_place() == set()


def test_every_default_is_one_that_the_profile_takes() -> None:
    lines: dict[str, list[str]] = {}
    for key in profile_keys():
        if key.default is not None:
            lines.setdefault(key.section, []).append(f"{key.name} = {key.default}")
    text = "\n".join(lines.pop(""))
    for section, defaults in lines.items():
        text += "\n".join(["", f"[{section}]".replace(ANY_MODEL, "lighthouse"), *defaults])
    given = Profile.model_validate(tomllib.loads(text))
    plain = Profile.model_validate({"models": {"lighthouse": {}}})
    assert given.guard == plain.guard
    assert given.models["lighthouse"].targets == plain.models["lighthouse"].targets


@pytest.mark.parametrize(
    ("word", "path"), [("era_stride", "models.NAME.era_stride"), ("wire.attempts", "wire.attempts")]
)
def test_a_key_of_the_profile_is_explained_by_its_name_and_by_its_path(
    numeri: Numeri, word: str, path: str
) -> None:
    [found] = numeri("explain", word, "--json").data["words"]
    assert found["word"] == path
    assert "whole number" in found["meaning"]
