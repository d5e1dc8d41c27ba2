"""The service's diagnostics, with numerai-tools on the published files as the witness."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring

from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament
from tests.support.oracle import answer
from tests.support.tournaments import fresh_tournament
from tests.support.wire import Wire

AUTH = """query($n: String!) { diagnosticsUploadAuth(filename: $n, tournament: 8) {
    filename url } }"""
CREATE = """mutation($n: String!) { createDiagnostics(filename: $n, tournament: 8) { id } }"""
ASK = """query($id: ID) { diagnostics(id: $id) {
    status message erasAcceptedCount
    validationCorrMean validationCorrStd validationCorrSharpe validationCorrMaxDrawdown
    validationMmcMean validationMmcStd validationMmcSharpe validationBmcMean validationAutocorr
    validationFeatureNeutralCorrV3Mean validationFeatureCorrMax validationCorrPlusMmcSharpe
    validationCorrPlusMmcMean examplePredsCorrMean
    perEraDiagnostics { era validationCorr validationMmc validationBmc validationFeatureCorrMax
        validationFeatureNeutralCorrV3 examplePredsCorr } } }"""
ERA_SCORES = {
    "validationCorr": "corr",
    "validationMmc": "mmc",
    "validationBmc": "bmc",
    "validationFeatureNeutralCorrV3": "fnc",
    "validationFeatureCorrMax": "exposure",
    "examplePredsCorr": "example",
}


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tournament]:
    """A tournament with some validation eras whose 60-day target is known; nobody changes it."""
    made = fresh_tournament(tmp_path_factory.mktemp("diagnostics") / "practice")
    made.advance(5)
    yield made
    made.close()


@pytest.fixture
def wire(resolved: Tournament) -> Iterator[Wire]:
    with Wire.inside(resolved) as opened:
        yield opened


def diagnosed(wire: Wire, table: pd.DataFrame) -> dict[str, Any]:
    """Upload a table and ask what came of it."""
    auth = wire.data(AUTH, n="v.csv")["diagnosticsUploadAuth"]
    content = table.to_csv(index=False).encode()
    assert wire.http.put(auth["url"], content=content).status_code == 200
    made = wire.data(CREATE, n=auth["filename"])["createDiagnostics"]
    [found] = wire.data(ASK, id=made["id"])["diagnostics"]
    return dict(found)


def published(wire: Wire, name: str) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(wire.download(f"v5.3/{name}.parquet")))


def validation_rows(wire: Wire) -> pd.DataFrame:
    """Rows with a known target, indexed by id, with what the files say of meta model and such."""
    rows = published(wire, "validation")
    rows = rows[rows["data_type"] == "validation"]
    rows["meta"] = published(wire, "meta_model")["numerai_meta_model"]
    rows["benchmark"] = published(wire, "validation_benchmark_models")["v53_lgbm_ender60"]
    rows["example"] = published(wire, "validation_example_preds")["prediction"]
    return rows


def awkward_predictions(rows: pd.DataFrame) -> pd.DataFrame:
    """Ties by the dozen; the first era constant, the second of two values, ids shuffled."""
    random = np.random.default_rng(7)
    values = (rows["target_ender_60"] + random.normal(size=len(rows))).round(1).to_numpy(copy=True)
    eras = rows["era"].to_numpy()
    first, second = sorted(set(eras))[:2]
    values[eras == first] = 0.25
    values[eras == second] = (values[eras == second] > 1.5).astype(float)
    table = pd.DataFrame({"id": rows.index, "prediction": values})
    return table.sample(frac=1, random_state=1)


def witness(wire: Wire, rows: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Per era what numerai-tools says, NaN where it raises."""
    sets = json.loads(wire.download("v5.3/features.json"))["feature_sets"]
    features = list(sets["fncv3_features"])
    given = predictions.set_index("id")["prediction"]
    found = {}
    for era, part in rows.sort_index().groupby("era"):
        mine = given[part.index].rename("p").to_frame()
        target = part["target_ender_60"].astype(float)
        matrix = part[features].astype(float)
        asked: dict[str, Callable[..., object]] = {
            "corr": lambda m=mine, t=target: scoring.numerai_corr(m, t)["p"],
            "mmc": lambda m=mine, t=target, p=part: scoring.correlation_contribution(
                m, p["meta"], t
            )["p"],
            "bmc": lambda m=mine, t=target, p=part: scoring.correlation_contribution(
                m, p["benchmark"], t
            )["p"],
            "fnc": lambda m=mine, t=target, f=matrix: scoring.feature_neutral_corr(m, f, t)["p"],
            "exposure": lambda m=mine, f=matrix: scoring.max_feature_correlation(m["p"], f)[1],
            "example": lambda m=mine, p=part: scoring.numerai_corr(
                m, p["example"], target_pow15=False
            )["p"],
        }
        found[era] = {name: answer(ask) for name, ask in asked.items()}
    return pd.DataFrame(found).T


