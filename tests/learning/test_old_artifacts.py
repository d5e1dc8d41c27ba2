"""Artifacts of the first format, kept as the code of November 2026 wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import ArtifactDamaged
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.contract import FORMAT, Contract
from numeri_cli.model_spec import EraWeights, Neutralization

KEPT = Path(__file__).parent / "artifacts" / "format-1"


def kept(name: str) -> Artifact:
    return Artifact.open(KEPT / name, tournament="practice")


@pytest.mark.parametrize("name", ["trees", "own"])
def test_an_artifact_of_the_first_format_opens_and_predicts_the_same(name: str) -> None:
    artifact = kept(name)
    digests = {record.file: record.digest for record in artifact.contract.members}
    model = artifact.fitted(digests=digests, module_folder=KEPT)
    expected = json.loads((KEPT / name / "expected.json").read_text())
    rows = np.array(expected["rows"], dtype=np.float32)
    made = [member.predict(rows) for member in model.members]
    np.testing.assert_array_equal(made, expected["predictions"])
    assert np.unique(made).size > 1
    assert model.spec.missing_twos == ("nan" if name == "trees" else "keep")


def test_what_the_first_format_said_of_a_model_stands_in_its_spec() -> None:
    trees, own = kept("trees").contract, kept("own").contract
    assert trees.spec.targets == ("target_ender_20", "target_ender_60")
    assert trees.spec.seeds == (1, 2)
    assert trees.spec.estimator.name == "lightgbm"
    assert trees.spec.era_weights == EraWeights(half_life_eras=10.0)
    features = ("feature_000", "feature_001", "feature_002")
    assert trees.spec.neutralization == Neutralization(features=features, proportion=0.25)
    assert trees.neutralize_features == features
    assert own.spec.estimator.params == {"scale": 2.0}
    assert own.spec.neutralization is None


def test_an_old_contract_is_kept_as_it_is_read_once_it_is_written_again() -> None:
    contract = kept("trees").contract
    assert json.loads(contract.to_json())["format"] == FORMAT
    assert Contract.parse(contract.to_json(), source=Path("model.json")) == contract


def test_an_old_file_of_anothers_class_is_not_opened_unasked(tmp_path: Path) -> None:
    folder = shutil.copytree(KEPT / "own", tmp_path / "own")
    artifact = Artifact.open(folder, tournament="practice")
    with pytest.raises(ArtifactDamaged, match="ledger does not know"):
        artifact.fitted(module_folder=KEPT)
