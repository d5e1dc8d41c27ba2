from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.scoring import scores
from numeri_cli.scoring.era import Era
from numeri_cli.scoring.score_table import SCORES, score_named
from numeri_cli.scoring.scorecard import collect, score_era
from numeri_cli.scoring.summary import PayoutRule
from tests.support import oracle

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

FEATURES = [f"feature_{n}" for n in range(12)]


def era(name: str, seed: int, *, ids: int = 500) -> Era:
    """Two predictions, the second with ties and missing ids; a meta model that lacks a few."""
    generator = np.random.default_rng(seed)
    target = oracle.target("bins_missing", ids, generator)
    signal = np.nan_to_num(target, nan=0.5) * 0.3
    predictions = np.stack([generator.random(ids) + signal, generator.random(ids).round(2)], axis=1)
    predictions[generator.random(ids) < 0.05, 1] = np.nan
    return Era(
        name=name,
        predictions=predictions,
        target=target,
        meta_model=np.where(generator.random(ids) < 0.05, np.nan, generator.random(ids) + signal),
        benchmark=generator.random(ids) + signal,
        features=generator.integers(0, 5, (ids, 12)).astype(np.int8),
    )


@pytest.fixture(scope="module")
def eras() -> list[Era]:
    return [era(f"{number:04d}", number) for number in range(600, 606)]


def test_a_scorecard_says_what_each_score_says_alone(eras: list[Era]) -> None:
    cards = collect([score_era(one) for one in eras], names=["a", "b"], features=FEATURES)
    for place, card in enumerate(cards):
        for row, one in enumerate(eras):
            prediction = one.predictions[:, place]
            assert one.meta_model is not None
            assert one.benchmark is not None
            assert one.features is not None
            expected = {
                "corr": scores.corr(prediction, one.target),
                "tb200": scores.corr(prediction, one.target, top_bottom=200),
                "mmc": scores.contribution(prediction, one.meta_model, target=one.target)[0],
                "bmc": scores.contribution(prediction, one.benchmark, target=one.target)[0],
                "cwmm": scores.correlation_with(prediction, one.meta_model),
                "cwbm": scores.correlation_with(prediction, one.benchmark),
                "fnc": scores.fnc(prediction, one.features, target=one.target)[0],
            }
            for name, value in expected.items():
                assert card.score(name)[row] == pytest.approx(value, abs=1e-12), name
            sizes = np.abs(scores.exposures(prediction, one.features)[0])
            assert card.score("max_exposure")[row] == pytest.approx(sizes.max())
            assert card.score("mean_exposure")[row] == pytest.approx(sizes.mean())


def test_a_scorecards_corr_and_mmc_are_the_librarys_under_groupby(eras: list[Era]) -> None:
    card = collect([score_era(one) for one in eras], names=["a", "b"])[1]
    frame = pd.concat(
        pd.DataFrame(
            {"era": e.name, "p": e.predictions[:, 1], "t": e.target, "m": e.meta_model},
            index=[f"{e.name}{name}" for name in oracle.ids(len(e.target))],
        )
        for e in eras
    )
    groups = frame.groupby("era")
    corr = groups.apply(lambda era: library.numerai_corr(era[["p"]], era["t"])["p"])
    mmc = groups.apply(
        lambda era: library.correlation_contribution(era[["p"]], era["m"], era["t"])["p"]
    )
    np.testing.assert_allclose(card.score("corr"), corr.to_numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(card.score("mmc"), mmc.to_numpy(), rtol=0, atol=1e-12)


def test_scores_without_their_inputs_are_absent_not_wrong() -> None:
    bare = Era(
        name="0600",
        predictions=np.random.default_rng(0).random((450, 1)),
        target=np.tile([0, 0.5, 1], 150),
    )
    card = collect([score_era(bare)], names=["a"])[0]
    assert [score.name for score in SCORES if card.has(score.name)] == ["corr", "tb200"]
    assert card.summary("mmc").eras == 0
    assert card.largest_exposure()[:2] == ("", "")


def test_a_meta_model_of_a_part_of_the_eras_is_counted(eras: list[Era]) -> None:
    first = Era(
        name=eras[0].name, predictions=eras[0].predictions, target=eras[0].target, meta_model=None
    )
    assert eras[1].meta_model is not None
    thin = np.where(np.arange(500) < 200, np.nan, eras[1].meta_model)
    second = Era(
        name=eras[1].name, predictions=eras[1].predictions, target=eras[1].target, meta_model=thin
    )
    card = collect([score_era(one) for one in (first, second, *eras[2:])], names=["a", "b"])[0]
    assert card.summary("corr").eras == 6
    assert card.summary("mmc").eras == 4
    assert np.isnan(card.score("mmc")[:2]).all()


def test_rows_and_ids_are_counted_apart() -> None:
    prediction = np.array([[0.1], [0.2], [np.nan], [0.4], [0.5], [0.6]])
    target = np.array([0, 1, 0.5, np.nan, 0.5, 0.25])
    scored = score_era(Era(name="0600", predictions=prediction, target=target))
    assert (scored.ids, scored.predicted.tolist(), scored.rows.tolist()) == (6, [5], [4])
    assert np.isnan(scored.scores[SCORES.index(score_named("corr"))])  # a third of the rows is lost


def test_the_largest_exposure_is_named_with_its_era(eras: list[Era]) -> None:
    assert eras[3].features is not None
    worst = eras[3].predictions.copy()
    worst[:, 0] = eras[3].features[:, 5] + 0.01 * np.random.default_rng(0).random(500)
    tilted = Era(name="0603", predictions=worst, target=eras[3].target, features=eras[3].features)
    names = [f"feature_{n}" for n in range(12)]
    card = collect(
        [score_era(one) for one in (*eras[:3], tilted, *eras[4:])],
        names=["a", "b"],
        features=names,
    )[0]
    feature, era_name, size = card.largest_exposure()
    assert (feature, era_name) == ("feature_5", "0603")
    assert size > 0.99


def test_payouts_follow_the_rounds_rule(eras: list[Era]) -> None:
    card = collect([score_era(one) for one in eras], names=["a", "b"])[0]
    rule = PayoutRule(
        multipliers=((score_named("corr"), 3.0), (score_named("mmc"), 15.0)), clip=1.0
    )
    expected = np.clip(3 * card.score("corr") + 15 * card.score("mmc"), -1, 1)
    np.testing.assert_array_equal(card.payout(rule), expected)


def test_no_era_gives_an_empty_card() -> None:
    card = collect([], names=["a"], features=["feature_0"])[0]
    assert card.eras == ()
    assert card.summary("corr").eras == 0
