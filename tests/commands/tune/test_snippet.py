"""A model as a profile: what is read back is what was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from numeri_cli.commands.tune.snippet import free_place, toml, write_snippet
from numeri_cli.config import read_profile

PROFILES = (
    "",
    """
features = ["small", "-a\\"b\\\\c"]
seeds = [1, 2]
train_window = ["0001-0100", "0120"]
retrain = "4 weeks"
retrain_hours = 3
""",
    """
neutralize = [{ features = "small" }, { benchmark = "v53_lgbm", proportion = 1 }]
era_weights = { equal = true, half_life_eras = 90 }
""",
    """
[models.lighthouse.estimator]
name = "mine:Class"
epochs = 3
params = { "odd key" = [1.5, 1e-7, "ü\\u0001"], deep = { a = true, b = {} }, alpha = 1.0 }
""",
)


@pytest.mark.parametrize("lines", PROFILES)
def test_a_snippet_is_read_as_the_model_that_was_written(lines: str, tmp_path: Path) -> None:
    given = tmp_path / "numeri.toml"
    given.write_text(f"[models.lighthouse]\n{lines}")
    spec = read_profile(given, asked="practice").models["lighthouse"]
    snippet = tmp_path / "tuned.toml"
    write_snippet(
        snippet,
        "lighthouse",
        spec,
        tournament="practice",
        data_version="v5.3",
        comments=("a line\nthat is = none",),
    )
    again = read_profile(snippet)
    assert again.tournament == "practice"
    kept = again.models["lighthouse"]
    assert kept.model_dump() == spec.model_dump()


def test_a_snippet_takes_the_place_of_an_earlier_one_and_of_nothing_else(tmp_path: Path) -> None:
    given = tmp_path / "numeri.toml"
    given.write_text("[models.lighthouse]\n")
    spec = read_profile(given, asked="practice").models["lighthouse"]

    def written(in_use: Path) -> str:
        place = free_place(tmp_path, "lighthouse", in_use=in_use)
        write_snippet(
            place,
            "lighthouse",
            spec,
            tournament="practice",
            data_version="v5.3",
            comments=("found",),
        )
        return place.name

    first = tmp_path / "lighthouse-tuned.toml"
    assert [written(given), written(given)] == [first.name] * 2
    assert written(first) == "lighthouse-tuned-2.toml"
    assert written(given) == first.name
    first.write_text(f"{first.read_text()}\n[notify]\n")
    assert written(given) == "lighthouse-tuned-2.toml"
    assert first.read_text().endswith("[notify]\n")


def test_what_toml_has_not_is_refused() -> None:
    with pytest.raises(TypeError):
        toml(object())