def test_the_services_figures_are_those_of_numerai_tools_ties_and_constants_included(
    wire: Wire,
) -> None:
    rows = validation_rows(wire)
    predictions = awkward_predictions(rows)
    expected = witness(wire, rows, predictions)
    found = diagnosed(wire, predictions)
    assert (found["status"], found["message"]) == ("done", None)
    eras = found["perEraDiagnostics"]
    assert [era["era"] for era in eras] == list(expected.index)
    assert len(eras) == found["erasAcceptedCount"] >= 4
    for field, name in ERA_SCORES.items():
        assert expected[name].notna().sum() >= len(eras) - 1  # the witness does not refuse all
        mine = np.array([era[field] for era in eras], dtype=float)  # None becomes NaN
        np.testing.assert_allclose(mine, expected[name], atol=1e-9, err_msg=field)
    corr, mmc = expected["corr"], expected["mmc"]
    assert np.isnan(corr.iloc[0])  # the constant era
    assert corr.notna().sum() == len(eras) - 1
    both = (corr + mmc).dropna()
    path = corr.dropna().cumsum()
    aggregates = {
        "validationCorrMean": corr.mean(),
        "validationCorrStd": corr.std(ddof=0),
        "validationCorrSharpe": corr.mean() / corr.std(ddof=0),
        "validationCorrMaxDrawdown": (path.cummax() - path).max(),
        "validationMmcMean": mmc.mean(),
        "validationMmcStd": mmc.std(ddof=0),
        "validationMmcSharpe": mmc.mean() / mmc.std(ddof=0),
        "validationBmcMean": expected["bmc"].mean(),
        "validationAutocorr": corr.dropna().autocorr(),
        "validationFeatureNeutralCorrV3Mean": expected["fnc"].mean(),
        "validationFeatureCorrMax": expected["exposure"].max(),
        "validationCorrPlusMmcMean": both.mean(),
        "validationCorrPlusMmcSharpe": both.mean() / both.std(ddof=0),
        "examplePredsCorrMean": expected["example"].mean(),
    }
    for field, value in aggregates.items():
        assert found[field] == pytest.approx(value, abs=1e-9), field


def test_the_service_asks_its_own_state_not_its_files(
    resolved: Tournament, wire: Wire, tmp_path: Path
) -> None:
    predictions = awkward_predictions(validation_rows(wire))
    before = diagnosed(wire, predictions)
    root = resolved.folders.root
    world = tmp_path / "own" / resolved.folders.world.relative_to(root)
    shutil.copytree(root, tmp_path / "own")
    shutil.rmtree(world / "published")
    own = Tournament.open(tmp_path / "own")
    with Wire.inside(own) as opened:
        assert diagnosed(opened, predictions) == before
        for kept in world.glob("weeks/*/targets_60.npy"):
            np.save(kept, 4 - np.load(kept))
        turned = diagnosed(opened, predictions)
        assert turned["validationCorrMean"] == pytest.approx(-before["validationCorrMean"])
    own.close()


