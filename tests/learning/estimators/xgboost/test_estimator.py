from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from numeri_cli.errors import ArtifactDamaged, ParameterUnknown
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.estimators.xgboost.estimator import FittedXGBoost, XGBoost
from numeri_cli.learning.estimators.xgboost.matrix import build_matrix, require_names
from numeri_cli.learning.held_out import mean_corr
from numeri_cli.learning.staged_rows import stage
from numeri_cli.learning.training import train
from numeri_cli.model_spec import EraWeights, ModelSpec
from tests.support.data_versions import (
    Sample,
    SampleMaker,
    labelled,
    model_spec,
    workspace_of,
)
from tests.support.heard import Heard

TARGET = "target_ender_20"
PARAMS: dict[str, object] = {"n_estimators": 12, "learning_rate": 0.1, "max_depth": 3, "n_jobs": 1}
RANDOM = PARAMS | {"colsample_bytree": 0.4, "subsample": 0.5}


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample(unresolved=(4,))


def spec(params: dict[str, object] = PARAMS, **keys: object) -> ModelSpec:
    return model_spec(
        estimator="xgboost", params=params, **{"features": "all", "targets": (TARGET,)} | keys
    )


def boosters(artifact: Artifact) -> list[xgb.Booster]:
    found = []
    for member in artifact.fitted().members:
        assert isinstance(member, FittedXGBoost)
        found.append(member.booster)
    return found


def frame(sample: Sample) -> pd.DataFrame:
    """The resolved rows of the training file, as the pandas way has them."""
    table = pd.read_parquet(sample.folder / "train.parquet")
    return table[table[TARGET].notna()]


def peer(sample: Sample, params: dict[str, Any], *, target: str = TARGET, **keys: Any) -> Any:
    table = frame(sample)
    model = xgb.XGBRegressor(**{"random_state": 1} | params)
    return model.fit(table[list(sample.features)], table[target], **keys).get_booster()


@pytest.mark.core
def test_its_trees_are_those_of_the_pandas_way(sample: Sample) -> None:
    [booster] = boosters(train("lighthouse", spec(RANDOM), workspace_of(sample)))
    assert booster.get_dump() == peer(sample, RANDOM).get_dump()
    assert len(booster.get_dump()) == 12


def test_pages_on_disk_give_the_same_trees_and_are_gone_afterwards(sample: Sample) -> None:
    workspace = workspace_of(sample)
    paged = train("lighthouse", spec(), workspace, estimator=XGBoost(PARAMS, paged=True))
    [booster] = boosters(paged)
    assert booster.get_dump() == peer(sample, PARAMS).get_dump()
    left = [path.name for path in workspace.artifacts("lighthouse").rglob("*") if path.is_file()]
    assert sorted(left) == ["model.json", "target_ender_20-seed1.ubj"]


@pytest.mark.parametrize("paged", [False, True])
def test_many_batches_give_the_trees_of_one(sample: Sample, tmp_path: Path, paged: bool) -> None:
    rows = labelled(sample, "train")
    dumps = []
    for batch_bytes in (10**9, 1000):  # all rows, or a hundred
        pages = tmp_path / f"pages-{batch_bytes}" if paged else None
        if pages is not None:
            pages.mkdir()
        staged = stage(rows.rows, sample.features, tmp_path / "rows")
        matrix = build_matrix(
            staged, sample.features, max_bin=256, threads=1, pages=pages, batch_bytes=batch_bytes
        )
        staged.path.unlink()
        matrix.set_label(rows.labels[staged.places])
        own = {"max_depth": 3, "nthread": 1, "subsample": 0.5, "seed": 1}
        dumps.append(xgb.train(own, matrix, num_boost_round=5).get_dump())
    assert dumps[0] == dumps[1]
    assert len("".join(dumps[0])) > 500


@pytest.mark.parametrize("paged", [False, True])
def test_features_of_many_values_are_binned_as_the_library_does(
    sample: Sample, paged: bool
) -> None:
    """One has more values than there are bins, and gaps: it is sorted by the library itself."""
    params = RANDOM | {"max_bin": 8}
    path = sample.folder / "train.parquet"
    table = pd.read_parquet(path)
    noise = np.random.default_rng(2).normal(size=len(table)).astype(np.float32)
    noise[::7] = np.nan
    table.assign(feature_001=noise).to_parquet(path, index=False)
    estimator = XGBoost(params, paged=paged)
    artifact = train("lighthouse", spec(params), workspace_of(sample), estimator=estimator)
    assert boosters(artifact)[0].get_dump() == peer(sample, params).get_dump()


