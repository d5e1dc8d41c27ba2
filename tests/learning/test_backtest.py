from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.errors import UsageProblem
from numeri_cli.learning.backtest import Backtest, backtest
from numeri_cli.learning.cached_data import cached_data
from numeri_cli.learning.workspace import Workspace
from numeri_cli.progress import Silent
from numeri_cli.scoring.scores import corr
from tests.support.data_versions import (
    Sample,
    changed,
    model_spec,
    workspace_of,
    write_sample,
)

MODEL = model_spec(
    features="all",
    targets=("target_ender_20",),
    data=("train", "validation"),
    params={"n_estimators": 10, "colsample_bytree": 0.5},
)
NAME = "lighthouse"
WINDOW = 12


class Notes(Silent):
    def __init__(self, stop_at: str = "") -> None:
        self.steps: list[str] = []
        self.stop_at = stop_at

    def step(self, name: str) -> None:
        self.steps.append(name)
        if name == self.stop_at:
            raise KeyboardInterrupt


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return write_sample(tmp_path / "v5.3", unresolved=(38, 39, 40))


@pytest.fixture
def workspace(sample: Sample) -> Workspace:
    return workspace_of(sample)


def predictions(done: Backtest) -> pd.DataFrame:
    return pd.read_parquet(done.path)


def test_every_era_after_the_first_window_is_predicted_once(
    workspace: Workspace, sample: Sample
) -> None:
    done = backtest(NAME, MODEL, workspace, window=WINDOW)
    frame = predictions(done)
    assert list(frame.columns) == ["id", "era", "prediction"]
    assert frame["era"].unique().tolist() == [f"{n:04d}" for n in range(13, 41)]
    assert done.rows == len(frame) == 28 * 40
    assert frame["id"].is_unique
    assert done.purge_eras == 8
    labels = sample.labels[sample.eras > 12]
    known = ~np.isnan(labels)
    assert np.corrcoef(frame["prediction"][known], labels[known])[0, 1] > 0.2


def test_one_binned_file_serves_all_windows_targets_and_seeds(workspace: Workspace) -> None:
    notes = Notes()
    spec = changed(MODEL, targets=("target_ender_20", "target_ender_60"), seeds=(1, 2))
    done = backtest(NAME, spec, workspace, window=18, listener=notes)
    assert notes.steps.count("binned_built") == 1
    assert len(cached_data(workspace.cache)) == 1
    assert done.purge_eras == 16


def test_the_stride_thins_the_training_and_not_the_predictions(workspace: Workspace) -> None:
    thin = backtest(NAME, changed(MODEL, era_stride=2), workspace, window=WINDOW)
    assert thin.rows == 28 * 40
    thinned = predictions(thin)
    whole = predictions(backtest(NAME, MODEL, workspace, window=WINDOW))
    assert not thinned["prediction"].equals(whole["prediction"])


def test_a_backtest_that_was_stopped_goes_on_at_its_window_with_the_same_file(
    workspace: Workspace,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        backtest(NAME, MODEL, workspace, window=WINDOW, listener=Notes("window_0_done"))
    notes = Notes()
    resumed = backtest(NAME, MODEL, workspace, window=WINDOW, listener=notes)
    assert "window_0_done" not in notes.steps
    assert "window_1_done" in notes.steps
    content = resumed.path.read_bytes()
    assert content == backtest(NAME, MODEL, workspace, window=WINDOW).path.read_bytes()
    assert [path.name for path in resumed.path.parent.iterdir()] == [resumed.path.name]


def test_another_plan_does_not_go_on_with_the_windows_of_this_one(workspace: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt):
        backtest(NAME, MODEL, workspace, window=WINDOW, listener=Notes("window_0_done"))
    notes = Notes()
    backtest(NAME, changed(MODEL, seeds=(9,)), workspace, window=WINDOW, listener=notes)
    assert "window_0_done" in notes.steps


def test_a_history_that_is_too_short_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageProblem, match="40 eras cannot be walked"):
        backtest(NAME, MODEL, workspace)


def plant_leak(sample: Sample, *, first_era: int) -> None:
    """From an era on feature 0 pays; before it the target is noise."""
    rng = np.random.default_rng(3)
    for path in ("train.parquet", "validation.parquet"):
        table = pq.read_table(sample.folder / path)
        eras = np.array(table.column("era").to_pylist(), dtype=int)
        feature = table.column("feature_000").to_numpy() - 2.0
        noise = rng.normal(size=len(feature))
        values = np.where(eras >= first_era, feature + 0.5 * noise, noise)
        place = table.column_names.index("target_ender_20")
        table = table.set_column(place, "target_ender_20", pa.array(values.astype(np.float32)))
        pq.write_table(table, sample.folder / path)


def score(done: Backtest, sample: Sample, eras: range) -> float:
    tables = [
        pd.read_parquet(sample.folder / f"{name}.parquet") for name in ("train", "validation")
    ]
    joined = predictions(done).merge(pd.concat(tables)[["id", "target_ender_20"]], on="id")
    wanted = joined[joined["era"].astype(int).isin(eras)]
    return float(
        np.mean(
            [
                corr(part["prediction"].to_numpy(), part["target_ender_20"].to_numpy())
                for _, part in wanted.groupby("era")
            ]
        )
    )


def test_a_leak_in_the_eras_to_be_purged_pays_without_the_purge_and_not_with_it(
    tmp_path: Path,
) -> None:
    """Era 31 is the first to be tested; what pays then is known from era 23 on, 8 eras before."""
    sample = write_sample(tmp_path / "leak", eras=60, stocks=60, features=30, train_eras=45)
    plant_leak(sample, first_era=23)
    workspace = workspace_of(sample)
    leaking = score(backtest(NAME, MODEL, workspace, window=30, purge=0), sample, range(31, 61))
    purged = score(backtest(NAME, MODEL, workspace, window=30), sample, range(31, 61))
    nearly = score(backtest(NAME, MODEL, workspace, window=30, purge=6), sample, range(31, 61))
    assert leaking > 0.5
    assert nearly > 0.3
    assert abs(purged) < 0.2
