from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import ArtifactForeign, FileForeign
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.prediction import predict_file, raw_predictions
from numeri_cli.learning.training import train
from numeri_cli.model_spec import Neutralization
from numeri_cli.scoring.ensemble import combine
from tests.support.data_versions import Sample, SampleMaker, model_spec, workspace_of

MODEL = model_spec(
    features="all",
    targets=("target_ender_20", "target_ender_60"),
    params={"n_estimators": 15},
    neutralize=Neutralization(features="medium", proportion=0.5),
)


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample()


@pytest.fixture
def artifact(sample: Sample) -> Artifact:
    return train("lighthouse", MODEL, workspace_of(sample))


@pytest.fixture
def data(sample: Sample) -> DataFile:
    return DataFile.open(sample.folder / "validation.parquet")


def whole_table(artifact: Artifact, sample: Sample) -> np.ndarray:
    cells = sample.cells[~sample.in_train].astype(np.float64)
    return np.column_stack([m.booster.predict(cells) for m in artifact.fitted().members])  # type: ignore[attr-defined]


def all_raw(artifact: Artifact, data: DataFile) -> np.ndarray:
    parts = [e.raw for e in raw_predictions(artifact.fitted(), data)]
    return np.concatenate(parts)


def test_raw_predictions_are_those_of_the_whole_table(
    artifact: Artifact, data: DataFile, sample: Sample
) -> None:
    expected = whole_table(artifact, sample)
    np.testing.assert_allclose(all_raw(artifact, data), expected, rtol=0, atol=1e-12)
    assert np.corrcoef(expected[:, 0], sample.labels[~sample.in_train])[0, 1] > 0.2


def test_columns_in_another_order_predict_the_same(
    artifact: Artifact, data: DataFile, sample: Sample
) -> None:
    table = pq.read_table(data.path)
    shuffled = table.select(table.column_names[::-1])
    assert shuffled.column_names != table.column_names
    pq.write_table(shuffled, data.path)
    again = all_raw(artifact, DataFile.open(data.path))
    np.testing.assert_allclose(again, whole_table(artifact, sample), rtol=0, atol=1e-12)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_file_holds_the_ensemble_of_each_era(
    artifact: Artifact, data: DataFile, sample: Sample, tmp_path: Path, suffix: str
) -> None:
    features = artifact.contract.neutralize_features
    assert features == sample.features[:6]
    neutralization = Neutralization(features=features, proportion=0.5)
    output = tmp_path / f"predictions{suffix}"
    done = predict_file(artifact.fitted(), data, output, neutralization=neutralization)
    frame = pd.read_parquet(output) if suffix == ".parquet" else pd.read_csv(output)
    assert list(frame.columns) == ["id", "prediction"]
    assert frame["id"].tolist() == data.ids().tolist()
    assert done.rows == len(frame) == 400
    assert done.eras == tuple(f"{era:04d}" for era in range(31, 41))
    assert 0 < frame["prediction"].min() < frame["prediction"].max() < 1
    raw = whole_table(artifact, sample)
    eras = sample.eras[~sample.in_train]
    cells = sample.cells[~sample.in_train][:, :6]
    for era in np.unique(eras):
        expected = combine(raw[eras == era], cells[eras == era], proportion=0.5)
        np.testing.assert_allclose(frame["prediction"][eras == era], expected, atol=1e-12)


def test_eras_are_written_where_wanted_and_only_the_wanted_ones(
    artifact: Artifact, data: DataFile, tmp_path: Path
) -> None:
    output = tmp_path / "some.parquet"
    predict_file(
        artifact.fitted(),
        data,
        output,
        neutralization=None,
        eras=["0033", "0035"],
        with_era=True,
    )
    frame = pd.read_parquet(output)
    assert list(frame.columns) == ["id", "era", "prediction"]
    assert frame["era"].unique().tolist() == ["0033", "0035"]


