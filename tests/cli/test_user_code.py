"""Somebody's class fails in every way and at every place: it costs that model and no other."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.learning.estimators.kept_members import KEY
from tests.support.runner import PROFILE, Numeri
from tests.support.tournaments import fresh_tournament

PLACES = ("import", "construct", "fit", "predict", "save", "load")
KINDS = {
    "ValueError": "raise ValueError('planted')",
    "KeyError": "raise KeyError('planted')",
    "OSError": "raise OSError('planted')",
    "ImportError": "raise ImportError('planted')",
    "MemoryError": "raise MemoryError('planted')",
    "RecursionError": "deeper = lambda: deeper()\n        deeper()",
    "AssertionError": "assert False, 'planted'",
    "StopIteration": "next(iter(()))",
    "SystemExit": "sys.exit('planted')",
    "GeneratorExit": "raise GeneratorExit('planted')",
    "Own": "raise Own('planted')",
    "Unspeakable": "raise Unspeakable('planted')",
}
CLASS = '''
import sys
import numpy as np

class Own(BaseException):
    """Not even an Exception."""

class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")

def fail():
        {statement}

{at_import}

class Model:
    def __init__(self):
        {at_construct}

    def fit(self, X, y):
        {at_fit}
        return self

    def predict(self, X):
        {at_predict}
        return X[:, 0]

    def __getstate__(self):
        {at_save}
        return {{"kept": 1}}

    def __setstate__(self, state):
        {at_load}
        self.__dict__.update(state)
'''
SOUND = PROFILE.replace("n_estimators = 20", "n_estimators = 5")


def planted(kind: str, place: str) -> str:
    """The module of a class that fails so and there."""
    holes = {f"at_{one}": "fail()" if one == place else "pass" for one in PLACES}
    return CLASS.format(statement=KINDS[kind], **holes)


def profile_of(kind: str, place: str) -> str:
    """Three models, of which the middle one fails."""
    first = SOUND[SOUND.index("[models.lighthouse]") :]
    bad = (
        f'[models.beacon]\nfeatures = "small"\n'
        f'[models.beacon.estimator]\nname = "{module_of(kind, place)}:Model"\n'
    )
    last = first.replace("lighthouse", "nightwatch")
    return f'tournament = "practice"\n\n{first}\n{bad}\n{last}'


def module_of(kind: str, place: str) -> str:
    return f"planted_{kind.lower()}_{place}"


@pytest.fixture(scope="module")
def three_slots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a tournament of three models, two of them trained."""
    from numeri_cli.cli.app import main

    root = tmp_path_factory.mktemp("three")
    home = root / "home"
    fresh_tournament(home / "data" / "practice").close()
    trained = SOUND + SOUND[SOUND.index("[models.") :].replace("lighthouse", "nightwatch")
    (root / "numeri.toml").write_text(trained)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMERI_HOME", str(home))
        patch.chdir(root)
        for name in ("beacon", "nightwatch"):
            main(["practice", "add-model", name, "--quiet"])
        assert main(["train", "--quiet"]) == 0
    return home


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_class_that_fails_costs_its_own_model_alone(
    kind: str, place: str, three_slots: Path, home: Path, numeri: Numeri
) -> None:
    shutil.copytree(three_slots, home)
    module = module_of(kind, place)
    Path(f"{module}.py").write_text(planted(kind, place))
    Path("numeri.toml").write_text(profile_of(kind, place))
    try:
        said = numeri("run", "--json")
    finally:
        sys.modules.pop(module, None)
    assert said.code == 1
    assert said.out.count("\n") == 1
    models = {model["model"]: model for model in json.loads(said.out)["data"]["models"]}
    assert {models[name]["state"] for name in ("lighthouse", "nightwatch")} == {"accepted"}
    failed = models["beacon"]
    assert failed["state"] == "failed"
    message = failed["problem"]["message"]
    code = "memory_short" if kind == "MemoryError" else "estimator_invalid"
    assert failed["problem"]["code"] == code
    assert kind == "MemoryError" or f"{kind}" in message
    assert f"({place}, {module}.py, line " in message


def test_ctrl_c_in_a_class_ends_the_run(home: Path, practice: Path, numeri: Numeri) -> None:
    holes = {f"at_{one}": "fail()" if one == "fit" else "pass" for one in PLACES}
    Path("interrupted_model.py").write_text(
        CLASS.format(statement="raise KeyboardInterrupt", **holes)
    )
    Path("numeri.toml").write_text(
        'tournament = "practice"\n[models.lighthouse]\nfeatures = "small"\n'
        '[models.lighthouse.estimator]\nname = "interrupted_model:Model"\n'
    )
    said = numeri("run", "--json")
    assert (said.code, said.json["error"]["code"]) == (130, "interrupted")


