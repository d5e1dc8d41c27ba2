from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.dataset.by_era import eras_with_rows
from numeri_cli.dataset.eras import chosen_eras
from numeri_cli.dataset.parquet import DataFile, feature_matrix
from numeri_cli.dataset.prediction_files import (
    IdColumn,
    id_strings,
    join,
    read_id_column,
    read_predictions,
)
from numeri_cli.errors import (
    FileDamaged,
    FileForeign,
    FileMissing,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
    UsageProblem,
)


def frame(ids: list[str], values: list[float], *, name: str = "prediction") -> pd.DataFrame:
    return pd.DataFrame({name: values}, index=pd.Index(ids, name="id"))


@pytest.mark.parametrize("name", ["prediction", "probability"])
def test_predictions_are_read_from_csv_and_parquet_with_either_name(
    tmp_path: Path, name: str
) -> None:
    made = frame(["n1", "n2"], [0.25, 0.75], name=name)
    made.to_csv(tmp_path / "p.csv")
    made.to_parquet(tmp_path / "index.parquet")
    made.reset_index().to_parquet(tmp_path / "column.parquet")
    for file in ("p.csv", "index.parquet", "column.parquet"):
        column = read_predictions(tmp_path / file)
        assert column.name == Path(file).stem
        assert column.ids.to_pylist() == ["n1", "n2"]
        assert column.values.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("name", ["mine.parquet", "mine.csv", "mine.CSV", "mine.txt", "mine"])
