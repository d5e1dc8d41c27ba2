"""Scores by features and by the organiser's models: on every day, on every board."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numerai_tools.scoring import correlation_contribution, feature_neutral_corr

from numeri_cli.practice.rounds.daily_scores import (
    REFERENCE_KINDS,
    reference_finals,
    reference_scores,
)
from numeri_cli.practice.rounds.references import ScoreReferences
from numeri_cli.practice.tournament import Tournament
from tests.support.oracle import answer
from tests.support.wire import Wire

BOARD = """query($m: String!) {
    v2Leaderboard(limit: 100) { username bmcRep fncV3Rep corr20V2Rep }
    v3UserProfile(modelName: $m) {
        latestReps { bmc fncV3 } latestRanks { bmc fncV3 }
        dailyModelPerformances { fncV3Rep fncV3Rank }
        latestUserScores { displayName reputation rank } } }"""
DETAILS = """{ roundDetails(roundNumber: 61, tournament: 8) {
    models { modelName bmc fncV3 corrWMetaModel } } }"""
SCORES = """query($m: ID!, $name: String) { submissionScores(modelId: $m, displayName: $name) {
    day value resolved percentile } }"""


@pytest.fixture
def references() -> ScoreReferences:
    """Of a round of 300 stocks."""
    random = np.random.default_rng(1)
    return ScoreReferences(
        features=random.integers(0, 5, (300, 12)).astype(np.int8),
        benchmark=random.random(300),
        organisers=random.random((300, 2)),
    )


def test_they_are_those_of_numerai_tools_on_every_day(references: ScoreReferences) -> None:
    random = np.random.default_rng(2)
    explained = references.features[:, 0] + 0.5 * references.features[:, 1]
    predictions = np.column_stack(
        [random.random(300), explained, np.full(300, 0.5), references.benchmark, random.random(300)]
    )
    predictions[:, 4] = predictions[:, 4].round(1)
    targets = random.choice([0, 0.25, 0.5, 0.75, 1], (4, 300), p=[0.05, 0.2, 0.5, 0.2, 0.05])
    found = reference_scores(predictions, references, targets=targets)
    assert found.shape == (4, len(REFERENCE_KINDS), 5)
    index = pd.Index([f"n{row:03}" for row in range(300)])
    features = pd.DataFrame(references.features.astype(float), index)
    benchmark = pd.Series(references.benchmark, index, name="b")
    for at in range(5):
        table = pd.DataFrame({"p": predictions[:, at]}, index)
        for day, values in enumerate(targets):
            target = pd.Series(values, index, name="t")
            expected = (
                answer(lambda p=table, t=target: correlation_contribution(p, benchmark, t)["p"]),
                answer(lambda p=table, t=target: feature_neutral_corr(p, features, t)["p"]),
            )
            got = found[day, :2, at]
            if at != 1:  # ranks of rounding, where features explain all, say nothing: 0 here
                np.testing.assert_allclose(got, np.nan_to_num(expected), atol=1e-9)
    assert found[0, 1, 0] != 0
    assert (found[:, :, 2] == 0).all()  # a constant
    assert np.abs(found[:, 0, 3]).max() < 1e-12  # the benchmark adds nothing to itself
    assert (found[:, 2] >= found[:, 3]).all()  # the likest and the mean
    finals = reference_finals(predictions, references, target=targets[2], horizon_days=20)
    assert list(finals) == ["bmc", "fnc_v3", "mcwnm", "apcwnm"]
    np.testing.assert_array_equal(np.array(list(finals.values())), found[2])
    assert reference_finals(predictions, references, target=targets[2], horizon_days=60) == {}


def test_what_features_explain_to_the_last_digit_scores_nothing(
    references: ScoreReferences,
) -> None:
    random = np.random.default_rng(3)
    own = ScoreReferences(
        features=np.eye(300, dtype=np.int8),
        benchmark=references.benchmark,
        organisers=references.organisers,
    )
    targets = random.choice([0, 0.25, 0.5, 0.75, 1], (2, 300))
    found = reference_scores(random.random((300, 1)), own, targets=targets)
    assert (found[:, 1] == 0).all()
    assert (found[:, 0] != 0).all()


def test_a_live_rounds_scores_by_yardsticks_are_on_every_board(
    tournament: Tournament, wire: Wire
) -> None:
    wire.submit(wire.predictions(seed=4), model=wire.model())
    tournament.advance(2)
    early = wire.data(DETAILS)["roundDetails"]["models"]
    assert all(one["bmc"] is not None and one["fncV3"] is not None for one in early)
    assert len({one["fncV3"] for one in early}) == len(early)
    assert wire.data(BOARD, m="lighthouse")["v3UserProfile"]["latestReps"]["bmc"] is None
    tournament.advance(4)
    own = next(
        one
        for one in wire.data(DETAILS)["roundDetails"]["models"]
        if one["modelName"] == "lighthouse"
    )
    board = wire.data(BOARD, m="lighthouse")
    for name, field in (("bmc", "bmc"), ("fnc_v3", "fncV3")):
        rows = wire.data(SCORES, m=wire.model(), name=name)["submissionScores"]
        assert [row["day"] for row in rows] == list(range(20, 0, -1))
        assert rows[0]["resolved"]
        assert rows[0]["value"] == own[field] == board["v3UserProfile"]["latestReps"][field]
        ranked = sorted(
            (one for one in board["v2Leaderboard"] if one[f"{field}Rep"] is not None),
            key=lambda one: -one[f"{field}Rep"],
        )
        place = [one["username"] for one in ranked].index("lighthouse") + 1
        assert board["v3UserProfile"]["latestRanks"][field] == place
        assert len(ranked) > 5
    daily = board["v3UserProfile"]["dailyModelPerformances"][0]
    assert daily["fncV3Rep"] == own["fncV3"]
    assert daily["fncV3Rank"] == board["v3UserProfile"]["latestRanks"]["fncV3"]
