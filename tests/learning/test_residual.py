"""Targets of what a benchmark does not know: orthogonal to it, era by era."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.config import read_profile
from numeri_cli.errors import FileMissing, ProfileInvalid, TargetMissing
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.held_out import HeldOut
from numeri_cli.learning.residual import Residual
from numeri_cli.learning.training import train
from numeri_cli.learning.training_data import open_training_data
from numeri_cli.scoring.ranks import gaussianize
from tests.support.data_versions import (
    Sample,
    SampleMaker,
    changed,
    labelled,
    model_spec,
    workspace_of,
)
from tests.support.heard import Heard

TARGET, BENCHMARK = "target_ender_20", "v53_lgbm_ender60"
MODEL = model_spec(features="all", targets=(TARGET,), params={"n_estimators": 5})
RESIDUAL = changed(MODEL, residual_to=BENCHMARK)


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    """With benchmarks that know feature 0; they begin in era 6."""
    made = make_sample(unresolved=(9,))
    for part in ("train", "validation"):
        frame = pd.read_parquet(made.folder / f"{part}.parquet")
        noise = np.random.default_rng(1).normal(size=len(frame))
        frame[BENCHMARK] = frame["feature_000"] + noise
        frame[BENCHMARK] = frame.groupby("era")[BENCHMARK].rank(pct=True)
        late = frame[frame["era"] >= "0006"]
        path = made.folder / f"{part}_benchmark_models.parquet"
        late[["id", "era", BENCHMARK]].to_parquet(path, index=False)
    return made


def merged(sample: Sample, part: str = "train") -> pd.DataFrame:
    data = pd.read_parquet(sample.folder / f"{part}.parquet")
    known = pd.read_parquet(sample.folder / f"{part}_benchmark_models.parquet")
    return data.merge(known[["id", BENCHMARK]], on="id", how="left")


def test_what_is_learned_is_orthogonal_to_the_benchmark_in_every_era(sample: Sample) -> None:
    data = open_training_data(RESIDUAL, workspace_of(sample))
    assert data.residual is not None
    whole = labelled(sample, "train")
    left = data.residual.of_labelled(whole)
    frame = merged(sample)
    frame = frame[frame[BENCHMARK].notna() & frame[TARGET].notna()]
    assert left.rows.count == len(frame) == (30 - 5 - 1) * 40
    assert left.dropped == (5 + 1) * 40
    frame["left"] = left.labels
    for _, era in frame.groupby("era"):
        plain = era[BENCHMARK].to_numpy()
        scored = gaussianize(plain)
        assert abs(np.corrcoef(era["left"], plain)[0, 1]) < 1e-5
        assert abs(np.corrcoef(era["left"], scored)[0, 1]) < 1e-5
        assert abs(era["left"].mean()) < 1e-5
        columns = np.column_stack([np.ones(len(era)), plain, scored])
        target = era[TARGET].to_numpy(np.float64)
        fit = columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
        np.testing.assert_allclose(era["left"], target - fit, atol=1e-5)
        assert era["left"].std() > 0.5 * target.std()


def test_a_model_learns_the_residual_and_says_which_rows_it_lacks(sample: Sample) -> None:
    workspace, heard = workspace_of(sample), Heard()
    artifact = train("lighthouse", RESIDUAL, workspace, listener=heard)
    assert f"200 rows without {BENCHMARK} are left out" in heard.said
    contract = artifact.contract
    assert contract.members[0].rows == 24 * 40
    assert contract.spec.residual_to == BENCHMARK
    assert "train_benchmark_models.parquet" in contract.sources
    plain = train("plain", MODEL, workspace)
    cells = sample.cells[~sample.in_train].astype(np.float32)
    benchmark = merged(sample, "validation")[BENCHMARK]

    def likeness(name: str) -> float:
        made = artifact if name == "residual" else plain
        [member] = made.fitted().members
        return float(np.corrcoef(member.predict(cells), benchmark)[0, 1])

    assert likeness("plain") > 0.25
    assert likeness("residual") < likeness("plain") - 0.1


def test_held_out_eras_are_judged_by_the_residual_too(sample: Sample) -> None:
    data = open_training_data(RESIDUAL, workspace_of(sample))
    rows = labelled(sample, "train").rows
    plain = HeldOut(rows, data.features).values(TARGET)
    left = HeldOut(rows, data.features, residual=data.residual).values(TARGET)
    assert np.isnan(left[rows.codes < 5]).all()
    known = ~np.isnan(left)
    predicted = merged(sample)[BENCHMARK].to_numpy()[labelled(sample, "train").rows.masks[0]]
    assert abs(np.corrcoef(left[known], predicted[known])[0, 1]) < 0.05
    assert np.corrcoef(plain[known], predicted[known])[0, 1] > 0.15


def test_a_model_of_ones_own_is_taken_by_its_backtest(sample: Sample) -> None:
    workspace = workspace_of(sample)
    both = changed(MODEL, data=("train", "validation"))
    spec = changed(both, residual_to="beacon")
    with pytest.raises(FileMissing, match="no model that was backtested here") as refusal:
        train("lighthouse", spec, workspace)
    assert "numeri backtest beacon" in refusal.value.hint
    assert BENCHMARK in refusal.value.hint
    walked = backtest("beacon", both, workspace, window=12)
    contract = train("lighthouse", spec, workspace).contract
    assert contract.members[0].rows == (40 - 8 - 12) * 40
    assert walked.path.name in contract.sources


def test_a_benchmark_that_predicts_no_row_of_the_training_is_refused(sample: Sample) -> None:
    with pytest.raises(TargetMissing, match=f"no row of the training has .* {BENCHMARK}"):
        train("lighthouse", changed(RESIDUAL, train_window="0001-0005"), workspace_of(sample))


def test_an_era_of_one_label_leaves_nothing(sample: Sample) -> None:
    rows = labelled(sample, "train").rows
    residual = Residual("x", {}, (np.arange(30 * 40, dtype=float) % 40,))
    left = residual.left(rows, np.ones(rows.count, dtype=np.float32))
    assert (left == 0).all()


@pytest.mark.parametrize(
    "lines",
    [
        '[models.a]\nresidual_to = "a"\n',
        '[models.a]\nresidual_to = "b"\n[models.b]\nresidual_to = "a"\n',
    ],
)
def test_models_that_wait_for_each_other_are_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "numeri.toml"
    path.write_text(lines)
    with pytest.raises(ProfileInvalid, match="goes round in a circle: a → "):
        read_profile(path)
