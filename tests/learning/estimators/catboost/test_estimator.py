from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import pandas as pd
import pytest

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ArtifactDamaged, ParameterUnknown
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings
from numeri_cli.learning.estimators.catboost.estimator import CatBoost, FittedCatBoost
from numeri_cli.learning.held_out import mean_corr
from numeri_cli.learning.matrix import column_arrays
from numeri_cli.learning.rows import open_sources, rows_of_eras, with_target
from numeri_cli.learning.training import train
from numeri_cli.model_spec import EraWeights, ModelSpec
from tests.support.data_versions import Sample, SampleMaker, model_spec, workspace_of
from tests.support.heard import Heard
from tests.support.memory_driver import write_wide

TARGET = "target_ender_20"
PARAMS: dict[str, object] = {"n_estimators": 12, "learning_rate": 0.1, "max_depth": 3}


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample(unresolved=(4,))


def spec(params: dict[str, object] = PARAMS, **keys: object) -> ModelSpec:
    own = {"features": "all", "targets": (TARGET,)}
    return model_spec(estimator="catboost", params=params, **own | keys)


def models(artifact: Artifact) -> list[Any]:
    """Its members; the ledger would know their digests."""
    digests = {record.file: record.digest for record in artifact.contract.members}
    found = []
    for member in artifact.fitted(digests=digests).members:
        assert isinstance(member, FittedCatBoost)
        found.append(member.model)
    return found


def frame(sample: Sample) -> pd.DataFrame:
    table = pd.read_parquet(sample.folder / "train.parquet")
    return table[table[TARGET].notna()]


def peer(
    sample: Sample, params: dict[str, object], *, target: str = TARGET, weight: Any = None
) -> Any:
    table = frame(sample)
    settings: dict[str, Any] = {"random_seed": 1, "thread_count": 1, "verbose": False} | params
    model = catboost.CatBoostRegressor(**settings, allow_writing_files=False)
    return model.fit(
        table[list(sample.features)].astype(np.float32), table[target], sample_weight=weight
    )


def predictions(sample: Sample, model: Any) -> np.ndarray:
    return np.asarray(model.predict(sample.cells.astype(np.float32)))


@pytest.mark.core
def test_it_predicts_what_the_pandas_way_does_and_leaves_no_files_of_its_own(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = workspace_of(sample)
    artifact = train("lighthouse", spec(), workspace)
    [model] = models(artifact)
    np.testing.assert_array_equal(
        predictions(sample, model), predictions(sample, peer(sample, PARAMS))
    )
    assert artifact.contract.members[0].trees == 12
    assert not list(tmp_path.rglob("catboost_info"))
    left = [path.name for path in workspace.artifacts("lighthouse").rglob("*") if path.is_file()]
    assert sorted(left) == ["model.json", "target_ender_20-seed1.cbm"]


def test_above_200_000_rows_the_random_numbers_are_those_of_the_pandas_way_too(
    tmp_path: Path,
) -> None:
    """From there on the library draws the rows that its bins are made of, out of one stream."""
    path = tmp_path / "wide.parquet"
    write_wide(path, rows=200_001, features=4, eras=2)
    data = DataFile.open(path)
    sources = open_sources([(data, "digest")])
    rows = with_target(rows_of_eras(sources, sources[0].eras), TARGET)
    params = {"iterations": 3, "depth": 2, "thread_count": 1}
    settings = TrainingSettings(
        spec=ModelSpec(), features=data.features, cache=tmp_path, unfinished=tmp_path
    )
    trainer = CatBoost(params).trainer(rows.rows, settings)
    task = MemberTask(label="x", target=TARGET, seed=1, rows=rows, weights=None)
    ours = catboost.CatBoost()
    ours.load_model(blob=trainer.train(task).content)
    table = pd.read_parquet(path)
    other = catboost.CatBoostRegressor(**params, random_seed=1, allow_writing_files=False)
    other.fit(table[list(data.features)], table[TARGET], verbose=False)
    np.testing.assert_array_equal(ours.get_leaf_values(), other.get_leaf_values())


def test_features_of_bytes_are_held_as_bytes_unless_one_is_missing(
    make_sample: SampleMaker,
) -> None:
    sample = make_sample(unresolved=(4,))
    table = pd.read_parquet(sample.folder / "train.parquet")
    table[sample.features[0]] = table[sample.features[0]].astype("Int8")
    table.loc[table.index[0], sample.features[0]] = None
    table.to_parquet(sample.folder / "train.parquet")
    data = DataFile.open(sample.folder / "train.parquet")
    sources = open_sources([(data, "digest")])
    rows = rows_of_eras(sources, sources[0].eras)
    found = column_arrays(rows, sample.features, missing_twos="keep")
    assert tuple(found) == tuple(sample.features)
    first, *others = found.values()
    assert first.dtype == np.float32
    assert np.isnan(first[0])
    assert not np.isnan(first[1:]).any()
    assert {one.dtype for one in others} == {np.dtype(np.int8)}
    for name, values in found.items():
        np.testing.assert_array_equal(values[1:], table[name].to_numpy(np.float32)[1:])


def test_targets_seeds_and_weights_give_each_member_its_own_trees(sample: Sample) -> None:
    targets = (TARGET, "target_ender_60")
    weighted = spec(targets=targets, seeds=(1, 2), era_weights=EraWeights(half_life_eras=10))
    found = [predictions(sample, one) for one in models(train("x", weighted, workspace_of(sample)))]
    eras = frame(sample)["era"].astype(int)
    weight = 0.5 ** ((eras.max() - eras) / 10)
    weight = (weight / weight.mean()).astype(np.float32)
    expected = [
        peer(sample, PARAMS | {"random_seed": seed}, target=target, weight=weight)
        for target in targets
        for seed in (1, 2)
    ]
    for ours, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, predictions(sample, other))
    assert len({one.tobytes() for one in found}) == 4


