"""What this machine keeps: ledger, trained models, practice tournament; damaged in every way."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.damages import altered, cut, emptied, replaced
from tests.support.refusals import kept, refused
from tests.support.runner import Numeri

Damage = Callable[[Path], object]
SMALL = ("--stocks", "150", "--eras", "60", "--features", "24")


def gone(path: Path) -> None:
    """Leave nothing, not even the name."""
    path.unlink()


def another_programs(path: Path) -> None:
    """A sound SQLite file with a table of the same name and nothing else in common."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE tournament (something)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()


def newer(path: Path) -> None:
    """As a later version of this program would leave it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.commit()


def test_a_ledger_of_a_newer_version_is_left_alone(numeri: Numeri, trained: Path) -> None:
    newer(trained / "data" / "ledger.sqlite")
    said = numeri("rounds", "--json")
    refused(
        said,
        exit_code=4,
        code="ledger_damaged",
        sentence="written by a newer version",
        cure="`pip install --upgrade numeri`",
    )


def artifact(home: Path) -> Path:
    (folder,) = (home / "data" / "models" / "practice" / "lighthouse").glob("2*")
    return folder


@pytest.mark.parametrize(
    ("name", "damage", "code", "sentence"),
    [
        ("model.json", cut, "artifact_damaged", "is no contract of a model"),
        ("model.json", emptied, "artifact_damaged", "is no contract of a model"),
        ("model.json", replaced, "artifact_damaged", "is no contract of a model"),
        ("model.json", gone, "model_untrained", "holds no trained model"),
        ("target_ender_20-seed1.txt", altered, "artifact_damaged", "was altered"),
        ("target_ender_20-seed1.txt", cut, "artifact_damaged", "was altered"),
        ("target_ender_20-seed1.txt", gone, "artifact_damaged", "is missing"),
    ],
)
def test_a_damaged_model_predicts_nothing_until_it_is_trained_again(
    numeri: Numeri, trained: Path, name: str, damage: Damage, code: str, sentence: str
) -> None:
    damage(artifact(trained) / name)
    said = numeri("predict", "--output", "mine.csv", "--json")
    refused(said, exit_code=1, code=code, sentence=sentence, cure="train")
    assert not Path("mine.csv").exists()
    assert numeri("train").code == 0
    assert numeri("predict", "--output", "mine.csv").code == 0


def test_a_model_trained_elsewhere_is_refused(numeri: Numeri, trained: Path) -> None:
    contract = artifact(trained) / "model.json"
    contract.write_text(contract.read_text().replace('"practice"', '"numerai"'))
    said = numeri("predict", "--json")
    refused(
        said,
        exit_code=1,
        code="artifact_foreign",
        sentence="was trained for the tournament numerai, not practice",
        cure="train it",
    )


def test_one_damaged_model_does_not_cost_the_others_their_round(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    text = profile.read_text()
    profile.write_text(text + "\n" + text[text.index("[models") :].replace("lighthouse", "beacon"))
    cut(artifact(trained) / "model.json")
    said = numeri("run", "--json")
    refused(
        said,
        exit_code=1,
        code="artifact_damaged",
        sentence="lighthouse: ",
        cure="`numeri train`",
    )
    assert [model["state"] for model in said.data["models"]] == ["failed", "accepted"]
    assert numeri("train", "lighthouse").code == 0
    states = [model["state"] for model in numeri("run", "--json").data["models"]]
    assert states == ["accepted", "already accepted"]


def test_a_model_that_was_never_trained_is_refused_by_what_only_uses_it(
    numeri: Numeri, trained: Path
) -> None:
    shutil.rmtree(trained / "data" / "models")
    for command in ("predict", "submit", "validate"):
        said = numeri(command, "--json")
        refused(
            said,
            exit_code=1,
            code="model_untrained",
            sentence="has not been trained",
            cure="`numeri train lighthouse`",
        )


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *[("tournament.sqlite", damage) for damage in (cut, emptied, replaced, gone)],
        ("tournament.sqlite", another_programs),
        *[("keys.json", damage) for damage in (cut, altered, gone)],
        *[("world/world.json", damage) for damage in (cut, altered, gone)],
        *[("world/base/features.npy", damage) for damage in (cut, gone)],
    ],
)
def test_a_damaged_practice_tournament_is_said_and_can_be_reset(
    numeri: Numeri, practice: Path, profile: Path, name: str, damage: Damage
) -> None:
    damage(practice / name)
    for words in (["practice", "status"], ["practice", "advance"], ["run"]):
        said = numeri(*words, "--json")
        refused(
            said,
            exit_code=1,
            code="practice_damaged",
            sentence="damaged",
            cure="`numeri practice reset`",
        )
    assert numeri("practice", "reset", "--yes").code == 0
    assert not practice.exists()
    said = numeri("practice", "status", "--json")
    refused(
        said,
        exit_code=1,
        code="practice_missing",
        sentence="no practice tournament",
        cure="`numeri practice create`",
    )


def test_a_practice_tournament_of_a_newer_version_is_left_alone(
    numeri: Numeri, practice: Path
) -> None:
    newer(practice / "tournament.sqlite")
    said = numeri("practice", "status", "--json")
    refused(
        said,
        exit_code=1,
        code="practice_damaged",
        sentence="made by a newer numeri",
        cure="update numeri",
    )


def test_a_practice_tournament_is_not_made_over_another(numeri: Numeri, practice: Path) -> None:
    before = kept(practice)
    said = numeri("practice", "create", *SMALL, "--json")
    refused(
        said,
        exit_code=1,
        code="practice_exists",
        sentence="already in",
        cure="`numeri practice reset`",
    )
    assert kept(practice) == before


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("--stocks", "2"), 1, "practice_settings"),
        (("--eras", "5"), 1, "practice_settings"),
        (("--features", "1"), 1, "practice_settings"),
        (("--stocks", "many"), 2, "usage"),
        (("--start", "soon"), 2, "usage"),
    ],
)
def test_a_world_that_cannot_be_is_refused_before_it_is_begun(
    numeri: Numeri, home: Path, words: tuple[str, str], exit_code: int, code: str
) -> None:
    said = numeri("practice", "create", *words, "--json")
    refused(said, exit_code=exit_code, code=code, sentence="", cure="")
    assert said.json["error"]["hint"]
    assert not (home / "data" / "practice").exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "the question was not answered"), ("n\n", "nothing was removed")],
)
def test_a_reset_that_nobody_agrees_to_removes_nothing(
    numeri: Numeri,
    practice: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    sentence: str,
) -> None:
    before = kept(practice)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = numeri("practice", "reset")
    assert said.code == 2
    assert f"error: {sentence}" in said.err
    assert kept(practice) == before