def test_targets_seeds_and_weights_give_each_member_its_own_trees(sample: Sample) -> None:
    targets = (TARGET, "target_ender_60")
    weights = EraWeights(half_life_eras=10)
    artifact = train(
        "lighthouse",
        spec(RANDOM, targets=targets, seeds=(1, 2), era_weights=weights),
        workspace_of(sample),
    )
    dumps = [booster.get_dump() for booster in boosters(artifact)]
    assert len({"".join(dump) for dump in dumps}) == 4
    eras = frame(sample)["era"].astype(int)
    weight = 0.5 ** ((eras.max() - eras) / 10)
    weight = (weight / weight.mean()).astype(np.float32)
    assert dumps == [
        peer(
            sample, RANDOM | {"random_state": seed}, target=target, sample_weight=weight
        ).get_dump()
        for target in targets
        for seed in (1, 2)
    ]


def test_early_stopping_keeps_the_trees_with_the_best_held_out_corr(sample: Sample) -> None:
    params = PARAMS | {"n_estimators": 200, "learning_rate": 0.5, "early_stopping_rounds": 25}
    artifact = train("lighthouse", spec(params, early_stopping_eras=5), workspace_of(sample))
    [booster] = boosters(artifact)
    trees = artifact.contract.members[0].trees
    assert artifact.contract.held_out_eras == ("0026", "0027", "0028", "0029", "0030")
    assert trees == booster.num_boosted_rounds()
    table = frame(sample)
    chosen = table[table["era"].isin(artifact.contract.eras)]
    held_out = table[table["era"].isin(artifact.contract.held_out_eras)]
    whole = xgb.XGBRegressor(**{k: v for k, v in params.items() if k != "early_stopping_rounds"})
    whole.fit(chosen[list(sample.features)], chosen[TARGET])
    codes = held_out["era"].astype(int).to_numpy().astype(np.int32)
    scores = {}
    for count in range(25, 201, 25):
        raw = whole.predict(held_out[list(sample.features)], iteration_range=(0, count))
        scores[count] = mean_corr(raw, held_out[TARGET].to_numpy(float), codes)
    first_worse = next(n for n in scores if n > 25 and scores[n] < max(scores.values()))
    best = max((n for n in scores if n < first_worse), key=scores.__getitem__)
    assert trees == best < 200
    assert booster.get_dump() == whole.get_booster().get_dump()[:trees]


def test_a_model_is_ubj_and_opens_wherever_it_comes_from(sample: Sample) -> None:
    artifact = train("lighthouse", spec(), workspace_of(sample))
    [record] = artifact.contract.members
    content = (artifact.folder / record.file).read_bytes()
    assert content.startswith(b"{L")
    assert record.trees == 12
    foreign = XGBoost({}).load(
        content, features=artifact.contract.features, source=Path("x.ubj"), digest=None
    )
    rows = sample.cells.astype(np.float32)
    expected = peer(sample, PARAMS).inplace_predict(rows)
    np.testing.assert_array_equal(foreign.predict(rows), expected)


def test_features_in_another_order_are_refused(sample: Sample) -> None:
    artifact = train("lighthouse", spec(), workspace_of(sample))
    [record] = artifact.contract.members
    content = (artifact.folder / record.file).read_bytes()
    known = hashlib.sha256(content).hexdigest()
    turned = artifact.contract.features[::-1]
    for digest in (known, None):
        with pytest.raises(ArtifactDamaged, match=r"not those of its model\.json"):
            XGBoost({}).load(content, features=turned, source=Path("x.ubj"), digest=digest)