def test_early_stopping_keeps_the_trees_with_the_best_held_out_corr(sample: Sample) -> None:
    params = PARAMS | {"n_estimators": 300, "learning_rate": 0.5, "early_stopping_rounds": 50}
    artifact = train("lighthouse", spec(params, early_stopping_eras=5), workspace_of(sample))
    trees = artifact.contract.members[0].trees
    table = frame(sample)
    chosen = table[table["era"].isin(artifact.contract.eras)]
    held_out = table[table["era"].isin(artifact.contract.held_out_eras)]
    settings: dict[str, Any] = {"random_seed": 1, "thread_count": 1, "verbose": False} | {
        key: value for key, value in params.items() if key != "early_stopping_rounds"
    }
    whole = catboost.CatBoostRegressor(**settings, allow_writing_files=False)
    whole.fit(chosen[list(sample.features)].astype(np.float32), chosen[TARGET])
    codes = held_out["era"].astype(int).to_numpy().astype(np.int32)
    rows = held_out[list(sample.features)].astype(np.float32)
    scores = {}
    for count in range(1, 301):
        raw = whole.predict(rows, ntree_end=count)
        scores[count] = mean_corr(raw, held_out[TARGET].to_numpy(float), codes)
    best = 1
    for count, score in scores.items():
        if score > scores[best]:
            best = count
        elif count - best >= 50:
            break
    assert trees == best < 300


def test_a_model_from_elsewhere_is_tried_in_another_process_first(sample: Sample) -> None:
    artifact = train("lighthouse", spec(), workspace_of(sample))
    [record] = artifact.contract.members
    content = (artifact.folder / record.file).read_bytes()
    assert content.startswith(b"CBM1")
    features = artifact.contract.features
    foreign = CatBoost({}).load(content, features=features, source=Path("x.cbm"), digest=None)
    ours = predictions(sample, models(artifact)[0])
    np.testing.assert_array_equal(foreign.predict(sample.cells.astype(np.float32)), ours)
    for broken in (content[:-100], b"no model"):
        with pytest.raises(ArtifactDamaged, match="no sound CatBoost model"):
            CatBoost({}).load(broken, features=features, source=Path("x.cbm"), digest=None)


def test_features_in_another_order_are_refused(sample: Sample) -> None:
    artifact = train("lighthouse", spec(), workspace_of(sample))
    [record] = artifact.contract.members
    content = (artifact.folder / record.file).read_bytes()
    known = hashlib.sha256(content).hexdigest()
    turned = artifact.contract.features[::-1]
    with pytest.raises(ArtifactDamaged, match=r"not those of its model\.json"):
        CatBoost({}).load(content, features=turned, source=Path("x.cbm"), digest=known)


def test_memory_is_told_before_it_is_taken_and_finished_members_are_kept(sample: Sample) -> None:
    class Breaks(Heard):
        def task(self, label: str, *, total: float | None, unit: str) -> Any:
            if label.endswith("seed 2"):
                raise KeyboardInterrupt
            return super().task(label, total=total, unit=unit)

    workspace = workspace_of(sample)
    both = spec(seeds=(1, 2))
    breaks = Breaks()
    with pytest.raises(KeyboardInterrupt):
        train("lighthouse", both, workspace, listener=breaks)
    assert any("1,160 rows × 10 features take about" in words for words in breaks.said)
    heard = Heard()
    train("lighthouse", both, workspace, listener=heard)
    assert f"lighthouse {TARGET} seed 1 is kept from the training before" in heard.said


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"max_dept": 3}, "no parameter 'max_dept'"),
        ({"iterations": 0}, "iterations = 0 is no whole number"),
        ({"depth": 99}, "depth = 99"),
        ({"border_count": -4}, "border_count"),
        ({"loss_function": "MultiClass"}, "does not suit a target between 0 and 1"),
        ({"loss_function": "YetiRank"}, "does not suit"),
        ({"eta": 0.1, "learning_rate": 0.2}, "eta and learning_rate are one parameter"),
        ({"eval_metric": "RMSE"}, "eval_metric has no effect"),
        ({"train_dir": "here"}, "no files are written"),
        ({"early_stopping_rounds": 5}, "no eras are held out"),
        ({"task_type": "GPU"}, "no GPU on this machine"),
    ],
)
def test_what_would_be_ignored_or_another_model_is_refused(
    params: dict[str, object], said: str
) -> None:
    with pytest.raises(ParameterUnknown, match=said):
        CatBoost(params).check("lighthouse", seeds=(1,), early_stopping=False)


def test_seeds_that_would_give_the_same_trees_are_refused() -> None:
    still = PARAMS | {"random_strength": 0, "bootstrap_type": "No"}
    with pytest.raises(ParameterUnknown, match="3 times the same trees"):
        CatBoost(still).check("lighthouse", seeds=(1, 2, 3), early_stopping=False)
    with pytest.raises(ParameterUnknown, match="2 `seeds` of lighthouse"):
        CatBoost({"random_state": 4}).check("lighthouse", seeds=(1, 2), early_stopping=False)
    CatBoost(PARAMS).check("lighthouse", seeds=(1, 2, 3), early_stopping=False)
