"""Prediction files that the server would refuse: refused here, before a byte is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.refusals import refused
from tests.support.runner import Numeri

Table = pd.DataFrame
HEADERS, IDS, VALUES = "predictions_headers", "predictions_ids", "predictions_values"


def good(home: Path) -> Table:
    live = pd.read_parquet(home / "data/datasets/practice/v5.3/live.parquet").reset_index()
    ids = live["id"].astype(str)
    return pd.DataFrame({"id": ids, "prediction": np.linspace(0.01, 0.99, len(ids))})


def with_value(value: float) -> Callable[[Table], Table]:
    """The table with one prediction that is this."""

    def change(table: Table) -> Table:
        return table.assign(prediction=[value, *table["prediction"][1:]])

    return change


BAD: list[tuple[str, Callable[[Table], Table], str, str, str]] = [
    ("lost ids", lambda t: t.iloc[5:], IDS, "5 missing", "exactly once"),
    ("repeated ids", lambda t: pd.concat([t, t.iloc[:3]]), IDS, "3 repeated", "exactly once"),
    (
        "an empty id",
        lambda t: t.assign(id=["", *t["id"][1:]]),
        IDS,
        "1 without an id, 1 missing",
        "exactly once",
    ),
    (
        "row numbers",
        lambda t: t.assign(id=range(len(t))),
        IDS,
        "none of the 150 ids",
        "keep its id column",
    ),
    ("NaN", with_value(np.nan), VALUES, "1 of 150 predictions", "predict every row"),
    ("infinity", with_value(np.inf), VALUES, "outside of [0, 1]", "(rank - 0.5) / n"),
    ("above one", with_value(1.0001), VALUES, "outside of [0, 1]", "(rank - 0.5) / n"),
    ("below zero", with_value(-0.1), VALUES, "outside of [0, 1]", "(rank - 0.5) / n"),
    ("constant", lambda t: t.assign(prediction=0.5), VALUES, "are the same", "constant"),
    ("words", lambda t: t.assign(prediction="high"), VALUES, "no numbers", "plain numbers"),
    (
        "another header",
        lambda t: t.rename(columns={"prediction": "pred"}),
        HEADERS,
        "'id', 'pred'",
        "id, prediction",
    ),
    ("no ids", lambda t: t[["prediction"]], HEADERS, "'prediction'", "id, prediction"),
    ("swapped", lambda t: t[["prediction", "id"]], HEADERS, "'prediction', 'id'", "id, prediction"),
    ("surplus column", lambda t: t.assign(era="0061"), HEADERS, "'era'", "exactly two"),
]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("change", "code", "sentence", "cure"),
    [row[1:] for row in BAD],
    ids=[row[0].replace(" ", "-") for row in BAD],
)
def test_what_the_server_would_refuse_is_not_sent(
    numeri: Numeri,
    trained: Path,
    suffix: str,
    change: Callable[[Table], Table],
    code: str,
    sentence: str,
    cure: str,
) -> None:
    table = change(good(trained))
    path = Path(f"mine{suffix}")
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.astype({"id": str} if "id" in table else {}).to_parquet(path, index=False)
    said = numeri("submit", path, "--json")
    refused(said, exit_code=1, code=code, sentence=sentence, cure=cure)
    assert not list((trained / "data" / "practice").glob("uploads/*"))
    assert numeri("status", "--json").data["models"][0]["status"] == "none"


def test_yesterdays_ids_are_refused_and_todays_are_accepted(numeri: Numeri, trained: Path) -> None:
    good(trained).to_csv("mine.csv", index=False)
    assert numeri("practice", "advance", "--quiet").code == 0
    said = numeri("submit", "mine.csv", "--json")
    refused(
        said,
        exit_code=1,
        code=IDS,
        sentence="none of the 150 ids in mine.csv is in this round's live data",
        cure="an earlier round's",
    )
    good(trained).to_csv("mine.csv", index=False)
    accepted = numeri("submit", "mine.csv", "--json")
    assert accepted.code == 0
    assert accepted.data["models"][0]["state"] == "accepted"


@pytest.mark.parametrize(
    ("name", "content", "code", "sentence"),
    [
        ("mine.csv", b"", "file_damaged", "mine.csv is empty, cut off or no csv file"),
        ("mine.csv", b"id,prediction\nn1,0.5,7\nn2", "file_damaged", "no csv file"),
        ("mine.csv", b"\x00\x01\xff\n" * 50, "file_damaged", "no csv file"),
        ("mine.csv", b"id,prediction\n", IDS, "mine.csv"),
        ("mine.parquet", b"PAR1 and then nothing", "file_damaged", "no parquet file"),
        ("mine.txt", b"id,prediction\n", "predictions_ids", "none of the 0 ids in mine.txt"),
    ],
)
def test_an_empty_half_or_foreign_prediction_file_is_refused(
    numeri: Numeri, trained: Path, name: str, content: bytes, code: str, sentence: str
) -> None:
    Path(name).write_bytes(content)
    said = numeri("submit", name, "--json")
    refused(said, exit_code=1, code=code, sentence=sentence, cure="")
    assert said.json["error"]["hint"]


def test_a_prediction_file_that_is_not_there_is_refused_before_the_server_is_asked(
    numeri: Numeri, trained: Path
) -> None:
    Path("folder.csv").mkdir()
    for word in ("nothere.csv", "folder.csv", "./nothere"):
        said = numeri("submit", word, "--json")
        refused(
            said,
            exit_code=1,
            code="file_missing",
            sentence=f"there is no file {Path(word)}",
            cure="`numeri predict` writes one",
        )


def test_a_file_needs_its_model_named_where_the_profile_has_several(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    good(trained).to_csv("mine.csv", index=False)
    profile.write_text(profile.read_text() + "\n[models.beacon]\n")
    said = numeri("submit", "mine.csv", "--json")
    refused(
        said,
        exit_code=1,
        code="model_unknown",
        sentence="mine.csv could be for any of lighthouse, beacon",
        cure="--model lighthouse",
    )
    assert numeri("submit", "mine.csv", "--model", "beacon").code == 0


@pytest.mark.parametrize(
    ("words", "exit_code", "code", "sentence", "cure"),
    [
        (["mine.csv"], 1, "predictions_ids", "have no id in common", "another file"),
        (["nothere.csv"], 1, "file_missing", "nothere.csv does not exist", "a prediction file"),
        (["--target", "nope"], 1, "target_unknown", "no target 'nope'", "it has target_ender_20"),
        (["--target", "target"], 1, "target_alias", "alias", "target_ender_60"),
        (["--features", "nope"], 1, "feature_unknown", "no feature set 'nope'", "the sets are"),
        (["--eras", "9000-9001"], 2, "usage", "no era '9000-9001'", "0049"),
    ],
)
def test_what_cannot_be_validated_is_refused(
    numeri: Numeri,
    trained: Path,
    words: list[str],
    exit_code: int,
    code: str,
    sentence: str,
    cure: str,
) -> None:
    good(trained).to_csv("mine.csv", index=False)
    said = numeri("validate", *words, "--json")
    refused(said, exit_code=exit_code, code=code, sentence=sentence, cure=cure)


@pytest.mark.parametrize(
    ("output", "sentence", "cure"),
    [
        ("mine.txt", "cannot be written as .txt", ".parquet or .csv"),
        (".", "cannot be written", ".parquet or .csv"),
    ],
)
def test_predictions_are_written_as_csv_or_parquet_only(
    numeri: Numeri, trained: Path, output: str, sentence: str, cure: str
) -> None:
    said = numeri("predict", "--output", output, "--json")
    refused(said, exit_code=1, code="file_foreign", sentence=sentence, cure=cure)