def test_twos_that_stand_for_missing_are_missing_to_it(sample: Sample) -> None:
    """feature_002 is 2 throughout: kept, it is a number; taken for missing, a tree never asks."""
    [booster] = boosters(train("lighthouse", spec(missing_twos="nan"), workspace_of(sample)))
    cells = frame(sample)[list(sample.features)].astype(np.float32)
    cells["feature_002"] = np.nan
    model = xgb.XGBRegressor(**PARAMS, random_state=1)
    model.fit(cells, frame(sample)[TARGET])
    assert booster.get_dump() == model.get_booster().get_dump()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"max_dept": 3}, "no parameter 'max_dept'"),
        ({"n_estimators": 0}, "0 is no number of trees"),
        ({"max_depth": "deep"}, "max_depth"),
        ({"objective": "reg:cube"}, "objective"),
        ({"objective": "multi:softmax", "num_class": 5}, "several numbers a row"),
        ({"objective": "rank:pairwise"}, "queries"),
        ({"eta": 0.1, "learning_rate": 0.2}, "eta and learning_rate are one parameter"),
        ({"eval_metric": "rmse"}, "eval_metric has no effect"),
        ({"early_stopping_rounds": 5}, "no eras are held out"),
        ({"tree_method": "exact"}, "needs all rows as floats"),
        ({"booster": "gblinear"}, "grows no trees"),
        ({"quantile_alpha": [0.1, 0.9], "objective": "reg:quantileerror"}, "one number a row"),
    ],
)
def test_what_would_be_ignored_or_another_model_is_refused(
    params: dict[str, object], said: str
) -> None:
    with pytest.raises(ParameterUnknown, match=said):
        XGBoost(params).check("lighthouse", seeds=(1,), early_stopping=False)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ParameterUnknown, match="'cuda': XGBoost finds no GPU on this machine"):
        XGBoost({"device": "cuda"}).check("lighthouse", seeds=(1,), early_stopping=False)


def test_a_model_that_was_trained_on_a_gpu_predicts_on_this_machine(sample: Sample) -> None:
    """Such a file differs in its device only, which the library keeps beside the trees."""
    artifact = train("lighthouse", spec(), workspace_of(sample))
    [record] = artifact.contract.members
    content = (artifact.folder / record.file).read_bytes()
    booster = xgb.Booster(model_file=bytearray(content))
    booster.set_param({"device": "cuda"})
    fitted = XGBoost({"device": "cuda"}).load(
        bytes(booster.save_raw("ubj")), features=sample.features, source=Path("x"), digest=None
    )
    rows = sample.cells.astype(np.float32)
    device = json.loads(fitted.booster.save_config())["learner"]["generic_param"]["device"]
    assert device == "cpu"
    np.testing.assert_array_equal(fitted.predict(rows), boosters(artifact)[0].inplace_predict(rows))


def test_seeds_that_would_give_the_same_trees_are_refused() -> None:
    with pytest.raises(ParameterUnknown, match="3 times the same trees"):
        XGBoost(PARAMS).check("lighthouse", seeds=(1, 2, 3), early_stopping=False)
    with pytest.raises(ParameterUnknown, match="2 `seeds` of lighthouse"):
        XGBoost({"seed": 4}).check("lighthouse", seeds=(1, 2), early_stopping=False)
    XGBoost(RANDOM).check("lighthouse", seeds=(1, 2, 3), early_stopping=False)


def test_trees_that_change_later_cannot_end_a_training_early() -> None:
    with pytest.raises(ParameterUnknown, match="'dart' changes earlier trees"):
        XGBoost({"booster": "dart"}).check("lighthouse", seeds=(1,), early_stopping=True)


def test_a_name_that_the_library_does_not_take_is_told_before_rows_are_read(
    sample: Sample,
) -> None:
    require_names(sample.features)
    with pytest.raises(ParameterUnknown, match="no feature called 'a<b'"):
        require_names(("a<b",))


class BreaksAt(Heard):
    """Fails where a member of the second seed begins."""

    def task(self, label: str, *, total: float | None, unit: str) -> Any:
        if label.endswith("seed 2"):
            raise KeyboardInterrupt
        return super().task(label, total=total, unit=unit)


def test_a_training_that_was_broken_off_keeps_its_finished_members(sample: Sample) -> None:
    workspace = workspace_of(sample)
    both = spec(RANDOM, seeds=(1, 2))
    with pytest.raises(KeyboardInterrupt):
        train("lighthouse", both, workspace, listener=BreaksAt())
    heard = Heard()
    artifact = train("lighthouse", both, workspace, listener=heard)
    kept = [words for words in heard.said if "kept from the training before" in words]
    assert kept == [f"lighthouse {TARGET} seed 1 is kept from the training before"]
    for seed, booster in enumerate(boosters(artifact), 1):
        expected = peer(sample, RANDOM | {"random_state": seed})
        assert booster.get_dump() == expected.get_dump()
