"""The home whose copies are mangled: everything in it that a year of use leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from numeri_cli.cli.app import main
from tests.support.runner import KEY_VARIABLES
from tests.support.scored_rounds import scored_rounds_root
from tests.support.shelf import shelved

PROFILE = """\
tournament = "practice"

[models.lighthouse]
features = "small"
targets = ["target_ender_20"]

[models.lighthouse.estimator]
params = { n_estimators = 3, learning_rate = 0.1, max_depth = 3, min_data_in_leaf = 50 }
"""
COMMANDS = (
    ["download"],
    ["train"],
    ["run"],
    ["scores"],
    ["payouts"],
    ["stakes"],
    ["account"],
    ["leaderboard"],
)


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with data, a trained model, a past of rounds, a submission; nobody may change it."""

    def make(home: Path) -> None:
        home.mkdir()
        shutil.copytree(scored_rounds_root(), home / "data" / "practice")
        (home / "config").mkdir()
        (home / "config" / "numeri.toml").write_text(PROFILE, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NUMERI_HOME", str(home))
            for name in KEY_VARIABLES:
                patch.delenv(name, raising=False)
            for words in COMMANDS:
                assert main([*words, "--quiet"]) == 0, words

    return shelved(f"lived in home {PROFILE} {COMMANDS}", make)
