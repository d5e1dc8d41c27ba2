from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.errors import FileForeign, MemoryShort
from numeri_cli.learning.matrix import float_matrix
from numeri_cli.learning.rows import LabelledRows
from numeri_cli.learning.staged_rows import StagedRows, stage
from tests.support.data_versions import Sample, SampleMaker, labelled


def replaced(sample: Sample, name: str, values: pa.Array) -> None:
    """Another column under this name in the training file."""
    path = sample.folder / "train.parquet"
    table = pq.read_table(path)
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, values), path, row_group_size=333)


def staged_and_matrix(
    sample: Sample, tmp_path: Path, *, missing_twos: str = "keep"
) -> tuple[LabelledRows, StagedRows, np.ndarray]:
    rows = labelled(sample, "train", "validation")
    staged = stage(rows.rows, sample.features, tmp_path / "rows", missing_twos=missing_twos)
    matrix = float_matrix(rows.rows, sample.features, missing_twos=missing_twos)
    return rows, staged, matrix


@pytest.mark.parametrize("missing_twos", ["keep", "nan"])
def test_staged_rows_are_those_of_the_matrix_a_byte_a_cell(
    make_sample: SampleMaker, tmp_path: Path, missing_twos: str
) -> None:
    sample = make_sample(unresolved=(3, 33))
    rows, staged, matrix = staged_and_matrix(sample, tmp_path, missing_twos=missing_twos)
    assert staged.rows == rows.rows.count == 38 * 40
    assert staged.path.stat().st_size == matrix.size
    np.testing.assert_array_equal(staged.floats(0, staged.rows), matrix[staged.places])
    np.testing.assert_array_equal(staged.floats(45, 90), matrix[staged.places[45:90]])
    assert np.isnan(staged.floats(0, staged.rows)).any() == (missing_twos == "nan")


def test_every_era_lies_together_and_its_rows_are_known(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    """The rows of the file are shuffled, so that no era's lie together there."""
    sample = make_sample()
    path = sample.folder / "train.parquet"
    table = pq.read_table(path)
    order = np.random.default_rng(1).permutation(table.num_rows)
    pq.write_table(table.take(pa.array(order)), path, row_group_size=333)
    rows, staged, matrix = staged_and_matrix(sample, tmp_path)
    np.testing.assert_array_equal(staged.floats(0, staged.rows), matrix[staged.places])
    assert sorted(staged.places.tolist()) == list(range(staged.rows))
    for era in staged.eras:
        codes = rows.rows.codes[staged.places[era.start : era.stop]]
        assert set(codes.tolist()) == {era.code}


def test_numbers_that_are_no_bytes_are_kept_as_floats_and_absent_ones_as_nan(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    count = int(sample.in_train.sum())
    replaced(sample, "feature_001", pa.array(np.linspace(0, 1, count), pa.float32()))
    _, staged, matrix = staged_and_matrix(sample, tmp_path)
    assert staged.kind == np.float32
    np.testing.assert_array_equal(staged.floats(0, staged.rows), matrix[staged.places])
    replaced(sample, "feature_001", pa.array([None, *[3] * (count - 1)], pa.int8()))
    _, staged, matrix = staged_and_matrix(sample, tmp_path)
    assert staged.kind == np.int8
    assert np.isnan(staged.floats(0, staged.rows)).sum() == 1
    np.testing.assert_array_equal(staged.floats(0, staged.rows), matrix[staged.places])


def test_the_byte_that_stands_for_an_absent_value_is_refused_as_a_value(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    values = np.full(int(sample.in_train.sum()), -128, dtype=np.int8)
    replaced(sample, "feature_001", pa.array(values))
    with pytest.raises(FileForeign, match="-128"):
        staged_and_matrix(sample, tmp_path)


def test_a_disk_without_room_is_told_before_anything_is_written(
    make_sample: SampleMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    sample = make_sample()
    with pytest.raises(MemoryShort, match=r"of disk and 0\.0 GB are free"):
        staged_and_matrix(sample, tmp_path)
    assert not (tmp_path / "rows").exists()


def test_the_values_of_every_feature_are_known_and_too_many_are_not_listed(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    _, staged, matrix = staged_and_matrix(sample, tmp_path)
    distinct = staged.distinct(256)
    assert distinct is not None
    for place in range(len(sample.features)):
        assert set(distinct[:, place]) == set(matrix[:, place])
    assert staged.distinct(4) is None


# A process that holds nothing else, so that what an allocator keeps can be seen.
ANONYMOUS = """
import sys
import subprocess
import sys
from pathlib import Path
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.learning.rows import open_sources, rows_of_eras
from numeri_cli.learning.staged_rows import stage

def anonymous():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024

data = DataFile.open(Path(sys.argv[1]))
sources = open_sources([(data, "digest")])
rows = rows_of_eras(sources, sources[0].eras)
before = anonymous()
staged = stage(rows, data.features, Path(sys.argv[2]))
print(anonymous() - before, staged.rows)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
def test_what_was_read_last_is_let_go_of_before_anything_is_made_of_the_rows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wide.parquet"
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {"id": [f"n{n}" for n in range(40_000)], "era": ["0001"] * 40_000}
    cells = rng.integers(0, 5, (500, 40_000), dtype=np.int8)  # 20 MB in one row group
    columns |= {f"feature_{place}": values for place, values in enumerate(cells)}
    pq.write_table(pa.table(columns), path)

    def kept_mb(name: str) -> float:
        words = [sys.executable, "-c", ANONYMOUS, str(path), str(tmp_path / name)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        kept, rows = map(float, done.stdout.split())
        assert rows == 40_000
        return kept

    # once in a while Arrow's allocator keeps something; a row group that is held is there each time
    assert any(kept_mb(name) < 10 for name in ("first", "second", "third"))