def test_a_class_that_was_renamed_since_its_training_costs_its_own_model_alone(
    three_slots: Path, home: Path, numeri: Numeri
) -> None:
    shutil.copytree(three_slots, home)
    module = Path(f"{module_of('renamed', 'none')}.py")
    module.write_text(CLASS.format(statement="pass", **{f"at_{one}": "pass" for one in PLACES}))
    Path("numeri.toml").write_text(profile_of("renamed", "none"))
    assert numeri("train", "beacon").code == 0
    sys.modules.pop(module.stem)
    module.write_text(module.read_text().replace("class Model", "class Renamed"))
    said = numeri("run", "--json")
    assert said.code == 1
    assert said.out.count("\n") == 1
    states = {model["model"]: model["state"] for model in said.data["models"]}
    assert states == {"lighthouse": "accepted", "beacon": "failed", "nightwatch": "accepted"}
    assert "renamed or changed" in said.json["data"]["models"][1]["problem"]["hint"]


def test_train_goes_on_after_a_class_that_fails(
    three_slots: Path, home: Path, numeri: Numeri
) -> None:
    shutil.copytree(three_slots, home)
    module = module_of("ValueError", "fit")
    Path(f"{module}.py").write_text(planted("ValueError", "fit"))
    Path("numeri.toml").write_text(profile_of("ValueError", "fit"))
    said = numeri("train", "--json")
    sys.modules.pop(module)
    assert (said.code, said.json["error"]["code"]) == (1, "estimator_invalid")
    assert [row["model"] for row in said.data["models"]] == ["lighthouse", "nightwatch"]
    assert [one["message"][:7] for one in said.data["failed"]] == ["beacon:"]
    assert said.data["failed"][0]["message"] in numeri("train").out.replace("\n", "")
    sys.modules.pop(module)
    assert numeri("train", "beacon").code == 1


COUNTED = """
import pickle
from pathlib import Path

class Model:
    def __init__(self, random_state=0):
        self.seed = random_state

    def fit(self, X, y):
        {before}
        with Path("fits.txt").open("a") as file:
            file.write(f"{{self.seed}}\\n")
        return self

    def predict(self, X):
        return X[:, self.seed]
"""
FAILS_AT_THREE = """if self.seed == 3 and not Path("mended").exists():
            raise MemoryError"""


def seeds_fitted() -> list[int]:
    """Since this was last asked."""
    file = Path("fits.txt")
    found = [int(line) for line in file.read_text().split()] if file.exists() else []
    file.unlink(missing_ok=True)
    return found


@pytest.fixture
def counted(practice: Path) -> Iterator[Path]:
    """The module of a class whose third seed fails, and its profile."""
    module = Path("planted_counted.py")
    module.write_text(COUNTED.format(before=FAILS_AT_THREE))
    Path("numeri.toml").write_text(
        'tournament = "practice"\n[models.beacon]\nfeatures = "small"\nseeds = [1, 2, 3]\n'
        '[models.beacon.estimator]\nname = "planted_counted:Model"\n'
    )
    yield module
    sys.modules.pop(module.stem, None)


def test_members_that_were_trained_before_another_failed_are_kept(
    counted: Path, numeri: Numeri
) -> None:
    assert numeri("train").code == 1
    assert seeds_fitted() == [1, 2]
    assert numeri("train").code == 1
    assert seeds_fitted() == []
    Path("mended").touch()
    said = numeri("train", "--verbose")
    assert said.code == 0
    assert seeds_fitted() == [3]
    assert "beacon target_ender_60 seed 2 is kept from the training before" in said.err
    assert numeri("predict", "--output", "mine.csv").code == 0
    assert numeri("train").code == 0
    assert seeds_fitted() == [1, 2, 3]


def test_members_of_code_that_was_changed_since_are_trained_anew(
    counted: Path, numeri: Numeri
) -> None:
    assert numeri("train").code == 1
    seeds_fitted()
    counted.write_text(COUNTED.format(before="pass"))
    sys.modules.pop(counted.stem)
    assert numeri("train").code == 0
    assert seeds_fitted() == [1, 2, 3]


def test_members_that_another_home_kept_are_not_taken(
    counted: Path, home: Path, numeri: Numeri
) -> None:
    assert numeri("train").code == 1
    seeds_fitted()
    for key in (home / "cache").rglob(KEY):
        key.write_bytes(bytes(32))
    assert numeri("train").code == 1
    assert seeds_fitted() == [1, 2]


def test_the_name_of_a_class_is_shown_as_it_is_written(practice: Path, numeri: Numeri) -> None:
    """ ":M:" and its like are emoji to some terminals' libraries."""
    Path("planted_plain.py").write_text("class M:\n    fit = predict = lambda self, *rows: None\n")
    Path("numeri.toml").write_text(
        'tournament = "practice"\n[models.beacon]\nfeatures = "small"\nseeds = [1, 2]\n'
        '[models.beacon.estimator]\nname = "planted_plain:M"\n'
    )
    said = numeri("train")
    sys.modules.pop("planted_plain", None)
    assert said.code == 1
    assert "planted_plain:M: it has no parameter random_state" in said.err