def test_a_file_with_a_missing_prediction_an_id_twice_or_half_an_era_fails_with_its_reason(
    wire: Wire,
) -> None:
    good = awkward_predictions(validation_rows(wire))
    missing = good.copy()
    missing.iloc[3, 1] = np.nan
    twice = pd.concat([good, good.head(1)])
    for table, words in (
        (missing, "must not be missing"),
        (twice, "must not occur twice"),
        (good.iloc[1:], "Incomplete eras"),
        (good.assign(id="n0"), "must not occur twice"),
        (good.head(1).assign(id="n0"), "no validation era"),
    ):
        found = diagnosed(wire, table)
        assert found["status"] == "failed"
        assert words in found["message"]
        assert found["validationCorrMean"] is None
        assert found["perEraDiagnostics"] == []


def test_eras_whose_target_is_not_known_yet_are_left_out(wire: Wire) -> None:
    rows = published(wire, "validation")
    values = np.random.default_rng(1).random(len(rows))
    found = diagnosed(wire, pd.DataFrame({"id": rows.index, "prediction": values}))
    known = rows.loc[rows["target_ender_60"].notna(), "era"]
    assert [era["era"] for era in found["perEraDiagnostics"]] == sorted(set(known))
    assert len(set(rows["era"])) > len(set(known)) > 0


TB200 = """query($id: ID) { diagnostics(id: $id) { topBottom tb200Diagnostics {
    topBottom validationCorrMean validationCorrSharpe validationMmcMean validationBmcMean
    validationFeatureNeutralCorrV3Mean
    perEraDiagnostics { era validationCorr validationMmc validationBmc } } } }"""


def test_the_extremes_are_scored_as_numerai_tools_does(tmp_path: Path) -> None:
    wide = WorldSettings(seed=3, stocks=450, eras=60, features=12, rivals=2)
    made = fresh_tournament(tmp_path / "wide", settings=wide)
    made.advance(3)
    with Wire.inside(made) as wire:
        rows = validation_rows(wire).sort_index()
        random = np.random.default_rng(5)
        values = rows["target_ender_60"] + 2 * random.normal(size=len(rows))
        diagnosed(wire, pd.DataFrame({"id": rows.index, "prediction": values}))
        newest = wire.data("{ diagnostics { id } }")["diagnostics"][0]["id"]
        [found] = wire.data(TB200, id=newest)["diagnostics"]
    assert found["topBottom"] is None
    extremes = found["tb200Diagnostics"]
    assert extremes["topBottom"] == 200
    assert extremes["validationFeatureNeutralCorrV3Mean"] is None
    expected = []
    for era, part in rows.groupby("era"):
        mine = values[part.index].rename("p").to_frame()
        target = part["target_ender_60"].astype(float)
        expected.append(
            {
                "era": era,
                "validationCorr": scoring.numerai_corr(mine, target, top_bottom=200)["p"],
                "validationMmc": scoring.correlation_contribution(
                    mine, part["meta"], target, top_bottom=200
                )["p"],
                "validationBmc": scoring.correlation_contribution(
                    mine, part["benchmark"], target, top_bottom=200
                )["p"],
            }
        )
    pd.testing.assert_frame_equal(
        pd.DataFrame(extremes["perEraDiagnostics"]), pd.DataFrame(expected), atol=1e-9
    )
    corrs = pd.DataFrame(expected)["validationCorr"]
    assert extremes["validationCorrMean"] == pytest.approx(corrs.mean(), abs=1e-9)
    assert extremes["validationCorrSharpe"] == pytest.approx(corrs.mean() / corrs.std(ddof=0))


def test_a_world_of_few_stocks_has_no_extremes(wire: Wire) -> None:
    diagnosed(wire, awkward_predictions(validation_rows(wire)))
    [newest, *_] = wire.data("{ diagnostics { tb200Diagnostics { status } } }")["diagnostics"]
    assert newest["tb200Diagnostics"] is None
