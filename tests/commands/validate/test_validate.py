from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.commands.validate.purge import overlapping_eras
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.commands.validate.validation import (
    PredictionSource,
    Validation,
)
from numeri_cli.errors import (
    FileForeign,
    FileMissing,
    PredictionsIds,
    PredictionsValues,
    TargetAlias,
    TargetMissing,
    TargetUnknown,
    UsageProblem,
)
from numeri_cli.output.formats import number
from numeri_cli.output.html.validation import write_report
from numeri_cli.scoring.score_table import score_named
from tests.support.scored_data import (
    FEATURES,
    TARGET,
    ScoredData,
    write_scored_data,
)
from tests.support.validations import card_of


@pytest.fixture(scope="module")
def scored_data(tmp_path_factory: pytest.TempPathFactory) -> ScoredData:
    return write_scored_data(tmp_path_factory.mktemp("scored"))


def sources(scored_data: ScoredData, *names: str) -> list[PredictionSource]:
    return [PredictionSource.of_file(scored_data.predictions(name)) for name in names]


@pytest.fixture(scope="module")
def both(scored_data: ScoredData) -> Validation:
    return score_sources(
        sources(scored_data, "a", "b"),
        scored_data.data,
        target=TARGET,
        features=FEATURES,
        meta_model=scored_data.meta_model,
        benchmark=scored_data.benchmark,
    )


def library_scores(era: pd.DataFrame, name: str) -> dict[str, float]:
    prediction = era[[name]]
    target = era[TARGET].astype(np.float64)
    features = era[list(FEATURES)].astype(np.float64)
    scores = {
        "corr": library.numerai_corr(prediction, target)[name],
        "tb200": library.numerai_corr(prediction, target, top_bottom=200)[name],
        "fnc": library.feature_neutral_corr(prediction, features, target)[name],
        "bmc": library.correlation_contribution(prediction, era["bench"], target)[name],
        "max_exposure": library.max_feature_correlation(era[name], features)[1],
        "cwbm": library.numerai_corr(prediction, era["bench"], target_pow15=False)[name],
        "mmc": np.nan,
        "cwmm": np.nan,
    }
    if era["era"].iloc[0] >= "0603":
        mmc = library.correlation_contribution(prediction, era["meta"], target)
        cwmm = library.numerai_corr(prediction, era["meta"], target_pow15=False)
        scores |= {"mmc": mmc[name], "cwmm": cwmm[name]}
    return scores


@pytest.mark.parametrize("name", ["a", "b"])
def test_every_score_of_every_era_is_the_librarys(
    scored_data: ScoredData, both: Validation, name: str
) -> None:
    card = card_of(both, name)
    frame = scored_data.frame.sort_index()
    for place, era in enumerate(card.eras):
        for score, value in library_scores(frame[frame["era"] == era], name).items():
            assert card.score(score)[place] == pytest.approx(value, abs=1e-9, nan_ok=True), score


def test_eras_without_a_target_yet_are_left_out_and_named(both: Validation) -> None:
    assert both.eras == tuple(f"{number:04d}" for number in range(601, 611))
    assert both.unresolved == ("0611", "0612")
    [out] = summary_of(both, report=Path("report.html")).left_out
    assert (out.reason, out.source, out.eras) == ("no target", None, 2)
    assert out.words == "2 eras (0611–0612) have no values of target_ender_20 yet"
    assert card_of(both, "a").summary("corr").eras == 10
    assert card_of(both, "a").summary("mmc").eras == 8


def test_the_better_prediction_wins_its_row_and_the_paired_test_tells_them_apart(
    both: Validation,
) -> None:
    lines = {line.label: line for line in summary_of(both, report=Path("report.html")).lines}
    assert lines["CORR mean"].best == 0
    assert lines["max exposure mean"].best == 1
    difference = both.differences()[0]
    assert (difference.first, difference.second) == ("a", "b")
    assert abs(difference.test.t) >= 1.96
    assert difference.test.mean_difference > 0
    assert difference.test.lags == 4


