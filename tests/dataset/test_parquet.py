from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.dataset.by_era import tables_by_era
from numeri_cli.dataset.parquet import (
    DataFile,
    float_column,
)
from numeri_cli.dataset.targets import alias_of, check_target
from numeri_cli.errors import FileDamaged, FileForeign, FileMissing, TargetAlias, TargetUnknown

ROWS = 900


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {
        f"feature_{number}": rng.integers(0, 5, ROWS).astype(np.int8) for number in range(40)
    }
    columns["feature_float"] = np.where(rng.random(ROWS) < 0.1, np.nan, 0.25).astype(np.float32)
    columns["era"] = [f"{era:04d}" for era in np.sort(rng.integers(1, 20, ROWS))]
    columns["target_b_60"] = rng.random(ROWS)
    columns["target_a_20"] = np.where(rng.random(ROWS) < 0.2, np.nan, rng.random(ROWS))
    columns["target"] = columns["target_a_20"]
    index = pd.Index([f"n{number:015x}" for number in range(ROWS)], name="id")
    return pd.DataFrame(columns, index=index)


def stored(frame: pd.DataFrame, tmp_path: Path, **options: object) -> DataFile:
    path = tmp_path / "data.parquet"
    frame.to_parquet(path, row_group_size=170, **options)  # type: ignore[call-overload]
    return DataFile.open(path)


def test_columns_are_known_without_reading_them(frame: pd.DataFrame, tmp_path: Path) -> None:
    data = stored(frame, tmp_path)
    assert data.rows == ROWS
    assert data.group_rows == (170, 170, 170, 170, 170, 50)
    assert data.features == (*(f"feature_{n}" for n in range(40)), "feature_float")
    assert data.targets == ("target_b_60", "target_a_20", "target")


