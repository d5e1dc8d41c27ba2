"""Models and data on scales and in eras other than today's."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ArtifactForeign, FileForeign
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.matrix import float_matrix
from numeri_cli.learning.prediction import predict_file
from numeri_cli.learning.training import train
from numeri_cli.model_spec import Neutralization
from numeri_cli.scoring.ensemble import combine
from tests.support.data_versions import (
    Sample,
    SampleMaker,
    changed,
    labelled,
    model_spec,
    workspace_of,
)

MODEL = model_spec(features="all", targets=("target_ender_20",), params={"n_estimators": 8})


def trained(sample: Sample) -> Artifact:
    return train("lighthouse", MODEL, workspace_of(sample))


def test_a_model_keeps_the_scale_of_its_training_and_refuses_data_on_another(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    bins = make_sample(folder=tmp_path / "a")
    shares = make_sample(folder=tmp_path / "b", scale=0.25)
    artifact = trained(bins)
    again = Artifact.open(artifact.folder, tournament="practice").contract.scale
    assert again is not None
    assert (again.least, again.most, again.whole) == (0, 4, True)
    other = DataFile.open(shares.folder / "validation.parquet")
    with pytest.raises(ArtifactForeign, match="whole numbers from 0 to 4: they are no whole") as no:
        predict_file(artifact.fitted(), other, tmp_path / "p.csv", neutralization=None)
    assert "v5.3" in no.value.hint or "train lighthouse" in no.value.hint
    assert not (tmp_path / "p.csv").exists()
    of_shares = train("lighthouse", MODEL, workspace_of(shares))
    back = DataFile.open(bins.folder / "validation.parquet")
    with pytest.raises(ArtifactForeign, match="numbers from 0 to 1: they go from 0 to 4"):
        predict_file(of_shares.fitted(), back, tmp_path / "p.csv", neutralization=None)


def test_a_missing_value_is_neutralized_as_the_middle_of_the_trainings_scale(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample(scale=0.25, missing_share=0.1)
    artifact = trained(sample)
    data = DataFile.open(sample.folder / "validation.parquet")
    neutralization = Neutralization(features=sample.features[:4], proportion=0.5)
    predict_file(artifact.fitted(), data, tmp_path / "p.parquet", neutralization=neutralization)
    frame = pd.read_parquet(data.path)
    made = pd.read_parquet(tmp_path / "p.parquet")["prediction"].to_numpy()
    [member] = artifact.fitted().members
    for era in ("0031", "0035"):
        rows = (frame["era"] == era).to_numpy()
        features = frame.loc[rows, list(sample.features)].to_numpy(np.float32)
        middles = np.where(np.isnan(features[:, :4]), 0.5, features[:, :4])
        expected = combine(member.predict(features), middles, proportion=0.5)
        np.testing.assert_allclose(made[rows], expected, atol=1e-9)


def test_a_feature_of_halves_throughout_an_era_counts_as_missing_on_a_scale_of_shares(
    make_sample: SampleMaker,
) -> None:
    sample = make_sample(scale=0.25)  # feature 2 is the middle everywhere
    rows = labelled(sample, "train").rows
    matrix = float_matrix(rows, sample.features, missing_twos="nan")
    assert np.isnan(matrix[:, 2]).all()
    assert not np.isnan(matrix[:, [0, 1, 3]]).any()


def test_eras_that_are_dates_are_purged_by_their_weeks(make_sample: SampleMaker) -> None:
    days = [f"{date(2020, 1, 3) + timedelta(weeks=week)}" for week in range(40)]
    sample = make_sample(named_eras=days)
    workspace = workspace_of(sample)
    both = changed(MODEL, data=("train", "validation"))
    assert train("lighthouse", both, workspace).contract.eras == tuple(days[:32])
    walked = backtest("lighthouse", both, workspace, window=20)
    assert walked.windows[0].train_eras == tuple(days[:12])
    assert walked.eras == tuple(days[20:])


def test_eras_that_are_words_are_refused_before_anything_is_trained(
    make_sample: SampleMaker,
) -> None:
    words = [f"season {number}" for number in range(40)]
    sample = make_sample(named_eras=words)
    with pytest.raises(FileForeign, match="neither a number nor a date"):
        train("lighthouse", MODEL, workspace_of(sample))