def test_exposures_name_the_feature_and_neutralizing_by_half_lowers_it(both: Validation) -> None:
    card = card_of(both, "a")
    feature, _, size = card.largest_exposure()
    assert feature == "feature_00"
    assert 0.2 < size < 0.8
    assert np.abs(card.halved[:, 0]).mean() < 0.6 * np.abs(card.exposures[:, 0]).mean()


def test_the_neutralization_curve_starts_at_corr_and_ends_at_fnc(both: Validation) -> None:
    for card in both.cards:
        np.testing.assert_allclose(card.curve[:, 0], card.score("corr"), atol=1e-12)
        np.testing.assert_array_equal(card.curve[:, -1], card.score("fnc"))


def test_a_csv_and_a_parquet_file_get_the_same_scores(
    scored_data: ScoredData, both: Validation
) -> None:
    source = PredictionSource.of_file(scored_data.predictions("a", suffix=".csv"), name="csv")
    alone = score_sources([source], scored_data.data, target=TARGET)
    ours, theirs = alone.cards[0].score("corr"), card_of(both, "a").score("corr")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)
    assert [score.name for score in alone.scores] == ["corr", "tb200"]
    lines = summary_of(alone, report=Path("report.html")).lines
    assert [line.best for line in lines] == [None] * len(lines)
    assert alone.differences() == ()


def test_eras_can_be_chosen_by_name_and_by_range(scored_data: ScoredData) -> None:
    chosen = score_sources(
        sources(scored_data, "a"), scored_data.data, target=TARGET, eras=["0602-0604", "0609"]
    )
    assert chosen.eras == ("0602", "0603", "0604", "0609")


def test_eras_without_any_prediction_do_not_count(scored_data: ScoredData, tmp_path: Path) -> None:
    late = scored_data.frame[scored_data.frame["era"] >= "0606"]
    late[["a"]].rename(columns={"a": "prediction"}).to_parquet(tmp_path / "late.parquet")
    some = [PredictionSource.of_file(tmp_path / "late.parquet"), *sources(scored_data, "b")]
    alone = score_sources(some[:1], scored_data.data, target=TARGET)
    assert alone.eras == ("0606", "0607", "0608", "0609", "0610")
    together = score_sources(some, scored_data.data, target=TARGET)
    assert len(together.eras) == 10
    assert [one.eras for one in together.coverage] == [5, 10]
    assert together.coverage[0].predicted == 5 * 450
    assert together.differences()[0].test.eras == 5
    told = [one.words for one in summary_of(together, report=Path("report.html")).left_out]
    assert told[1:] == ["5 eras (0601–0605) have no prediction of late"]
    told = [one.words for one in summary_of(alone, report=Path("report.html")).left_out]
    assert told[1:] == ["5 eras (0601–0605) have no prediction here"]
    lines = summary_of(together, report=Path("report.html")).lines
    assert {line.best for line in lines} == {None}, "five eras in common tell nothing"


