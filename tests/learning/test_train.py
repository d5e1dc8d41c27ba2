from __future__ import annotations

import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

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
from numeri_cli.learning.estimators.lightgbm.model_text import trees_of
from numeri_cli.learning.training import git_state, train
from numeri_cli.learning.training_data import open_training_data, training_eras
from numeri_cli.learning.workspace import Workspace
from numeri_cli.locks import held_lock
from numeri_cli.model_spec import ModelSpec, Neutralization
from tests.support.data_versions import changed, workspace_of, write_sample
from tests.support.processes import fork
from tests.support.training_driver import BROKEN, IN_SEGMENTS, MODEL

NAME = "lighthouse"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return workspace_of(write_sample(tmp_path / "v5.3"))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"features": "meduim"}, FeatureUnknown, "meduim"),
        ({"features": ("feature_000", "feature_77")}, FeatureUnknown, "feature_77"),
        ({"targets": ("target",)}, TargetAlias, "it is target_ender_60"),
        ({"targets": ("target_enderr_20",)}, TargetUnknown, "target_enderr_20"),
        ({"params": {"num_leafs": 3}}, ParameterUnknown, "num_leafs"),
        ({"neutralize": Neutralization(features="smal", proportion=0.5)}, FeatureUnknown, "smal"),
        ({"data": ("train", "tests")}, FileMissing, "tests.parquet"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_leaves_nothing(
    workspace: Workspace, changes: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        train(NAME, changed(MODEL, **changes), workspace)
    assert not workspace.home.models(workspace.tournament).exists()


def test_a_feature_that_the_file_lacks_is_named(workspace: Workspace) -> None:
    path = workspace.dataset / "features.json"
    path.write_text(path.read_text().replace("feature_001", "feature_1001"))
    with pytest.raises(FileForeign, match="feature_1001"):
        train(NAME, MODEL, workspace)


def test_the_stride_chooses_the_eras(workspace: Workspace) -> None:
    artifact = train(NAME, changed(MODEL, era_stride=7), workspace)
    assert artifact.contract.eras == ("0001", "0008", "0015", "0022", "0029")
    assert artifact.contract.members[0].rows == 200


def test_nothing_unfinished_is_left_behind(workspace: Workspace) -> None:
    artifact = train(NAME, MODEL, workspace)
    model = artifact.folder.parent
    assert [path.name for path in model.iterdir()] == [artifact.folder.name]


def last_era(spec: ModelSpec, workspace: Workspace) -> str:
    return training_eras(spec, open_training_data(spec, workspace))[-1]


def test_with_validation_training_ends_a_purge_before_the_next_era(
    tmp_path: Path,
) -> None:
    """40 eras, so that 41 comes next: 8 eras between it and the last one to train on."""
    workspace = workspace_of(write_sample(tmp_path / "v5.3", unresolved=(37, 38, 39, 40)))
    spec = changed(MODEL, data=("train", "validation"))
    assert last_era(spec, workspace) == "0032"
    assert last_era(MODEL, workspace) == "0030"
    both = changed(spec, targets=("target_ender_20", "target_ender_60"))
    assert last_era(both, workspace) == "0024"


def test_with_validation_unresolved_eras_are_left_out_beyond_the_purge(
    tmp_path: Path,
) -> None:
    workspace = workspace_of(write_sample(tmp_path / "v5.3", unresolved=range(27, 41)))
    spec = changed(MODEL, data=("train", "validation"))
    with pytest.raises(TargetMissing):
        train(NAME, changed(MODEL, data=("validation",)), workspace)
    artifact = train(NAME, spec, workspace)
    assert artifact.contract.eras[-1] == "0026"
    assert artifact.contract.members[0].dropped_rows == 0


def test_the_state_of_the_profile_in_git_is_kept(workspace: Workspace, tmp_path: Path) -> None:
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
    assert (
        train(NAME, MODEL, replace(workspace, profile=profile)).contract.profile_git
        == f"{clean}-dirty"
    )


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_trees(
    workspace: Workspace, sent: signal.Signals
) -> None:
    """Killed at the 10th tree of the second booster: what was finished before stands."""
    killed = fork("tests.support.training_driver", str(workspace.dataset), str(int(sent)))
    assert killed.ended().code != 0
    assert artifacts(workspace.artifacts(NAME), tournament=workspace.tournament) == ()
    unfinished = workspace.home.models(workspace.tournament) / "lighthouse" / ".unfinished"
    assert len(list(unfinished.glob("*/segment-*.json"))) == 4
    resumed = train(NAME, BROKEN, workspace, estimator=IN_SEGMENTS)
    texts = {path.name: path.read_text() for path in resumed.folder.glob("*.txt")}
    unbroken = train(NAME, BROKEN, workspace, estimator=IN_SEGMENTS)
    assert find_artifact(workspace.artifacts(NAME), tournament=workspace.tournament) == unbroken
    assert len(texts) == 2
    for name, text in texts.items():
        assert trees_of(text) == trees_of((unbroken.folder / name).read_text())


def test_two_processes_do_not_train_the_same_model_at_once(workspace: Workspace) -> None:
    with (
        held_lock(workspace.lock("lighthouse"), what="a training of lighthouse"),
        pytest.raises(LockHeld, match="a training of lighthouse is already at work"),
    ):
        train(NAME, MODEL, workspace)
    assert train(NAME, MODEL, workspace).contract.model == "lighthouse"
