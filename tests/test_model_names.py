"""One rule for names of models, wherever one comes from: dashes included, none in front."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from numeri_cli.config import read_profile
from numeri_cli.errors import ArtifactDamaged, PracticeSettings, ProfileInvalid
from numeri_cli.files import safe_name
from numeri_cli.learning.artifact import find_artifact
from numeri_cli.model_names import MOST_CHARACTERS, is_model_name
from numeri_cli.practice.tournament import Tournament
from tests.support.program import numeri, practice, profile, trained, trained_template
from tests.support.runner import PROFILE, Numeri

__all__ = ["numeri", "practice", "profile", "trained", "trained_template"]
GOOD = ("night-watch", "a", "0", "_x", "A-b_9", "x" * MOST_CHARACTERS, "a--", "con")
BAD = ("", "-x", "x" * (MOST_CHARACTERS + 1), "a b", "a.b", "a/b", "..", "ä", "a\n", "a\u2011b")


def profile_says(name: str) -> bool:
    path = Path("other.toml")
    path.write_text(f"[models.{json.dumps(name)}]\n")
    try:
        return list(read_profile(path).models) == [name]
    except ProfileInvalid:
        return False


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_profile_practice_and_disk_say_the_same_of_a_name(practice: Path, name: str) -> None:
    good = name in GOOD
    assert is_model_name(name) is good
    assert profile_says(name) is good
    tournament = Tournament.open(practice)
    if good:
        tournament.add_model(name)
        assert safe_name(name) == name
    else:
        with pytest.raises(PracticeSettings, match="cannot be a model's name"):
            tournament.add_model(name)
    tournament.close()


def test_a_model_with_a_dash_goes_through_every_command(numeri: Numeri, trained: Path) -> None:
    name = "night-watch"
    assert numeri("practice", "add-model", name).code == 0
    assert numeri("init", "--force", "--model", name, "--tournament", "practice").code == 0
    Path("numeri.toml").write_text(PROFILE.replace("lighthouse", name))
    for words in (["train", name], ["predict", name], ["run"], ["scores", name], ["models"]):
        said = numeri(*words, "--json")
        assert said.code == 0, said
    assert (trained / "data" / "models" / "practice" / name).is_dir()
    assert list((trained / "data" / "predictions").rglob(f"{name}.parquet"))
    assert numeri("practice", "stake", name, "1").code == 0
    assert numeri("practice", "advance").code == 0
    (outcome,) = numeri("run", "--json").data["models"]
    assert (outcome["model"], outcome["state"]) == (name, "accepted")
    (row,) = numeri("submit", name, "--json").data["models"]
    assert row["state"] == "accepted"
    assert numeri("models", "export", name).code == 0


def test_an_artifact_of_another_model_is_not_taken_for_this_one(
    numeri: Numeri, trained: Path
) -> None:
    folder = trained / "data" / "models" / "practice" / "lighthouse"
    (contract,) = folder.glob("2*/model.json")
    contract.write_text(contract.read_text().replace('"lighthouse"', '"beacon"'))
    with pytest.raises(ArtifactDamaged, match="holds the model 'beacon'"):
        find_artifact(folder, tournament="practice")
    said = numeri("predict", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "artifact_damaged")