def test_eras_before_and_behind_those_that_count_are_told_as_two_ranges(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    some = scored_data.frame[scored_data.frame["era"].between("0603", "0608")]
    some[["a"]].rename(columns={"a": "prediction"}).to_parquet(tmp_path / "some.parquet")
    found = PredictionSource.of_file(tmp_path / "some.parquet")
    scored = score_sources([found], scored_data.data, target=TARGET)
    told = [one.words for one in summary_of(scored, report=Path("report.html")).left_out]
    assert "6 eras (0601–0602, 0609–0612) have no prediction here" in told


def test_an_era_that_is_covered_too_thinly_has_no_score(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    thin = scored_data.frame[["a"]].rename(columns={"a": "prediction"})
    thin = thin.drop(thin.index[:91]).drop(thin.index[450:540])  # a fifth and one more; a fifth
    thin.to_parquet(tmp_path / "thin.parquet")
    source = PredictionSource.of_file(tmp_path / "thin.parquet")
    card = score_sources([source], scored_data.data, target=TARGET).cards[0]
    assert np.isnan(card.score("corr")[:2]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.iloc[::450], "in 10 of them less than 80% of the rows are predicted"),
        (lambda table: table.assign(prediction=0.5), "in 10 of them all predictions"),
    ],
    ids=["one row of each era", "constant"],
)
def test_predictions_that_no_era_gives_a_score_are_refused_with_the_reason(
    scored_data: ScoredData,
    tmp_path: Path,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    reason: str,
) -> None:
    made = change(scored_data.frame[["a"]].rename(columns={"a": "prediction"}))
    made.to_parquet(tmp_path / "odd.parquet")
    odd = PredictionSource.of_file(tmp_path / "odd.parquet")
    with pytest.raises(PredictionsValues, match=f"none of 10 eras gives odd a score: {reason}"):
        score_sources([odd, *sources(scored_data, "a")], scored_data.data, target=TARGET)


