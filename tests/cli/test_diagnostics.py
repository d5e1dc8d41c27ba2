"""numeri diagnostics: the server's figures beside ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.runner import Numeri

pytestmark = pytest.mark.usefixtures("practice", "profile")


@pytest.fixture
def predictions(numeri: Numeri, home: Path) -> Path:
    """A file of validation predictions with ties, some eras of it resolved."""
    assert numeri("practice", "advance", "--rounds", "5").code == 0
    assert numeri("download", "validation", "features").code == 0
    rows = pd.read_parquet(
        home / "data/datasets/practice/v5.3/validation.parquet", columns=["target_ender_60"]
    )
    noise = np.random.default_rng(4).normal(size=len(rows))
    values = (rows["target_ender_60"].fillna(0.5) / 4 + noise).rank(pct=True).round(2) * 0.98
    path = Path("mine.csv")
    values.rename("prediction").to_csv(path)
    return path


def test_server_and_machine_agree_on_every_figure_and_every_era(
    numeri: Numeri, predictions: Path
) -> None:
    said = numeri("diagnostics", predictions, "--model", "lighthouse", "--json")
    assert said.code == 0, said.out
    assert (said.data["status"], said.data["model"]) == ("done", "lighthouse")
    assert not said.data["differ"]
    assert said.data["target"] == "target_ender_60"
    assert said.data["benchmark"] == "v53_lgbm_ender60"
    for figure in said.data["figures"]:
        assert abs(figure["difference"]) < 1e-9, figure
        assert figure["server"] is not None
    assert [one["eras"] for one in said.data["eras"]] == [said.data["shared_eras"]] * 5
    assert said.data["shared_eras"] >= 4
    assert max(one["largest"] for one in said.data["eras"]) < 1e-9
    assert (said.data["only_server"], said.data["only_here"]) == ([], [])
    assert set(said.data) == {
        "id", "status", "model", "file", "target", "benchmark", "tolerance", "differ", "figures",
        "eras", "shared_eras", "only_server", "only_here", "warnings",
    }  # fmt: skip
    assert set(said.data["figures"][0]) == {"name", "server", "here", "difference", "differs"}
    assert set(said.data["eras"][0]) == {"score", "eras", "differing", "largest", "largest_era"}


def test_the_table_fits_and_says_that_nothing_differs(numeri: Numeri, predictions: Path) -> None:
    said = numeri("diagnostics", predictions)
    assert said.code == 0, said.err
    assert "no figure and no era differs by more than 0.0001" in said.out
    assert "max exposure" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_another_target_here_is_found_to_differ(numeri: Numeri, predictions: Path) -> None:
    said = numeri("diagnostics", predictions, "--target", "target_ender_20")
    assert said.code == 0
    assert "differs" in said.out
    assert "CORR differs by more than 0.0001 in" in said.out
    figures = numeri("diagnostics", predictions, "--target", "target_ender_20", "--json").data
    assert figures["differ"]
    apart = {one["name"] for one in figures["figures"] if one["differs"]}
    assert {"corr_mean", "mmc_mean", "fnc_mean"} <= apart
    assert "max_exposure" not in apart


def test_eras_that_are_not_here_yet_are_named(numeri: Numeri, predictions: Path) -> None:
    before = numeri("diagnostics", predictions, "--json").data
    assert numeri("practice", "advance").code == 0
    after = numeri("diagnostics", predictions, "--json").data
    assert len(after["only_server"]) == 1  # the file here does not know its target yet
    assert after["shared_eras"] == before["shared_eras"]
    said = numeri("diagnostics", predictions)
    assert "rest on 1 era (0054) not here" in " ".join(said.out.split())
    assert numeri("download", "validation", "meta_model").code == 0
    assert numeri("download", "validation_benchmark_models").code == 0
    again = numeri("diagnostics", predictions, "--json").data
    assert (again["only_server"], again["differ"]) == ([], False)
    assert again["shared_eras"] == before["shared_eras"] + 1


def test_a_missing_prediction_is_refused_in_the_servers_words(
    numeri: Numeri, predictions: Path
) -> None:
    table = pd.read_csv(predictions)
    table.loc[3, "prediction"] = np.nan
    table.to_csv(predictions, index=False)
    said = numeri("diagnostics", predictions, "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "diagnostics_failed"
    assert "must not be missing" in said.json["error"]["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nowhere.csv",), "file_missing"),
        (("mine.csv", "--model", "lighthause"), "model_unknown"),
        (("mine.csv", "--target", "target_ender_40"), "target_unknown"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_sent(
    numeri: Numeri, predictions: Path, words: tuple[str, ...], code: str
) -> None:
    said = numeri("diagnostics", *words, "--json")
    assert (said.code, said.json["error"]["code"]) == (1, code)
