from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.commands.neutralize import neutralize_file
from numeri_cli.errors import FileForeign, PredictionsIds, PredictionsValues, UsageProblem
from tests.support.scored_data import (
    FEATURES,
    ScoredData,
    write_scored_data,
)


@pytest.fixture(scope="module")
def scored_data(tmp_path_factory: pytest.TempPathFactory) -> ScoredData:
    return write_scored_data(tmp_path_factory.mktemp("scored"), eras=4, unresolved=0)


def library_neutralized(frame: pd.DataFrame, proportion: float) -> pd.Series:
    parts = []
    for _, era in frame.sort_index().groupby("era"):
        gaussian = library.gaussian(library.tie_kept_rank(era[["a"]]))
        neutral = library.neutralize(gaussian, era[list(FEATURES)].astype(float), proportion)
        parts.append(library.tie_kept_rank(neutral)["a"])
    together: pd.Series = pd.concat(parts)
    return together


def largest(frame: pd.DataFrame, prediction: pd.Series) -> float:
    return max(
        library.max_feature_correlation(prediction.loc[era.index], era[list(FEATURES)])[1]
        for _, era in frame.sort_index().groupby("era")
    )


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_file_is_neutralized_era_by_era_as_the_library_would(
    scored_data: ScoredData, tmp_path: Path, suffix: str
) -> None:
    source = scored_data.predictions("a", suffix=suffix)
    output = tmp_path / f"out{suffix}"
    made = neutralize_file(
        source, scored_data.data, output=output, features=FEATURES, proportion=0.5
    )
    read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
    written = read(output)
    assert list(written.columns) == ["id", "prediction"]
    before = read(source)
    ids = before.get("id", before.index)
    assert written["id"].tolist() == list(ids)
    expected = library_neutralized(scored_data.frame, 0.5)
    prediction = written.set_index("id")["prediction"]
    np.testing.assert_allclose(prediction.loc[expected.index], expected, rtol=0, atol=1e-9)
    assert prediction.min() > 0
    assert prediction.max() < 1
    assert (made.rows, len(made.eras), made.proportion) == (1800, 4, 0.5)
    assert made.before.feature == made.after.feature == "feature_00"
    assert made.after.size == pytest.approx(largest(scored_data.frame, prediction), abs=1e-9)
    assert made.after.size < 0.7 * made.before.size


def test_the_smallest_proportion_below_a_largest_exposure_is_found(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    output = tmp_path / "out.parquet"
    source = scored_data.predictions("a")
    made = neutralize_file(
        source, scored_data.data, output=output, features=FEATURES, max_exposure=0.15
    )
    assert made.after.size < 0.15
    assert 0.3 < made.proportion < 0.95
    prediction = pd.read_parquet(output).set_index("id")["prediction"]
    assert largest(scored_data.frame, prediction) == pytest.approx(made.after.size, abs=1e-9)
    one_less = library_neutralized(scored_data.frame, made.proportion - 0.001)
    assert largest(scored_data.frame, one_less) >= 0.15


def test_nothing_is_taken_out_where_the_exposure_is_small_enough_already(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    output = tmp_path / "out.parquet"
    made = neutralize_file(
        scored_data.predictions("a"),
        scored_data.data,
        output=output,
        features=FEATURES,
        max_exposure=0.9,
    )
    assert made.proportion == 0
    assert made.after.size == pytest.approx(made.before.size)


def test_what_cannot_be_done_is_refused_and_writes_nothing(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    source, data, output = scored_data.predictions("a"), scored_data.data, tmp_path / "out.parquet"
    with pytest.raises(UsageProblem, match="either a proportion or a largest exposure"):
        neutralize_file(source, data, output=output, features=FEATURES)
    with pytest.raises(UsageProblem, match=r"1\.5 does not lie between"):
        neutralize_file(source, data, output=output, features=FEATURES, proportion=1.5)
    with pytest.raises(UsageProblem, match="no features"):
        neutralize_file(source, data, output=output, features=(), proportion=0.5)
    with pytest.raises(UsageProblem, match=r"below 0\.0001; the least is 0\.\d+ \(feature_"):
        neutralize_file(source, data, output=output, features=FEATURES, max_exposure=0.0001)
    with pytest.raises(FileForeign, match="feature_99"):
        neutralize_file(source, data, output=output, features=["feature_99"], proportion=0.5)
    with pytest.raises(FileForeign, match=r"\.txt"):
        neutralize_file(source, data, output=tmp_path / "o.txt", features=FEATURES, proportion=0.5)
    assert list(tmp_path.glob("o*")) == []


def test_ids_the_data_lacks_and_missing_predictions_are_refused(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    frame = pd.read_parquet(scored_data.predictions("a"))
    output = tmp_path / "out.parquet"
    frame.rename({frame.index[0]: "nother"}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(PredictionsIds, match="lacks 1 of the predictions' ids"):
        neutralize_file(
            tmp_path / "other.parquet",
            scored_data.data,
            output=output,
            features=FEATURES,
            proportion=0.5,
        )
    frame.iloc[3, 0] = np.nan
    frame.to_parquet(tmp_path / "nan.parquet")
    with pytest.raises(PredictionsValues, match="1 predictions are no number"):
        neutralize_file(
            tmp_path / "nan.parquet",
            scored_data.data,
            output=output,
            features=FEATURES,
            proportion=0.5,
        )
    assert not output.exists()


def test_one_prediction_alone_in_an_era_is_refused_instead_of_being_half(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    frame = pd.read_parquet(scored_data.predictions("a"))
    eras = scored_data.frame["era"].loc[frame.index]
    alone = frame[(eras != "0602") | ~eras.duplicated()]
    alone.to_parquet(tmp_path / "alone.parquet")
    with pytest.raises(PredictionsIds, match="alone in 1 eras, such as era 0602"):
        neutralize_file(
            tmp_path / "alone.parquet",
            scored_data.data,
            output=tmp_path / "out.parquet",
            features=FEATURES,
            proportion=0.5,
        )
    assert not (tmp_path / "out.parquet").exists()
