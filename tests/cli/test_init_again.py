"""`numeri init --force` takes nothing away before the new profile is whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.init import init
from numeri_cli.errors import ProfileInvalid
from numeri_cli.home import Home


@pytest.mark.parametrize("model", ['bad"name', "two\nlines", "x" * 60, ""])
def test_a_profile_stays_where_the_new_one_cannot_be(tmp_path: Path, model: str) -> None:
    path = tmp_path / "numeri.toml"
    path.write_text("# mine, with years of work in it\n")
    context = Context(home=Home.find(), asked_tournament="practice", asked_profile=path)
    with pytest.raises(ProfileInvalid) as caught:
        init(context, model=model, force=True)
    assert path.read_text() == "# mine, with years of work in it\n"
    assert tempfile.gettempdir() not in caught.value.message.replace(str(path), "")
    assert not list(tmp_path.glob("*numeri*.part"))


def test_a_profile_is_replaced_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "numeri.toml"
    path.write_text("# mine\n")
    context = Context(home=Home.find(), asked_tournament="practice", asked_profile=path)
    init(context, model="light_house", force=True)
    assert "[models.light_house]" in path.read_text()