def test_a_file_that_lacks_features_is_refused_with_their_names(
    artifact: Artifact, data: DataFile, tmp_path: Path
) -> None:
    table = pq.read_table(data.path).drop_columns(["feature_004", "feature_007"])
    pq.write_table(table, data.path)
    output = tmp_path / "predictions.parquet"
    with pytest.raises(ArtifactForeign, match=r"lacks: feature_004, feature_007") as refusal:
        predict_file(
            artifact.fitted(),
            DataFile.open(data.path),
            output,
            neutralization=None,
        )
    assert "v5.3" in refusal.value.hint
    assert list(tmp_path.glob("*predictions*")) == []


def test_another_suffix_is_refused_and_nothing_is_left(
    artifact: Artifact, data: DataFile, tmp_path: Path
) -> None:
    with pytest.raises(FileForeign, match=r"\.xlsx"):
        predict_file(
            artifact.fitted(),
            data,
            tmp_path / "predictions.xlsx",
            neutralization=None,
        )
    assert list(tmp_path.glob("*predictions*")) == []


def test_a_model_that_took_twos_for_missing_does_so_when_it_predicts(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample(folder=tmp_path / "twos")
    late = sample.eras == 33
    sample.cells[late, 0] = 2
    path = sample.folder / "validation.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("feature_000")
    values = sample.cells[~sample.in_train, 0]
    pq.write_table(table.set_column(place, "feature_000", [values]), path)
    spec = model_spec(
        features="all",
        targets=("target_ender_20",),
        params={"n_estimators": 15},
        missing_twos="nan",
    )
    artifact = train("nan", spec, workspace_of(sample))
    cells = sample.cells[~sample.in_train].astype(np.float64)
    eras = sample.eras[~sample.in_train]
    cells[eras == 33, 0] = np.nan
    cells[:, 2] = np.nan
    expected = artifact.fitted().members[0].booster.predict(cells)  # type: ignore[attr-defined]
    raw = all_raw(artifact, DataFile.open(path))[:, 0]
    np.testing.assert_allclose(raw, expected, rtol=0, atol=1e-12)


MEMORY_DRIVER = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.learning.prediction import FittedModel, raw_predictions
from numeri_cli.model_spec import ModelSpec

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024

class First:
    def predict(self, rows):
        return rows[:, 0].astype(float)

data = DataFile.open(Path(sys.argv[1]))
model = FittedModel(
    name="x", data_version="v5.3", features=data.features, spec=ModelSpec(), members=(First(),)
)
before = status("VmHWM")
rows = 0
for era in raw_predictions(model, data):
    rows += len(era.raw)
print(rows, status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
def test_one_large_row_group_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """200,000 × 800: 160 MB as bytes, 640 MB as floats; read whole it would take both."""
    rows, features = 200_000, 800
    rng = np.random.default_rng(0)
    block = rng.integers(0, 5, (40, rows)).astype(np.int8)
    columns = {f"feature_{n:03d}": block[n % 40] for n in range(features)}
    ids = [f"n{n:015x}" for n in range(rows)]
    eras = [f"{1 + n // 5000:04d}" for n in range(rows)]
    path = tmp_path / "large.parquet"
    table = pa.table({"id": ids, "era": eras, **columns})
    pq.write_table(table, path, row_group_size=rows, compression="none")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_DRIVER, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    seen, extra_mb = done.stdout.split()
    assert int(seen) == rows
    assert float(extra_mb) < 150


def test_gain_importance_is_the_mean_share_of_each_members_gain(
    artifact: Artifact, sample: Sample
) -> None:
    model = artifact.fitted()
    gains = [
        member.booster.feature_importance("gain")  # type: ignore[attr-defined]
        for member in model.members
    ]
    shares = np.mean([gain / gain.sum() for gain in gains], axis=0)
    found = model.gain_importance()
    assert dict(found) == pytest.approx(
        {name: share for name, share in zip(sample.features, shares, strict=True) if share > 0}
    )
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert found[0][0] in sample.features[:2]  # which carry the signal
