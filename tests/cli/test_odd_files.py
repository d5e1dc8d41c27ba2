"""Files that are not what they are called, or hold less than they seem: told in words."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.support.refusals import refused
from tests.support.runner import Numeri

DATA = "data/datasets/practice/v5.3"


def ids_of(home: Path, word: str) -> list[str]:
    """Of a data file that is here."""
    frame = pd.read_parquet(home / DATA / f"{word}.parquet", columns=["era"])
    return [str(one) for one in frame.index]


def table_of(home: Path, word: str) -> pd.DataFrame:
    """Different predictions of each row of a data file, under ids that are the index."""
    ids = ids_of(home, word)
    values = np.random.default_rng(3).permutation(np.linspace(0.01, 0.99, len(ids)))
    return pd.DataFrame({"prediction": values}, index=pd.Index(ids, name="id"))


@pytest.mark.parametrize("name", ["today.parquet", "round 9.data"])
def test_predictions_for_live_rows_are_ready_to_submit_whatever_their_file_is_called(
    numeri: Numeri, trained: Path, name: str
) -> None:
    shutil.copyfile(trained / DATA / "live.parquet", name)
    written = numeri("predict", "--data", name, "--output", "mine.csv", "--json")
    assert written.code == 0, written.out
    assert list(pd.read_csv("mine.csv").columns) == ["id", "prediction"]
    assert numeri("submit", "mine.csv", "--dry-run", "--json").code == 0


def test_predictions_for_rows_that_are_not_live_have_their_eras_whatever_their_file_is_called(
    numeri: Numeri, trained: Path
) -> None:
    shutil.copyfile(trained / DATA / "validation.parquet", "live_of_old.parquet")
    assert numeri("predict", "--data", "live_of_old.parquet", "--output", "mine.csv").code == 0
    assert list(pd.read_csv("mine.csv").columns) == ["id", "era", "prediction"]


def test_live_data_whose_ids_are_an_unnamed_index_is_predicted(
    numeri: Numeri, trained: Path
) -> None:
    live = pd.read_parquet(trained / DATA / "live.parquet")
    live.rename_axis(None).to_parquet("today.parquet")
    assert "id" not in pq.read_schema("today.parquet").names
    assert numeri("predict", "--data", "today.parquet", "--output", "mine.csv").code == 0
    assert pd.read_csv("mine.csv")["id"].tolist() == ids_of(trained, "live")


def test_a_file_with_an_unnamed_index_of_ids_is_read_and_its_upload_refused_with_the_cure(
    numeri: Numeri, trained: Path
) -> None:
    whole = table_of(trained, "validation").rename_axis(None)
    whole.to_csv("whole.csv")
    whole.to_parquet("whole.parquet")
    said = numeri("validate", "whole.csv", "whole.parquet", "--json")
    assert said.code == 0, said.out
    assert [len(one["scores"]) > 0 for one in said.data["sources"]] == [True, True]
    live = table_of(trained, "live").rename_axis(None)
    live.to_csv("live.csv")
    live.to_parquet("live.parquet")
    for name in ("live.csv", "live.parquet"):
        made = numeri("neutralize", name, "--features", "small", "--json")
        assert made.code == 0, made.out
        refused(
            numeri("submit", name, "--json"),
            exit_code=1,
            code="predictions_headers",
            sentence=f"{name} has the columns",
            cure='rename_axis("id").reset_index()',
        )
        neutral = name.replace("live", "live-neutral")
        assert numeri("submit", neutral, "--dry-run", "--json").code == 0


ODD = [
    ("no row", b"id,prediction\n", "predictions_ids", "has no rows", "a row for each id"),
    ("empty", b"", "file_damaged", "mine.CSV is empty", "columns id and prediction"),
    (
        "doubled id",
        b"id,id,prediction\nn1,n1,0.5\n",
        "predictions_headers",
        "has the column id 2 times",
        "each column once",
    ),
    ("workbook", b"PK\x03\x04 of a workbook", "file_foreign", "an Excel workbook", "CSV text"),
]


@pytest.mark.parametrize(
    ("content", "code", "sentence", "cure"),
    [row[1:] for row in ODD],
    ids=[row[0].replace(" ", "-") for row in ODD],
)
def test_a_table_that_says_nothing_is_refused_in_words_by_every_reader(
    numeri: Numeri, trained: Path, content: bytes, code: str, sentence: str, cure: str
) -> None:
    Path("mine.CSV").write_bytes(content)
    for words in (["validate", "mine.CSV"], ["neutralize", "mine.CSV", "--features", "small"]):
        said = numeri(*words, "--json")
        refused(said, exit_code=1, code=code, sentence=sentence, cure=cure)
    assert not Path("mine-neutral.CSV").exists()


def test_one_row_of_each_era_is_refused_by_validate_and_by_neutralize(
    numeri: Numeri, trained: Path
) -> None:
    eras = pd.read_parquet(trained / DATA / "validation.parquet", columns=["era"])["era"]
    table_of(trained, "validation")[~eras.duplicated().to_numpy()].to_csv("mine.csv")
    refused(
        numeri("validate", "mine.csv", "--json"),
        exit_code=1,
        code="predictions_values",
        sentence="gives mine a score",
        cure="predict every row",
    )
    words = ("neutralize", "mine.csv", "--data", "validation", "--features", "small", "--json")
    refused(
        numeri(*words),
        exit_code=1,
        code="predictions_ids",
        sentence="one prediction alone in",
        cure="all of its rows",
    )


def test_a_name_in_capitals_is_written_as_what_it_says(numeri: Numeri, trained: Path) -> None:
    assert numeri("predict", "--output", "mine.CSV").code == 0
    assert Path("mine.CSV").read_bytes().startswith(b'"id","prediction"\n')
    said = numeri("submit", "mine.CSV", "--json")
    assert said.data["models"][0]["state"] == "accepted"