def test_eras_that_give_no_score_are_counted_with_the_reason(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    made = scored_data.frame[["a"]].rename(columns={"a": "prediction"})
    made.iloc[:450] = 0.5
    made.drop(made.index[450:540]).drop(made.index[900:1300]).to_parquet(tmp_path / "odd.parquet")
    odd = PredictionSource.of_file(tmp_path / "odd.parquet")
    [warning] = score_sources([odd], scored_data.data, target=TARGET).warnings
    assert warning == (
        "odd has no score in 2 eras: in 1 of them less than 80% of the rows are predicted, in 1 of"
        " them all predictions, or all targets, are the same"
    )


def test_surplus_ids_and_training_eras_are_warned_about(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    frame = scored_data.frame[["a"]].rename(columns={"a": "prediction"})
    frame.loc["nffffffffffffffff", "prediction"] = 0.5
    frame.to_parquet(tmp_path / "a.parquet")
    source = PredictionSource.of_file(tmp_path / "a.parquet")
    trained = PredictionSource(predictions=source.predictions, training_eras=("0590", "0596"))
    made = score_sources([trained], scored_data.data, target=TARGET)
    assert made.warnings == (
        "a was trained on eras up to 0596: 4 of 10 scored eras are not out of its sample",
        "a has 1 ids that the data lacks",
    )
    assert score_sources(sources(scored_data, "a"), scored_data.data, target=TARGET).warnings == ()


def test_overlap_is_counted_up_to_the_targets_purge() -> None:
    scored = tuple(f"{number:04d}" for number in range(100, 130))
    assert overlapping_eras(("0090",), scored, target="target_ender_20") == ()
    assert overlapping_eras(("0099",), scored, target="target_ender_20")[-1] == "0107"
    assert overlapping_eras(("0099",), scored, target="target_ender_60")[-1] == "0115"
    assert overlapping_eras(("0137",), scored, target="target_ender_20") == ("0129",)
    assert overlapping_eras((), scored, target="target_ender_20") == ()


def test_sources_of_one_name_are_told_apart(scored_data: ScoredData) -> None:
    twice = sources(scored_data, "a", "a", "b")
    made = score_sources(twice, scored_data.data, target=TARGET, eras=["0601"])
    assert [card.name for card in made.cards] == ["a", "a (2)", "b"]


def test_what_cannot_be_scored_is_refused_with_its_name(
    scored_data: ScoredData, tmp_path: Path
) -> None:
    good = sources(scored_data, "a")
    with pytest.raises(TargetUnknown):
        score_sources(good, scored_data.data, target="target_enderr_20")
    with pytest.raises(TargetAlias):
        score_sources(good, scored_data.data, target="target")
    with pytest.raises(FileForeign, match="feature_99"):
        score_sources(good, scored_data.data, target=TARGET, features=["feature_99"])
    with pytest.raises(FileForeign, match="numerai_meta_model"):
        score_sources(good, scored_data.data, target=TARGET, meta_model=scored_data.data)
    with pytest.raises(FileMissing):
        score_sources(good, tmp_path / "none.parquet", target=TARGET)
    with pytest.raises(UsageProblem, match="no era '0700'"):
        score_sources(good, scored_data.data, target=TARGET, eras=["0700"])
    with pytest.raises(TargetMissing, match="values of target_ender_20 yet"):
        score_sources(good, scored_data.data, target=TARGET, eras=["0611"])


def test_predictions_for_another_file_are_refused(scored_data: ScoredData, tmp_path: Path) -> None:
    foreign = pd.DataFrame({"prediction": [0.1, 0.2]}, index=["nf", "ne"])
    foreign.index.name = "id"
    foreign.to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(PredictionsIds, match="no id in common"):
        score_sources(
            [PredictionSource.of_file(tmp_path / "foreign.parquet")],
            scored_data.data,
            target=TARGET,
        )


def test_a_validation_becomes_a_page_with_its_facts_sources_and_differences(
    both: Validation, tmp_path: Path
) -> None:
    html = write_report(both, tmp_path / "report.html").read_text()
    for text in (
        "<h1>a · b</h1>",
        "<dd>target_ender_20</dd>",
        "<dd>0601–0610, 10 scored</dd>",
        "<dd>2 eras</dd>",
        "a − b, CORR",
        "a − b, MMC",
        str(both.sources[0].contract[0][1]),
        "benchmark v53_lgbm_ender20",
    ):
        assert text in html, text


def test_two_sources_are_as_alike_as_their_gaussian_ranks(
    scored_data: ScoredData, both: Validation
) -> None:
    frame = scored_data.frame[scored_data.frame["era"] <= "0610"]
    expected = []
    for _, era in frame.groupby("era"):
        ranked = library.gaussian(library.tie_kept_rank(era[["a", "b"]].sort_index()))
        expected.append(np.corrcoef(ranked["a"], ranked["b"])[0, 1])
    [alike] = both.likeness
    assert (alike.first, alike.second, alike.eras) == ("a", "b", 10)
    assert alike.mean == pytest.approx(float(np.mean(expected)), abs=1e-9)


def test_the_benchmark_has_scores_of_its_own(scored_data: ScoredData, both: Validation) -> None:
    card = both.benchmark_card
    assert card is not None
    assert card.name == "v53_lgbm_ender20"
    frame = scored_data.frame
    for place, name in enumerate(card.eras):
        era = frame[frame["era"] == name].sort_index()
        corr = library.numerai_corr(era[["bench"]], era[TARGET].astype(np.float64))["bench"]
        assert card.score("corr")[place] == pytest.approx(corr, abs=1e-9)


def test_the_pairs_are_tested_in_mmc_too_and_told_on_the_page(
    both: Validation, tmp_path: Path
) -> None:
    summary = summary_of(both, report=Path("report.html"))
    assert [pair.score for pair in summary.differences] == ["corr", "mmc"]
    test = both.differences(score_named("mmc"))[0].test
    assert summary.differences[1].standard_error == test.standard_error
    assert (summary.differences[1].eras, summary.differences[1].lags) == (8, 4)
    weighed = replace(
        both, sources=(replace(both.sources[0], gain_importance=(("feature_00", 0.75),)),
                       *both.sources[1:])
    )  # fmt: skip
    page = write_report(weighed, tmp_path / "page.html").read_text()
    alike = f"<td>1</td><td>{number(both.likeness[0].mean, 3)}</td>"
    for words in ("Correlation between the models", alike, "lags", "What the trees of a rest on"):
        assert words in page
    assert "75.00" in page


def test_eras_apart_have_as_many_fewer_lags(both: Validation) -> None:
    assert both.lags == 4
    assert replace(both, eras=("0601", "0605", "0609", "0613")).lags == 1
    assert replace(both, eras=("0601", "0603")).lags == 2
