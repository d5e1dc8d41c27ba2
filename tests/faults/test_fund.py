"""Five models of 2,000 trees, with validation data to score them on: the round comes first."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.trial import MODELS, Ground, Trial, numeri
from tests.support.troubles import asks, fetches

FIVE = (*MODELS, "tower", "wharf")
TREES = 2_000
RESOLVING_ROUNDS = 4  # until a 20-day target of the validation data is known
PROFILE = "".join(
    f"""
[models.{name}]
features = "small"
targets = ["target_ender_20"]
seeds = [{seed}]
era_stride = 4

[models.{name}.estimator]
params = {{ n_estimators = {TREES}, learning_rate = 0.01, max_depth = 1, min_data_in_leaf = 50 }}
"""
    for seed, name in enumerate(FIVE)
)


@pytest.fixture(scope="module")
def fund(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The tournament some rounds later; a home with five trained models and validation data."""
    mine = Ground(tmp_path_factory.mktemp("fund"), ground.port)
    shutil.copytree(ground.practice, mine.practice)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(mine.root)
        with mine.open(mine.practice, mine.home, patch) as trial:
            for name in FIVE[len(MODELS) :]:
                trial.tournament.add_model(name)
            for _ in range(RESOLVING_ROUNDS):
                trial.tournament.advance()
            Path("numeri.toml").write_text(PROFILE)
            for words in (("train",), ("download", "validation", "features")):
                said = numeri(*words, "--json")
                assert said.code == 0, said.out
    return mine


def figures(home: Path) -> list[str]:
    """What scoring on validation data leaves behind."""
    return [path.name for path in home.glob("data/predictions/*/validation/*.json")]


def trees_of(home: Path) -> list[int]:
    """How many trees each model has."""
    return [path.read_text().count("\nTree=") for path in home.glob("data/models/*/*/*/*.txt")]


@pytest.fixture
def trial_of_fund(
    fund: Ground, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """A server and a home of its own for each test."""
    with fund.fresh(tmp_path, home, monkeypatch) as trial:
        Path("numeri.toml").write_text(PROFILE)
        yield trial


def test_no_submission_of_five_large_models_waits_for_a_score(
    trial_of_fund: Trial, home: Path
) -> None:
    assert trees_of(home) == [TREES] * len(FIVE)
    front = trial_of_fund.front
    scored_before: list[list[str]] = []
    for _ in FIVE:
        front.when(asks("createSubmission"), lambda: scored_before.append(figures(home)))
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    for model in FIVE:
        trial_of_fund.require_one(model)
    # the order of the requests: everything that a round needs, then nothing of validation
    names = [set(one.asking.names) for one in front.passed]
    created = [place for place, one in enumerate(names) if "createSubmission" in one]
    assert len(created) == len(FIVE)
    wanted = fetches("validation")
    assert not [one for one in front.passed[: created[-1]] if wanted(one.asking)]
    # nothing was scored when any of them was sent, and all were scored afterwards
    assert scored_before == [[]] * len(FIVE)
    assert len(figures(home)) == len(FIVE)
    shown = said.json["data"]["models"]
    assert all(one["validation"]["eras"] > 0 for one in shown)


def test_with_validation_that_cannot_be_written_all_five_are_in(
    trial_of_fund: Trial, home: Path
) -> None:
    path = home / "data" / "datasets" / trial_of_fund.key / "v5.3" / "validation.parquet"
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    for model in FIVE:
        trial_of_fund.require_one(model)
    assert [one["validation"] for one in said.json["data"]["models"]] == [None] * len(FIVE)