def test_ids_are_found_as_index_as_unnamed_index_and_as_column(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    expected = frame.index.tolist()
    assert stored(frame, tmp_path).ids().tolist() == expected
    assert stored(frame.rename_axis(None), tmp_path).ids().tolist() == expected
    assert stored(frame.reset_index(), tmp_path, index=False).ids().tolist() == expected


def test_eras_of_rows_are_read_from_text_and_from_categories(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    for era in (frame["era"], frame["era"].astype("category")):
        eras = stored(frame.assign(era=era), tmp_path).eras()
        assert [eras.names[code] for code in eras.codes] == frame["era"].tolist()
        assert eras.counts() == frame["era"].value_counts().to_dict()
        assert eras.contiguous
        assert eras.mask(["0003", "none"]).tolist() == (frame["era"] == "0003").tolist()


def test_a_slice_and_a_mask_of_rows_are_read(frame: pd.DataFrame, tmp_path: Path) -> None:
    data = stored(frame, tmp_path)
    names = ["feature_3", "target_b_60"]
    part = data.read(names, rows=slice(160, 400)).to_pandas()
    pd.testing.assert_frame_equal(part, frame[names].iloc[160:400].reset_index(drop=True))
    mask = np.random.default_rng(1).random(ROWS) < 0.3
    part = data.read(names, rows=mask).to_pandas()
    pd.testing.assert_frame_equal(part, frame[names][mask].reset_index(drop=True))
    assert data.read(names, rows=slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("scattered", [False, True])
@pytest.mark.parametrize("group_bytes", [10**9, 1000])
def test_eras_come_whole_through_memory_and_through_the_disk(
    frame: pd.DataFrame,
    tmp_path: Path,
    scattered: bool,
    group_bytes: int,
) -> None:
    if scattered:
        frame = frame.sample(frac=1, random_state=0)
    columns = ["id", "feature_7", "feature_float", "era", "target_a_20", *frame.columns[8:38]]
    data = stored(frame, tmp_path)
    seen = []
    for era, table in tables_by_era(data, columns, group_bytes=group_bytes):
        expected = frame[frame["era"] == era].reset_index()[columns]
        pd.testing.assert_frame_equal(table.to_pandas(), expected)
        assert table.column_names == columns
        seen.append(era)
    assert seen == frame["era"].unique().tolist()


@pytest.mark.parametrize("scattered", [False, True])
def test_only_the_wanted_eras_are_given(
    frame: pd.DataFrame, tmp_path: Path, scattered: bool
) -> None:
    if scattered:
        frame = frame.sample(frac=1, random_state=0)
    given = dict(tables_by_era(stored(frame, tmp_path), ["id"], eras=["0005", "0017", "none"]))
    assert sorted(given) == ["0005", "0017"]
    assert given["0017"].num_rows == int((frame["era"] == "0017").sum())


def test_absent_values_become_nan(frame: pd.DataFrame, tmp_path: Path) -> None:
    table = stored(frame, tmp_path).read(["target_a_20"])
    expected = frame["target_a_20"].to_numpy()
    np.testing.assert_array_equal(float_column(table, "target_a_20"), expected)


def test_an_absent_column_is_named_with_the_nearest(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(FileForeign, match="lacks feature_flaot") as refusal:
        stored(frame, tmp_path).read(["feature_flaot"])
    assert "feature_float" in refusal.value.hint


def test_a_missing_a_cut_off_and_a_foreign_file_are_told_apart(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(FileMissing):
        DataFile.open(tmp_path / "none.parquet")
    path = stored(frame, tmp_path).path
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileDamaged):
        DataFile.open(path)
    path.write_text("id,prediction\n")
    with pytest.raises(FileDamaged):
        DataFile.open(path)
    frame.reset_index(drop=True).to_parquet(path)
    with pytest.raises(FileForeign, match="no column `id`"):
        DataFile.open(path)


def test_a_file_with_spoiled_pages_is_damaged(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = stored(frame, tmp_path).path
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)
    path.write_bytes(content)
    data = DataFile.open(path)
    with pytest.raises(FileDamaged):
        data.read(list(data.features))


def test_a_file_without_eras_says_so(frame: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(FileForeign, match="era"):
        stored(frame.drop(columns="era"), tmp_path).eras()


def test_the_alias_is_refused_and_its_meaning_told(frame: pd.DataFrame, tmp_path: Path) -> None:
    data = stored(frame, tmp_path)
    assert alias_of(data) == "target_a_20"
    with pytest.raises(TargetAlias, match="in this file it is target_a_20") as refusal:
        check_target(data, "target")
    assert "target_a_20" in refusal.value.hint
    frame["target"] = 1 - frame["target"]
    with pytest.raises(TargetAlias, match="equals no named target"):
        check_target(stored(frame, tmp_path), "target")


def test_a_target_is_known_by_its_name_only(frame: pd.DataFrame, tmp_path: Path) -> None:
    data = stored(frame, tmp_path)
    assert check_target(data, "target_b_60") == "target_b_60"
    with pytest.raises(TargetUnknown) as refusal:
        check_target(data, "target_b_20")
    assert "target_b_60" in refusal.value.hint


@pytest.mark.parametrize("name", ["id", "era", "feature_a", "target_b_60"])
def test_a_column_that_stands_there_twice_is_named(tmp_path: Path, name: str) -> None:
    names = ["id", "era", "feature_a", "target_b_60", name]
    columns = [pa.array(["1", "2"])] * len(names)
    path = tmp_path / "data.parquet"
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)
    with pytest.raises(FileForeign, match=f"the column '{name}' more than once"):
        DataFile.open(path)


@pytest.mark.parametrize("kind", ["string", "large_string", "int32", "dictionary", "sliced"])
def test_eras_are_those_that_rows_have_in_the_order_of_the_rows(tmp_path: Path, kind: str) -> None:
    """A dictionary of texts may hold some that no row has, in any order."""
    words = ["0003", "0003", "0001", "0003", "0002", "0001"]
    eras: pa.Array = pa.array(words)
    if kind in ("large_string", "int32"):
        eras = eras.cast(getattr(pa, kind)())
    elif kind in ("dictionary", "sliced"):
        listed = ["0000", "0001", "0002", "0003", "0009"]
        eras = pa.DictionaryArray.from_arrays(
            pa.array([listed.index(word) for word in words], pa.int32()), listed
        )
    ids = [f"n{number}" for number in range(len(words))]
    path = tmp_path / "x.parquet"
    table = pa.table({"id": ids, "era": eras})
    pq.write_table(table, path, row_group_size=4 if kind == "sliced" else 100)
    found = DataFile.open(path).eras()
    names = ("0003", "0001", "0002")
    assert found.names == (tuple(str(int(name)) for name in names) if kind == "int32" else names)
    assert found.codes.tolist() == [0, 0, 1, 0, 2, 1]


def test_an_era_beyond_a_pages_dictionary_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    eras = ["0001", "0002", "0003"] * 8  # places of two bits, of which 3 is nobody's
    table = pa.table({"era": eras, "id": [f"n{row}" for row in range(24)]})
    pq.write_table(table, path, compression="NONE", write_statistics=False)
    column = pq.read_metadata(path).row_group(0).column(0)
    end = column.dictionary_page_offset + column.total_compressed_size
    content = bytearray(path.read_bytes())
    content[end - 1] = 0xFF
    path.write_bytes(content)
    with pytest.raises(FileDamaged, match="no whole parquet file"):
        DataFile.open(path).eras()