@pytest.mark.parametrize("content", ["csv", "parquet"])
def test_what_a_file_is_its_content_says_and_not_its_name(
    tmp_path: Path, content: str, name: str
) -> None:
    made = frame(["n1", "n2"], [0.25, 0.75])
    if content == "csv":
        made.to_csv(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(made.to_parquet())
    column = read_predictions(tmp_path / name)
    assert (column.ids.to_pylist(), column.values.tolist()) == (["n1", "n2"], [0.25, 0.75])


@pytest.mark.parametrize("name", ["mine.csv", "mine.parquet"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 of a workbook", "Excel workbook"),
        (gzip.compress(b"id,prediction\nn1,0.5\n", mtime=0), "gzip"),
        (b"ARROW1\x00\x00 and so on", "Feather"),
        (pickle.dumps({"id": ["n1"], "prediction": [0.5]}), "pickle"),
        (b'{"id": {"0": "n1"}}', "JSON"),
        (b'\n [{"id": "n1"}]', "JSON"),
        (b"\xef\xbb\xbf<html>404</html>", "web page"),
        ("id,prediction\nn1,0.5\n".encode("utf-16"), "UTF-16"),
    ],
    ids=["zip", "gzip", "arrow", "pickle", "json", "json list", "html", "utf-16"],
)
def test_another_kind_of_file_is_named_in_words(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileForeign, match=f"{name} is .*{words}"):
        read_predictions(path)
    with pytest.raises(FileForeign, match=f"{name} is .*{words}"):
        check_predictions(path, ["n1"])


def test_an_index_that_pandas_wrote_without_a_name_holds_the_ids(tmp_path: Path) -> None:
    made = frame(["007", "1e5"], [0.25, 0.75]).rename_axis(None)
    made.to_csv(tmp_path / "p.csv")
    made.to_parquet(tmp_path / "p.parquet")
    assert (tmp_path / "p.csv").read_text().startswith(",prediction")
    for file in ("p.csv", "p.parquet"):
        column = read_predictions(tmp_path / file)
        assert column.ids.to_pylist() == ["007", "1e5"]
        assert column.values.tolist() == [0.25, 0.75]


def test_row_numbers_beside_an_id_column_are_no_ids(tmp_path: Path) -> None:
    made = frame(["n1", "n2"], [0.25, 0.75]).reset_index()
    made.to_csv(tmp_path / "p.csv", index=True)
    made.set_index(pd.Index([5, 6])).to_parquet(tmp_path / "p.parquet")
    for file in ("p.csv", "p.parquet"):
        assert read_predictions(tmp_path / file).ids.to_pylist() == ["n1", "n2"]


def test_a_column_that_stands_there_twice_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("id,id,prediction\nn1,n2,0.5\n")
    (tmp_path / "values.csv").write_text("id,prediction,prediction\nn1,0.4,0.5\n")
    names = ["id", "id", "prediction"]
    columns = [pa.array(["n1"]), pa.array(["n2"]), pa.array([0.5])]
    pq.write_table(pa.Table.from_arrays(columns, names=names), tmp_path / "ids.parquet")
    for file, name in (("ids.csv", "id"), ("values.csv", "prediction"), ("ids.parquet", "id")):
        with pytest.raises(PredictionsHeaders, match=rf"{file} has the column {name} 2 times"):
            read_predictions(tmp_path / file)


def test_a_table_without_rows_or_with_a_row_without_an_id_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,prediction\n")
    frame([], []).to_parquet(tmp_path / "p.parquet")
    for file in ("p.csv", "p.parquet"):
        with pytest.raises(PredictionsIds, match="has no rows"):
            read_predictions(tmp_path / file)
    (tmp_path / "p.csv").write_text("id,prediction\nn1,0.5\n,0.6\n")
    with pytest.raises(PredictionsIds, match="1 rows without an id"):
        read_predictions(tmp_path / "p.csv")


def test_fields_that_are_not_separated_by_commas_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id;prediction\nn1;0.5\n")
    with pytest.raises(PredictionsHeaders, match="it has id;prediction") as caught:
        read_predictions(tmp_path / "p.csv")
    assert caught.value.hint == "separate the fields with commas"


@pytest.mark.parametrize("name", ["live.parquet", "today.parquet", "validation.parquet"])
def test_whether_rows_are_live_the_file_says_and_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = pd.DataFrame({"id": ["n1", "n2"], "era": "0007", "target_a_20": [np.nan, np.nan]})
    live = {
        "by its type": rows.assign(data_type="live"),
        "by its one era": rows,
        "without targets": rows.drop(columns="target_a_20"),
    }
    other = {
        "of another type": rows.assign(data_type="test"),
        "of two types": rows.assign(data_type=["live", "test"]),
        "of two eras": rows.assign(era=["0007", "0008"]),
        "with a target": rows.assign(target_a_20=[np.nan, 0.5]),
    }
    for expected, tables in ((True, live), (False, other)):
        for told, table in tables.items():
            table.to_parquet(path)
            assert DataFile.open(path).is_live() == expected, told


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,prediction\n007,0.5\n1e5,0.25\n")
    assert read_predictions(tmp_path / "p.csv").ids.to_pylist() == ["007", "1e5"]


def test_an_empty_value_is_a_missing_prediction(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,prediction\nn1,\nn2,0.25\n")
    assert np.isnan(read_predictions(tmp_path / "p.csv").values).tolist() == [True, False]


def test_what_is_no_prediction_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    cases: list[tuple[str, str, type[Exception]]] = [
        ("headers.csv", "id,value\nn1,0.5\n", PredictionsHeaders),
        ("noid.csv", "stock,prediction\nn1,0.5\n", PredictionsHeaders),
        ("twice.csv", "id,prediction\nn1,0.5\nn1,0.6\n", PredictionsIds),
        ("text.csv", "id,prediction\nn1,high\nn2,low\n", PredictionsValues),
        ("ragged.csv", "id,prediction\nn1,0.5,7,8\n", FileDamaged),
        ("empty.csv", "", FileDamaged),
        ("bad.parquet", "no parquet", FileDamaged),
    ]
    for name, content, error in cases:
        (tmp_path / name).write_text(content)
        with pytest.raises(error, match=name.replace(".", r"\.")):
            read_predictions(tmp_path / name)
    with pytest.raises(FileMissing):
        read_predictions(tmp_path / "none.csv")
    frame(["n1"], [0.5], name="value").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(PredictionsHeaders):
        read_predictions(tmp_path / "other.parquet")
    with pytest.raises(FileForeign):
        read_id_column(tmp_path / "other.parquet", "numerai_meta_model")


def test_a_column_is_joined_by_id_with_its_absent_and_surplus_ids_counted() -> None:
    column = IdColumn("a", pa.array(["n3", "n1", "n9"]), np.array([0.3, 0.1, 0.9]))
    joined = join(column, pa.chunked_array([["n1", "n2"], ["n3", "n1"]]))
    np.testing.assert_array_equal(joined.values, [0.1, np.nan, 0.3, 0.1])
    assert (joined.matched, joined.surplus) == (3, 1)


def test_a_join_with_nothing_in_common_is_empty() -> None:
    column = IdColumn("a", pa.array(["n9"]), np.array([0.9]))
    joined = join(column, pa.array(["n1", "n2"]))
    assert np.isnan(joined.values).all()
    assert (joined.matched, joined.surplus) == (0, 1)


@pytest.mark.parametrize("scattered", [False, True])
def test_rows_of_an_era_stand_where_the_whole_file_has_them(
    tmp_path: Path, scattered: bool
) -> None:
    eras = ["0002", "0001"] * 40 if scattered else ["0002"] * 40 + ["0001"] * 40
    ids = [f"n{number}" for number in range(80)]
    table = pd.DataFrame({"id": ids, "era": eras, "feature_a": np.arange(80, dtype=np.int8)})
    table.to_parquet(tmp_path / "d.parquet", row_group_size=13)
    data = DataFile.open(tmp_path / "d.parquet")
    everything = id_strings(data).to_pylist()
    seen = list(eras_with_rows(data, ["id"], eras=None, row_eras=data.eras()))
    assert [era.name for era in seen] == ["0002", "0001"]
    for era in seen:
        assert [everything[row] for row in era.rows] == era.table.column("id").to_pylist()
        assert {eras[row] for row in era.rows} == {era.name}


def test_eras_are_chosen_by_name_and_range() -> None:
    names = ["0003", "0001", "0002", "0010"]
    assert chosen_eras(names, None) == ("0001", "0002", "0003", "0010")
    assert chosen_eras(names, ["0002-0009", "0001"]) == ("0001", "0002", "0003")
    assert chosen_eras(names, ["10"]) == ("0010",)
    with pytest.raises(UsageProblem, match="no era '0004-0009'"):
        chosen_eras(names, ["0004-0009"])
    with pytest.raises(UsageProblem, match="no era 'yesterday'"):
        chosen_eras(names, ["yesterday"])


def test_features_are_bytes_where_they_can_be_and_floats_with_nan_else() -> None:
    whole = pa.table({"a": pa.array([0, 4], pa.int8()), "b": pa.array([2, 2], pa.int8())})
    matrix = feature_matrix(whole, ["b", "a"])
    assert matrix.dtype == np.int8
    assert matrix.tolist() == [[2, 0], [2, 4]]
    assert matrix.flags.c_contiguous
    holes = pa.table({"a": pa.array([None, 4], pa.int8()), "b": pa.array([0.25, None])})
    matrix = feature_matrix(holes, ["a", "b"])
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix, [[np.nan, 0.25], [4, np.nan]])
