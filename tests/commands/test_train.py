from __future__ import annotations

import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.commands.train import (
    git_state,
    train,
)
from numeri_cli.dataset.eras import EraChoice
from numeri_cli.errors import (
    FeatureUnknown,
    FileForeign,
    FileMissing,
    LockHeld,
    ParameterUnknown,
    TargetAlias,
    TargetMissing,
    TargetUnknown,
)
from numeri_cli.learning.artifact import artifacts, find_artifact
from numeri_cli.learning.estimators.lightgbm.trees import trees_of
from numeri_cli.learning.plan import Neutralization
from numeri_cli.learning.preparation import Site, prepare, training_eras
from numeri_cli.locks import held_lock
from tests.learning.samples import site_of, write_sample
from tests.learning.training_driver import BROKEN_PLAN, PLAN
from tests.support.processes import fork


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_of(write_sample(tmp_path / "v5.3"))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"features": "meduim"}, FeatureUnknown, "meduim"),
        ({"features": ("feature_000", "feature_77")}, FeatureUnknown, "feature_77"),
        ({"targets": ("target",)}, TargetAlias, "it is target_ender_60"),
        ({"targets": ("target_enderr_20",)}, TargetUnknown, "target_enderr_20"),
        ({"params": {"num_leafs": 3}}, ParameterUnknown, "num_leafs"),
        ({"neutralize": Neutralization("smal", 0.5)}, FeatureUnknown, "smal"),
        ({"eras": EraChoice(only=("0999",))}, FileForeign, "0999"),
        ({"data": ("train", "tests")}, FileMissing, "tests.parquet"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_leaves_nothing(
    site: Site, changes: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        train(replace(PLAN, **changes), site)  # type: ignore[arg-type]
    assert not site.home.models(site.tournament).exists()


def test_a_feature_that_the_file_lacks_is_named(site: Site) -> None:
    path = site.dataset / "features.json"
    path.write_text(path.read_text().replace("feature_001", "feature_1001"))
    with pytest.raises(FileForeign, match="feature_1001"):
        train(PLAN, site)


def test_the_stride_chooses_the_eras(site: Site) -> None:
    artifact = train(replace(PLAN, eras=EraChoice(stride=7)), site)
    assert artifact.contract.eras == ("0001", "0008", "0015", "0022", "0029")
    assert artifact.contract.boosters[0].rows == 200


def test_nothing_unfinished_is_left_behind(site: Site) -> None:
    artifact = train(PLAN, site)
    model = artifact.folder.parent
    assert [path.name for path in model.iterdir()] == [artifact.folder.name]


def test_with_validation_training_ends_a_purge_before_the_next_era(
    tmp_path: Path,
) -> None:
    """40 eras, so that 41 comes next: 8 eras between it and the last one to train on."""
    site = site_of(write_sample(tmp_path / "v5.3", unresolved=(37, 38, 39, 40)))
    plan = replace(PLAN, data=("train", "validation"))
    assert training_eras(prepare(plan, site))[-1] == "0032"
    assert training_eras(prepare(PLAN, site))[-1] == "0030"
    both = replace(plan, targets=("target_ender_20", "target_ender_60"))
    assert training_eras(prepare(both, site))[-1] == "0024"


def test_with_validation_unresolved_eras_are_left_out_beyond_the_purge(
    tmp_path: Path,
) -> None:
    site = site_of(write_sample(tmp_path / "v5.3", unresolved=range(27, 41)))
    plan = replace(PLAN, data=("train", "validation"))
    with pytest.raises(TargetMissing):
        train(replace(PLAN, data=("validation",)), site)
    artifact = train(plan, site)
    assert artifact.contract.eras[-1] == "0026"
    assert artifact.contract.boosters[0].dropped_rows == 0


def test_the_state_of_the_profile_in_git_is_kept(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    profile = folder / "numeri.toml"
    profile.write_text("# mine\n")
    assert git_state(profile) == ""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    clean = git_state(profile)
    assert len(clean) == 40
    profile.write_text("# changed\n")
    assert train(PLAN, replace(site, profile=profile)).contract.profile_git == f"{clean}-dirty"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_trees(
    site: Site, sent: signal.Signals
) -> None:
    """Killed at the 10th tree of the second booster: its first leg and the first booster stand."""
    killed = fork("tests.learning.training_driver", str(site.dataset), str(int(sent)))
    assert killed.ended().code != 0
    assert artifacts(site.home, site.tournament, "lighthouse") == ()
    unfinished = site.home.models(site.tournament) / "lighthouse" / ".unfinished"
    assert len(list(unfinished.glob("*/leg-*.json"))) == 4
    resumed = train(BROKEN_PLAN, site)
    texts = {path.name: path.read_text() for path in resumed.folder.glob("*.txt")}
    unbroken = train(BROKEN_PLAN, site)
    assert find_artifact(site.home, site.tournament, "lighthouse") == unbroken
    assert len(texts) == 2
    for name, text in texts.items():
        assert trees_of(text) == trees_of((unbroken.folder / name).read_text())


def test_two_processes_do_not_train_the_same_model_at_once(site: Site) -> None:
    with (
        held_lock(site.lock("lighthouse"), what="a training of lighthouse"),
        pytest.raises(LockHeld, match="a training of lighthouse is already at work"),
    ):
        train(PLAN, site)
    assert train(PLAN, site).contract.model == "lighthouse"
