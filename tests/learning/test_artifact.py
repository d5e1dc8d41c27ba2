from __future__ import annotations

import json

import pytest

from numeri_cli.errors import ArtifactDamaged, ArtifactForeign, ModelUntrained
from numeri_cli.learning.artifact import Artifact, artifacts, find_artifact
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from tests.support.data_versions import TOURNAMENT, SampleMaker, model_spec, workspace_of

PARAMS: dict[str, object] = {"n_estimators": 5, "colsample_bytree": 0.5}
MODEL = model_spec(targets=("target_ender_20",), params=PARAMS, seeds=(1, 2))


@pytest.fixture
def workspace(make_sample: SampleMaker) -> Workspace:
    return workspace_of(make_sample())


@pytest.fixture
def artifact(workspace: Workspace) -> Artifact:
    return train("lighthouse", MODEL, workspace)


def test_the_contract_says_what_was_trained(artifact: Artifact, workspace: Workspace) -> None:
    contract = Artifact.open(artifact.folder, tournament=TOURNAMENT).contract
    assert contract == artifact.contract
    assert contract.model == "lighthouse"
    assert contract.features == tuple(f"feature_{n:03d}" for n in range(6))
    assert contract.eras == tuple(f"{n:04d}" for n in range(1, 31))
    assert contract.purge_eras == 8
    assert contract.params["deterministic"] is True
    assert contract.params["n_estimators"] == 5
    assert [(b.target, b.seed, b.rows, b.trees) for b in contract.members] == [
        ("target_ender_20", 1, 1200, 5),
        ("target_ender_20", 2, 1200, 5),
    ]
    assert contract.sources == {
        "train.parquet": workspace.digest_of(workspace.dataset / "train.parquet")
    }
    assert {"numeri", "python", "lightgbm"} <= set(contract.versions)


def test_a_lightgbm_artifact_is_text_through_and_through(artifact: Artifact) -> None:
    names = sorted(path.name for path in artifact.folder.iterdir())
    assert names == ["model.json", "target_ender_20-seed1.txt", "target_ender_20-seed2.txt"]
    for path in artifact.folder.iterdir():
        path.read_text(encoding="ascii" if path.suffix == ".txt" else "utf-8")


def test_the_newest_is_found_and_older_ones_are_kept(
    artifact: Artifact, workspace: Workspace
) -> None:
    newer = train("lighthouse", MODEL, workspace)
    folder = workspace.artifacts("lighthouse")
    assert find_artifact(folder, tournament=TOURNAMENT) == newer
    old = artifact.contract.artifact_id
    assert find_artifact(folder, tournament=TOURNAMENT, artifact_id=old) == artifact
    assert artifacts(folder, tournament=TOURNAMENT) == (newer, artifact)
    assert artifacts(workspace.artifacts("nobody"), tournament=TOURNAMENT) == ()


def test_a_model_never_trained_and_an_unknown_artifact_are_named(
    artifact: Artifact, workspace: Workspace
) -> None:
    with pytest.raises(ModelUntrained, match="beacon has not been trained for practice"):
        find_artifact(workspace.artifacts("beacon"), tournament=TOURNAMENT)
    with pytest.raises(ModelUntrained, match="no artifact 20990101"):
        find_artifact(
            workspace.artifacts("lighthouse"), tournament=TOURNAMENT, artifact_id="20990101"
        )


def test_an_artifact_of_another_tournament_is_refused(artifact: Artifact) -> None:
    with pytest.raises(ArtifactForeign, match="for the tournament practice, not numerai"):
        Artifact.open(artifact.folder, tournament="numerai")


def test_altered_and_missing_boosters_are_damage(artifact: Artifact) -> None:
    path = artifact.folder / "target_ender_20-seed1.txt"
    text = path.read_text()
    path.write_text(text.replace("leaf_value=", "leaf_value=9", 1))
    with pytest.raises(ArtifactDamaged, match="altered after the training"):
        artifact.fitted()
    path.unlink()
    with pytest.raises(ArtifactDamaged, match="missing"):
        artifact.fitted()


SPOILS = ["cut", "features", "format", "shape", "no members", "a member less", "members swapped"]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_contract_is_damage(artifact: Artifact, spoil: str) -> None:
    path = artifact.folder / "model.json"
    content = json.loads(path.read_text())
    if spoil == "features":
        content["features"].reverse()
    elif spoil == "format":
        content["format"] = 99
    elif spoil == "no members":
        content["members"] = []
    elif spoil == "a member less":
        content["members"].pop()
    elif spoil == "members swapped":
        content["members"].reverse()
    elif spoil == "shape":
        content = [content]
    text = json.dumps(content)
    path.write_text(text[: len(text) // 2] if spoil == "cut" else text)
    with pytest.raises(ArtifactDamaged):
        Artifact.open(artifact.folder, tournament=TOURNAMENT)
    assert artifacts(artifact.folder.parent, tournament=TOURNAMENT) == ()


def test_a_booster_with_its_columns_in_another_order_is_refused(artifact: Artifact) -> None:
    """Both digests are made right again, so that only the order gives it away."""
    import hashlib

    path = artifact.folder / "target_ender_20-seed1.txt"
    lines = path.read_text().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.startswith("feature_names="))
    names = lines[place].strip().removeprefix("feature_names=").split()
    lines[place] = f"feature_names={' '.join(reversed(names))}\n"
    path.write_text("".join(lines))
    contract = artifact.folder / "model.json"
    content = json.loads(contract.read_text())
    content["members"][0]["digest"] = hashlib.sha256(path.read_bytes()).hexdigest()
    contract.write_text(json.dumps(content))
    with pytest.raises(ArtifactDamaged, match="are not those of its"):
        Artifact.open(artifact.folder, tournament=TOURNAMENT).fitted()


def test_another_estimators_file_needs_the_ledgers_digest(workspace: Workspace) -> None:
    spec = model_spec(targets=("target_ender_20",), estimator="sklearn.linear_model:Ridge")
    artifact = train("ridge", spec, workspace)
    record = artifact.contract.members[0]
    with pytest.raises(ArtifactDamaged, match="ledger does not know"):
        artifact.fitted()
    with pytest.raises(ArtifactDamaged, match="not the file that was trained here"):
        artifact.fitted(digests={record.file: "0" * 64})
    assert len(artifact.fitted(digests={record.file: record.digest}).members) == 1
