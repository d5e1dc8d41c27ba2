"""A backtest ends with its scores, which are numerai-tools' own over train and validation eras."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from tests.support.runner import PROFILE, Numeri

TARGET, BENCHMARK = "target_ender_20", "v53_lgbm_ender60"
SECOND = PROFILE[PROFILE.index("[models.") :].replace("lighthouse", "beacon")
WALKED = PROFILE.replace(
    'features = "medium"', 'features = "medium"\ndata = ["train", "validation"]'
)
BOTH = WALKED + SECOND.replace(
    'features = "medium"', 'features = "small"\ndata = ["train", "validation"]'
)


def joined(home: Path, model: str = "lighthouse") -> pd.DataFrame:
    """The backtest's predictions beside target, benchmark and meta model, of both data files."""
    folder = next((home / "data" / "datasets").rglob("train.parquet")).parent
    parts = []
    for part in ("train", "validation"):
        data = pd.read_parquet(folder / f"{part}.parquet", columns=["era", TARGET])
        bench = pd.read_parquet(folder / f"{part}_benchmark_models.parquet")[[BENCHMARK]]
        parts.append(data.join(bench))
    meta = pd.read_parquet(folder / "meta_model.parquet")[["numerai_meta_model"]]
    made = pd.read_parquet(home / "data" / "predictions" / "practice" / f"{model}-backtest.parquet")
    whole = made.set_index("id")[["prediction"]].join(pd.concat(parts)).join(meta)
    return whole[whole.groupby("era")[TARGET].transform("count") > 0]


def by_hand(frame: pd.DataFrame) -> Iterator[tuple[str, dict[str, float]]]:
    """What numerai-tools makes of each era."""
    for name, era in frame.groupby("era"):
        prediction, target = era[["prediction"]], era[TARGET].astype(float)
        known = prediction.notna().all(axis=1) & target.notna()
        scores = {"corr": library.numerai_corr(prediction[known], target[known])["prediction"]}
        for score, column in (("bmc", BENCHMARK), ("mmc", "numerai_meta_model")):
            if era[column].notna().sum() >= 0.8 * len(era):
                found = library.correlation_contribution(prediction, era[column], target)
                scores[score] = found["prediction"]
        yield str(name), scores


@pytest.fixture
def walked(trained: Path, profile: Path, numeri: Numeri) -> dict[str, object]:
    """What a backtest of one model says."""
    profile.write_text(WALKED)
    said = numeri("backtest", "--window", "20", "--json")
    assert said.code == 0, said.out
    return dict(said.data)


def test_the_scores_are_those_of_the_parts_by_hand_with_numerai_tools(
    walked: dict[str, object], trained: Path, numeri: Numeri
) -> None:
    words = ("validate", "lighthouse@backtest", "--benchmark", BENCHMARK)
    said = numeri(*words, "--per-era", "eras.parquet", "--json")
    assert said.code == 0, said.out
    table = pd.read_parquet("eras.parquet")
    table = table[table["source"] == "lighthouse@backtest"].set_index("era")
    expected = dict(by_hand(joined(trained)))
    assert list(table.index) == sorted(expected)
    assert {era for era in expected if era <= "0048"}  # of the training data
    assert {era for era in expected if era > "0048"}
    counted = 0
    for era, scores in expected.items():
        for score, value in scores.items():
            assert table.loc[era, score] == pytest.approx(value, abs=1e-9, nan_ok=True), (
                era,
                score,
            )
            counted += score == "bmc" and era <= "0048"
    assert counted > 10  # BMC of eras of the training data
    [source] = said.data["sources"]
    corr = [scores["corr"] for scores in expected.values()]
    assert source["scores"]["corr"]["mean"] == pytest.approx(np.mean(corr))
    assert source["seen_in_training"] is None
    own = walked["validation"]
    assert isinstance(own, dict)
    assert own["sources"][0]["scores"]["corr"] == source["scores"]["corr"]
    shown = numeri(*words)
    assert "CORR mean" in shown.out
    sentences = r"\S.*: "  # in a pipe a line each
    figures = [line for line in shown.out.splitlines() if not re.match(sentences, line)]
    assert max(map(len, figures)) <= 80


def test_a_stride_trains_on_and_predicts_every_so_many_eras(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(WALKED)
    said = numeri("backtest", "--window", "20", "--stride", "4", "--json")
    assert said.code == 0, said.out
    made = pd.read_parquet(trained / "data/predictions/practice/lighthouse-backtest.parquet")
    last = max(int(era) for era in made["era"])
    eras = [f"{number:04d}" for number in range(21, last + 1, 4)]
    assert made["era"].unique().tolist() == eras
    assert said.data["models"][0]["eras"] == len(eras)
    assert said.data["validation"]["eras"] == joined(trained)["era"].nunique()


def test_two_models_walked_are_told_apart_in_corr_and_mmc_with_error_and_lags(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    profile.write_text(BOTH)
    said = numeri("backtest", "--window", "20", "--stride", "2", "--json")
    assert said.code == 0, said.out
    record = said.data["validation"]
    pairs = {one["score"]: one for one in record["differences"]}
    expected = {name: dict(by_hand(joined(trained, name))) for name in ("lighthouse", "beacon")}
    for score in ("corr", "mmc"):
        first, second = (
            np.array([scores[score] for scores in expected[name].values() if score in scores])
            for name in ("lighthouse", "beacon")
        )
        difference, pair = first - second, pairs[score]
        assert pair["mean_difference"] == pytest.approx(difference.mean(), abs=1e-9)
        assert pair["lags"] == min(2, len(difference) - 1)  # of four weeks, every second one
        deviation = difference - difference.mean()
        variance = deviation @ deviation / len(difference)
        for lag in range(1, pair["lags"] + 1):
            weight = 2 * (1 - lag / (pair["lags"] + 1))
            variance += weight * (deviation[lag:] @ deviation[:-lag]) / len(difference)
        error = np.sqrt(variance / len(difference))
        assert pair["standard_error"] == pytest.approx(error, abs=1e-9)
    [alike] = record["correlations"]
    assert 0 < alike["correlation"] < 1
    shown = numeri("validate", "lighthouse@backtest", "beacon@backtest")
    told = " ".join(shown.out.split())
    assert "MMC" in told
    assert "lags" in told
    assert "correlation of lighthouse@backtest and beacon@backtest" in told


def test_what_was_not_walked_is_named_with_the_command_that_does_it(
    trained: Path, numeri: Numeri
) -> None:
    said = numeri("validate", "lighthouse@backtest", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "file_missing")
    assert "numeri backtest lighthouse" in said.json["error"]["hint"]
    assert (
        numeri("validate", "lightouse@backtest", "--json").json["error"]["code"] == "model_unknown"
    )


def test_bmc_on_training_eras_brings_their_benchmarks(trained: Path, numeri: Numeri) -> None:
    datasets = trained / "data" / "datasets"
    for path in datasets.rglob("train_benchmark_models.parquet"):
        path.unlink()
    said = numeri("validate", "lighthouse", "--data", "train", "--per-era", "eras.csv", "--json")
    assert said.code == 0, said.out
    assert said.data["benchmark"] == BENCHMARK
    assert said.data["sources"][0]["scores"]["bmc"]["eras"] > 10
    table = pd.read_csv("eras.csv", dtype={"era": str})
    assert set(table["source"]) == {"lighthouse", BENCHMARK}
    gains = said.data["sources"][0]["gain_importance"]
    assert 0 < sum(share for _, share in gains) <= 1 + 1e-9
    assert [share for _, share in gains] == sorted((share for _, share in gains), reverse=True)
