"""The newcomer's path: from nothing to an accepted submission, and what comes after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.runner import Numeri

pytestmark = pytest.mark.usefixtures("practice")


@pytest.mark.core
def test_the_first_run_ends_with_an_accepted_submission_and_its_validation(
    numeri: Numeri, home: Path
) -> None:
    said = numeri("run", "--tournament", "practice")
    assert said.code == 0, said.err
    assert "round 61" in said.out
    assert "lighthouse" in said.out
    assert "accepted, on-time" in said.out
    assert "numeri practice advance" in said.out
    assert str(home / "data") in said.err


def test_the_second_run_finds_it_accepted_and_sends_nothing(numeri: Numeri) -> None:
    first = numeri("run", "--tournament", "practice", "--json").data["models"][0]
    second = numeri("run", "--tournament", "practice", "--json")
    assert second.code == 0
    assert second.data["models"][0]["state"] == "already accepted"
    assert second.data["models"][0]["server_id"] == first["server_id"]
    rounds = numeri("rounds", "--tournament", "practice", "--json").data["rounds"]
    assert len(rounds[0]["attempts"]) == 1


def test_another_machine_does_not_replace_what_the_server_holds(numeri: Numeri, home: Path) -> None:
    first = numeri("run", "--tournament", "practice", "--json").data["models"][0]
    (home / "data" / "ledger.sqlite").unlink()
    second = numeri("run", "--tournament", "practice", "--json").data["models"][0]
    assert (second["state"], second["server_id"]) == ("already accepted", first["server_id"])


def test_after_an_advance_the_trained_model_goes_into_the_next_round(numeri: Numeri) -> None:
    first = numeri("run", "--tournament", "practice", "--json").data
    assert numeri("practice", "advance").code == 0
    second = numeri("run", "--tournament", "practice", "--json").data
    assert second["round_number"] == first["round_number"] + 1
    assert second["models"][0]["state"] == "accepted"
    assert second["models"][0]["artifact"] == first["models"][0]["artifact"]


def test_a_submission_by_hand_replaces_and_the_later_one_is_selected(
    numeri: Numeri, profile: Path
) -> None:
    first = numeri("run", "--json").data["models"][0]
    assert numeri("predict", "lighthouse", "--raw", "--output", "mine.csv").code == 0
    second = numeri("submit", "mine.csv", "--replace", "--json").data["models"][0]
    assert second["state"] == "accepted"
    assert second["replaces"] == first["server_id"]
    assert second["selected"]
    assert second["server_id"] != first["server_id"]
    status = numeri("status", "--json").data["models"][0]
    assert status["server_id"] == second["server_id"]


def test_a_dry_run_does_everything_but_upload(numeri: Numeri, profile: Path) -> None:
    said = numeri("run", "--dry-run", "--json")
    assert said.code == 0
    assert said.data["models"][0]["state"] == "checked"
    assert Path(said.data["models"][0]["predictions"]).is_file()
    assert numeri("status", "--json").data["models"][0]["status"] == "none"


def test_status_is_a_watchdog(numeri: Numeri, profile: Path) -> None:
    assert numeri("status").code == 1
    assert numeri("run").code == 0
    assert numeri("status", "--quiet").code == 0


def test_json_is_one_object_with_frozen_keys(numeri: Numeri, profile: Path) -> None:
    said = numeri("run", "--json")
    assert said.err == ""
    assert set(said.json) == {"version", "command", "status", "data", "error"}
    assert set(said.data) == {
        "tournament",
        "round_number",
        "deadline",
        "models",
        "retrained",
        "next_steps",
        "ledger",
    }
    assert set(said.data["models"][0]) == {
        "model",
        "state",
        "round_number",
        "server_id",
        "timing",
        "selected",
        "artifact",
        "predictions",
        "rows",
        "validation",
        "problem",
        "findings",
        "surplus",
        "replaces",
    }


def test_training_downloads_what_it_needs(numeri: Numeri, profile: Path, home: Path) -> None:
    said = numeri("train", "lighthouse", "--json")
    assert said.code == 0, said.out
    model = said.data["models"][0]
    assert model["trees"] == 20
    contract = json.loads((Path(model["folder"]) / "model.json").read_text())
    assert contract["tournament"] == "practice"
    assert (home / "data" / "datasets" / "practice" / "v5.3" / "train.parquet").is_file()


def test_validate_shows_raw_and_neutralized_side_by_side(numeri: Numeri, profile: Path) -> None:
    assert numeri("train").code == 0
    said = numeri("validate", "--raw", "--eras", "0049-0060")
    assert said.code == 0, said.err
    assert "CORR mean" in said.out
    assert "lighthouse-raw" in said.out
    table, _, _ = said.out.partition("\nlighthouse − ")  # sentences in a pipe are a line each
    assert max(len(line) for line in table.splitlines()) <= 80
    figures = numeri("validate", "--raw", "--eras", "0049-0060", "--json").data
    assert "not out of its sample" in figures["warnings"][0]
    exposures = [source["largest_exposure"] for source in figures["sources"]]
    assert exposures[0] < exposures[1]
    page = Path(figures["report"]).read_text()
    assert "lighthouse-raw" in page
    assert "http://" not in page.split("<body", 1)[0]


@pytest.mark.core
def test_validate_shows_churn_and_what_the_round_would_pay(numeri: Numeri, profile: Path) -> None:
    assert numeri("train").code == 0
    words = ("validate", "--raw", "--eras", "0049-0060", "--json")
    by_20_days = numeri(*words).data
    assert by_20_days["payout"] is None  # the round pays on 60 days
    churns = [source["churn"] for source in by_20_days["sources"]]
    assert all(0.01 < churn < 0.6 for churn in churns)
    assert churns[0] != churns[1]
    labels = [line["label"] for line in by_20_days["lines"]]
    assert {"churn in a week", "CORR autocorrelation"} <= set(labels)
    assert not {"payout mean", "CORR last 20 eras"} & set(labels)  # of twelve eras

    assert numeri("practice", "advance", "--rounds", "12").code == 0
    assert numeri("download", "validation", "meta_model").code == 0
    paid = numeri(*words, "--target", "target_ender_60").data
    assert paid["payout"]["formula"] == "3·CORR + 15·MMC, clipped at ±1"
    scores = paid["sources"][0]["scores"]
    unclipped = 3 * scores["corr"]["mean"] + 15 * scores["mmc"]["mean"]
    assert 0.2 < scores["payout"]["mean"] / unclipped < 1  # a small world's eras are often clipped
    assert scores["payout"]["eras"] == scores["mmc"]["eras"] == 12
    assert [source["churn"] for source in paid["sources"]] == churns  # the pair never changes
    assert "3·CORR + 15·MMC" in Path(paid["report"]).read_text()


def test_a_benchmark_that_is_named_is_brought_and_bmc_says_against_which(
    numeri: Numeri, profile: Path
) -> None:
    assert numeri("train").code == 0
    words = ("validate", "--eras", "0049-0060", "--benchmark")
    unknown = numeri(*words, "nobody")
    assert unknown.code == 1
    assert "has no column 'nobody'" in unknown.err
    columns = unknown.err.split("it has ")[1].split()
    said = numeri(*words, columns[0].strip(",."))
    assert said.code == 0, said.err
    assert "BMC mean" in said.out
    assert f"BMC and CWBM are against {columns[0].strip(',.')}" in said.out


def test_the_datasets_here_are_named_with_size_and_round(numeri: Numeri, profile: Path) -> None:
    assert numeri("download", "live", "features").code == 0
    rows = {row["name"]: row for row in numeri("datasets", "--json").data["files"]}
    assert rows["v5.3/live.parquet"]["round_number"] == 61
    assert not rows["v5.3/train.parquet"]["here"]
    again = numeri("download", "live", "--json").data["files"][0]
    assert again["unchanged"]


def test_a_backtest_predicts_later_eras_and_validate_scores_it(
    numeri: Numeri, profile: Path
) -> None:
    said = numeri("backtest", "--window", "12", "--json")
    assert said.code == 0, said.out
    walked = said.data["models"][0]
    assert walked["purge_eras"] == 8
    assert walked["windows"] >= 2
    scored = numeri("validate", walked["path"], "--data", "train", "--json").data
    assert scored["eras"] == walked["eras"]


def test_models_lists_the_account_and_what_was_trained_here(numeri: Numeri, profile: Path) -> None:
    assert numeri("models", "--json").data["models"][0]["name"] == "lighthouse"
    assert numeri("models", "--local", "--json").data["artifacts"] == []
    assert numeri("train").code == 0
    assert numeri("train").code == 0
    rows = numeri("models", "--local", "--json").data["artifacts"]
    assert [row["newest"] for row in rows] == [True, False]
    older = rows[1]["artifact"]
    assert numeri("predict", "--artifact", older, "--output", "old.csv").code == 0


def test_neutralize_lowers_the_largest_exposure_of_a_file(numeri: Numeri, profile: Path) -> None:
    assert numeri("train").code == 0
    assert numeri("predict", "--raw", "--output", "raw.csv").code == 0
    said = numeri("neutralize", "raw.csv", "--proportion", "1", "--json")
    assert said.code == 0, said.out
    assert said.data["after"]["size"] < said.data["before"]["size"]
    assert numeri("submit", "raw-neutral.csv").code == 0


def test_eras_within_the_purge_of_the_training_are_left_out(numeri: Numeri, profile: Path) -> None:
    assert numeri("train").code == 0
    said = numeri("validate")
    assert said.code == 1  # this world's validation ends before the purge does
    assert "the purge leaves no era to score: 0049–0056 are nearer than 8 eras" in said.err
    assert "no other era of validation.parquet has values of target_ender_20 yet" in said.err
    assert "--eras 0049-0056" in said.err
    with_all = numeri("validate", "--eras", "0049-0060", "--json").data
    assert (with_all["first_era"], with_all["last_era"]) == ("0049", "0056")


def test_who_has_only_practiced_is_told_how_to_look_at_it(numeri: Numeri, practice: Path) -> None:
    said = numeri("status", "--json")
    assert said.code == 3
    assert said.problem["hint"].startswith("`--tournament practice` needs none; `numeri login`")
    assert numeri("status", "--tournament", "practice").code in (0, 1)
