"""Weights of eras, from the profile to the trees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.refusals import refused
from tests.support.runner import PROFILE, Numeri

RIDGE = PROFILE[: PROFILE.index("[models.lighthouse.estimator]")] + (
    '\n[models.lighthouse.estimator]\nname = "sklearn.linear_model:Ridge"\n'
)


def weighted(text: str, settings: str) -> str:
    return f"{text}\n[models.lighthouse.era_weights]\n{settings}\n"


def trained_model(numeri: Numeri) -> tuple[dict[str, Any], list[bytes]]:
    """The contract and the members of a training."""
    said = numeri("train", "--json")
    assert said.code == 0, said.out
    folder = Path(said.data["models"][0]["folder"])
    members = sorted(path for path in folder.iterdir() if path.suffix in (".txt", ".joblib"))
    contract: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return contract, [path.read_bytes() for path in members]


def weights_in(contract: dict[str, Any]) -> tuple[bool, float | None]:
    weights = contract["spec"]["era_weights"]
    return weights["equal"], weights["half_life_eras"]


@pytest.mark.parametrize("text", [PROFILE, RIDGE], ids=["lightgbm", "ridge"])
def test_weights_of_eras_change_the_model_and_stand_in_its_contract(
    numeri: Numeri, trained: Path, profile: Path, text: str
) -> None:
    profile.write_text(text)
    _, plain = trained_model(numeri)
    profile.write_text(weighted(text, "half_life_eras = 4"))
    contract, aged = trained_model(numeri)
    assert weights_in(contract) == (False, 4)
    assert aged != plain
    profile.write_text(weighted(text, "half_life_eras = 4\nequal = true"))
    contract, _ = trained_model(numeri)
    assert weights_in(contract) == (True, 4)
    profile.write_text(weighted(text, "equal = false"))
    contract, unweighted = trained_model(numeri)
    assert weights_in(contract) == (False, None)
    assert unweighted == plain


def test_a_model_that_takes_no_weights_is_refused_with_them(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    neighbours = RIDGE.replace("linear_model:Ridge", "neighbors:KNeighborsRegressor")
    profile.write_text(weighted(neighbours, "equal = true"))
    refused(
        numeri("train", "--json"),
        exit_code=1,
        code="estimator_invalid",
        sentence="sklearn.neighbors:KNeighborsRegressor takes no sample weights",
        cure="leave out the weights of eras",
    )


@pytest.mark.parametrize(
    ("settings", "sentence", "cure"),
    [
        ("half_life_eras = 0.5", "line 12: models.lighthouse.era_weights.half_life_eras", "mend"),
        ("half_life = 50", "unknown key models.lighthouse.era_weights.half_life", "half_life_eras"),
    ],
)
def test_weights_that_cannot_be_are_refused_with_their_line(
    numeri: Numeri, profile: Path, settings: str, sentence: str, cure: str
) -> None:
    profile.write_text(weighted(PROFILE, settings))
    said = numeri("train", "--json")
    refused(said, exit_code=1, code="profile_invalid", sentence=sentence, cure=cure)
