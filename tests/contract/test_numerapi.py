"""numerapi 3.1.1 cannot tell the practice tournament from the real one."""

from __future__ import annotations

import ast
import inspect
import pickle
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numerapi
import pandas as pd
import pytest
import time_machine

from numeri_cli.practice.tournament import Tournament
from tests.support.live_predictions import (
    LIVE,
    live_predictions,
)

# every public method of NumerAPI: the test that calls it
COVERED = {
    "raw_query": "test_a_bare_question_is_answered_in_both_spellings",
    "list_datasets": "test_it_lists_the_files_of_the_real_layout",
    "download_dataset": "test_it_downloads_a_file_fresh_and_resumed",
    "set_global_data_dir": "test_it_downloads_into_a_folder_of_its_own",
    "get_account": "test_it_reads_the_account",
    "get_models": "test_it_reads_the_models",
    "models_of_account": "test_it_reads_the_models",
    "modelid_to_modelname": "test_it_reads_the_models",
    "public_user_profile": "test_it_reads_public_profiles",
    "stake_get": "test_it_reads_stakes",
    "get_current_round": "test_it_knows_the_round",
    "list_rounds": "test_it_lists_rounds_with_their_score_configurations",
    "get_competitions": "test_it_lists_rounds_with_their_score_configurations",
    "check_round_open": "test_it_knows_whether_a_round_is_open",
    "check_new_round": "test_it_knows_whether_a_round_is_new",
    "set_bio": "test_profile_edits_are_echoed",
    "set_link": "test_profile_edits_are_echoed",
    "set_submission_webhook": "test_profile_edits_are_echoed",
    "wallet_transactions": "test_it_reads_the_wallet",
    "upload_predictions": "test_it_uploads_a_file_and_the_later_one_counts",
    "submission_ids": "test_it_uploads_a_file_and_the_later_one_counts",
    "get_submission_filenames": "test_it_uploads_a_file_and_the_later_one_counts",
    "download_submission": "test_it_downloads_what_it_uploaded",
    "upload_diagnostics": "test_diagnostics_score_a_validation_file",
    "diagnostics": "test_diagnostics_score_a_validation_file",
    "submission_scores": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "pending_model_payouts": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "round_model_performances_v2": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "round_model_performances": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "intra_round_scores": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "daily_model_performances": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "get_leaderboard": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "get_account_leaderboard": "test_a_year_shows_in_scores_payouts_and_leaderboards",
    "pipeline_status": "test_it_reads_the_pipeline",
    "model_upload": "test_a_model_is_uploaded",
    "model_upload_data_versions": "test_a_model_is_uploaded",
    "model_upload_docker_images": "test_a_model_is_uploaded",
    "stake_change": "test_staking_v2_is_refused_as_since_the_migration",
    "stake_decrease": "test_staking_v2_is_refused_as_since_the_migration",
    "stake_increase": "test_staking_v2_is_refused_as_since_the_migration",
    "stake_set": "test_staking_v2_is_refused_as_since_the_migration",
    "stake_drain": "test_draining_a_stake_is_refused_for_the_types_that_numerapi_writes",
    "v3_stake_config": "test_the_contract_takes_no_stakes",
    "v3_stake_round": "test_staking_on_chain_is_refused",
    "v3_stake_auth": "test_staking_on_chain_is_refused",
    "v3_stake_claim": "test_staking_on_chain_is_refused",
}


def test_the_table_names_every_public_method_and_only_real_tests() -> None:
    methods = {
        name
        for name, _ in inspect.getmembers(numerapi.NumerAPI, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods == COVERED.keys()
    tests = dict(_functions(*Path(__file__).parent.glob("test_numerapi*.py")))
    for method, test in COVERED.items():
        assert f".{method}(" in tests[test], method


def _functions(*files: Path) -> Iterator[tuple[str, str]]:
    """Name and source of every function of these files."""
    for file in files:
        source = file.read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                yield node.name, ast.get_source_segment(source, node) or ""


def test_a_bare_question_is_answered_in_both_spellings(napi: numerapi.NumerAPI) -> None:
    answer = napi.raw_query(
        "query($n: String!) { v3UserProfile(model_name: $n) { account_name accountName } }",
        {"n": "lighthouse"},
    )
    assert answer == {
        "data": {"v3UserProfile": {"account_name": "newcomer", "accountName": "newcomer"}}
    }


def test_it_lists_the_files_of_the_real_layout(napi: numerapi.NumerAPI) -> None:
    names = napi.list_datasets()
    assert {"v5.3/features.json", "v5.3/train.parquet", LIVE} <= set(names)
    assert napi.list_datasets(napi.get_current_round()) == names


def test_it_downloads_a_file_fresh_and_resumed(napi: numerapi.NumerAPI) -> None:
    fresh = Path(napi.download_dataset("v5.3/train.parquet", "fresh.parquet")).read_bytes()
    assert len(pd.read_parquet("fresh.parquet")) > 1000
    Path("resumed.parquet.temp").write_bytes(fresh[:1000])
    napi.download_dataset("v5.3/train.parquet", "resumed.parquet")
    assert Path("resumed.parquet").read_bytes() == fresh
    before = Path("fresh.parquet").stat().st_mtime_ns
    napi.download_dataset("v5.3/train.parquet", "fresh.parquet")
    assert Path("fresh.parquet").stat().st_mtime_ns == before


def test_it_downloads_only_the_rows_asked_for(napi: numerapi.NumerAPI) -> None:
    chosen = [("era", "in", ["0001", "0002"])]
    path = napi.download_dataset("v5.3/train.parquet", "two.parquet", filters=chosen)
    assert set(pd.read_parquet(path)["era"]) == {"0001", "0002"}


def test_it_downloads_into_a_folder_of_its_own(napi: numerapi.NumerAPI) -> None:
    napi.set_global_data_dir("data")
    path = napi.download_dataset("v5.3/features.json")
    assert path == "data/v5.3/features.json"
    assert b"feature_sets" in Path(path).read_bytes()


def test_it_reads_the_account(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    account = napi.get_account()
    assert account["username"] == "newcomer"
    assert account["status"] == "VERIFIED"
    assert account["insertedAt"] == tournament.now()
    assert account["availableNmr"] == Decimal(100)
    assert [model["name"] for model in account["models"]] == ["lighthouse", "beacon", "harbour"]
    [token] = account["apiTokens"]
    assert token["public_id"] == tournament.participant_keys()[0]
    assert "upload_submission" in token["scopes"]


def test_it_reads_the_models(napi: numerapi.NumerAPI) -> None:
    models = napi.get_models()
    assert list(models) == ["lighthouse", "beacon", "harbour"]
    assert napi.models_of_account("newcomer") == models
    assert napi.modelid_to_modelname(models["beacon"]) == "beacon"
    assert napi.get_models(tournament=11) == {}


def test_it_reads_public_profiles(
    napi: numerapi.NumerAPI, lighthouse: str, tournament: Tournament
) -> None:
    profile = napi.public_user_profile("lighthouse")
    assert profile == {
        "id": lighthouse,
        "username": "lighthouse",
        "startDate": tournament.now(),
        "bio": None,
        "nmrStaked": profile["nmrStaked"],
    }
    assert Decimal(profile["nmrStaked"]) == 0


def test_it_reads_stakes(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    assert napi.stake_get("lighthouse") is None
    tournament.set_stake("lighthouse", Decimal("12.5"))
    assert napi.stake_get("lighthouse") == Decimal("12.5")


def test_it_knows_the_round(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    number = napi.get_current_round()
    assert number == tournament.status().round_number
    tournament.advance()
    assert napi.get_current_round() == number + 1


def test_it_lists_rounds_with_their_score_configurations(
    napi: numerapi.NumerAPI, tournament: Tournament
) -> None:
    tournament.advance()
    rounds = napi.list_rounds()
    number = tournament.status().round_number
    assert [one["number"] for one in rounds] == [number, number - 1]
    assert rounds[0]["closeStakingTime"] - rounds[0]["openTime"] == timedelta(hours=26)
    assert rounds[0]["payoutFactor"] == 1
    paid = {c["displayName"]: c for c in rounds[0]["roundScoreConfigs"] if c["isPayout"]}
    assert {name: one["defaultMultiplier"] for name, one in paid.items()} == {
        "corr60": 3,
        "mmc60": 15,
    }
    assert {one["clipThreshold"] for one in paid.values()} == {1}
    told = {
        c["displayName"]: (c["name"], c["version"], c["totalScoreDays"])
        for c in rounds[0]["roundScoreConfigs"]
        if c["name"] in ("correlation", "meta_model_contribution")
    }
    assert told == {
        "v2_corr20": ("correlation", "6", 20),
        "mmc": ("meta_model_contribution", "5", 20),
        "corr60": ("correlation", "3", 60),
        "mmc60": ("meta_model_contribution", "3", 60),
    }
    unpaid = [c["defaultMultiplier"] for c in rounds[0]["roundScoreConfigs"] if not c["isPayout"]]
    assert set(unpaid) == {0}
    assert [one["target"] for one in rounds] in ([None, "main"], ["main", None])
    assert [one["number"] for one in napi.list_rounds(status="open")] == [number]
    assert [one["number"] for one in napi.list_rounds(status="resolving")] == [number - 1]
    assert napi.list_rounds(status="resolved") == []
    assert [one["number"] for one in napi.list_rounds(status="upcoming")] == [number + 1]
    assert [one["number"] for one in napi.list_rounds(limit=1)] == [number]
    competitions = napi.get_competitions()  # type: ignore[no-untyped-call]
    assert [one["number"] for one in competitions] == [number, number - 1]
    assert isinstance(competitions[0]["openTime"], datetime)


def test_it_knows_whether_a_round_is_open(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    # numerapi compares with the machine's clock
    with time_machine.travel(tournament.now(), tick=True):
        assert napi.check_round_open() is True
    with time_machine.travel(tournament.status().closes_at + timedelta(minutes=1), tick=True):
        assert napi.check_round_open() is False


def test_it_knows_whether_a_round_is_new(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    with time_machine.travel(tournament.now(), tick=True):
        assert napi.check_new_round() is True
    with time_machine.travel(tournament.now() + timedelta(hours=13), tick=True):
        assert napi.check_new_round() is False


def test_profile_edits_are_echoed(napi: numerapi.NumerAPI, lighthouse: str) -> None:
    assert napi.set_bio(lighthouse, "I practise.") is True
    assert napi.set_link(lighthouse, "here", "https://example.invalid") is True
    assert napi.set_submission_webhook(lighthouse, "https://example.invalid") is True


def test_it_reads_the_wallet(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    assert napi.wallet_transactions() == []
    tournament.set_stake("lighthouse", Decimal(10))
    [moved] = napi.wallet_transactions()
    assert (moved["amount"], moved["to"], moved["status"]) == (10, "lighthouse", "confirmed")
    assert moved["time"] == tournament.now()


def test_it_uploads_a_file_and_the_later_one_counts(
    napi: numerapi.NumerAPI, lighthouse: str
) -> None:
    live_predictions(napi).to_csv("predictions.csv", index=False)
    first = napi.upload_predictions("predictions.csv", model_id=lighthouse)
    second = napi.upload_predictions(df=live_predictions(napi, seed=1), model_id=lighthouse)
    ids = napi.submission_ids(lighthouse)
    assert [one["id"] for one in ids] == [second, first]
    [selected] = napi.get_submission_filenames(model_id=lighthouse)
    assert selected["filename"] == ids[0]["filename"]
    assert selected["round_num"] == napi.get_current_round()
    assert len(selected["filename"]) == len("predictions-") + 12 + len(".csv")


def test_it_uploads_parquet(napi: numerapi.NumerAPI, lighthouse: str) -> None:
    live_predictions(napi).to_parquet("predictions.parquet", index=False)
    napi.upload_predictions("predictions.parquet", model_id=lighthouse)
    [selected] = napi.get_submission_filenames(model_id=lighthouse)
    assert selected["filename"].endswith(".parquet")


def test_it_downloads_what_it_uploaded(napi: numerapi.NumerAPI, lighthouse: str) -> None:
    live_predictions(napi).to_csv("predictions.csv", index=False)
    submission = napi.upload_predictions("predictions.csv", model_id=lighthouse)
    sent = Path("predictions.csv").read_bytes()
    by_model = napi.download_submission(model_id=lighthouse)
    assert Path(by_model).read_bytes() == sent
    by_id = napi.download_submission(submission_id=submission, dest_path="again.csv")
    assert Path(by_id).read_bytes() == sent


def test_wrong_and_swapped_keys_are_refused_in_the_real_words(
    napi: numerapi.NumerAPI, tournament: Tournament
) -> None:
    public_id, secret = tournament.participant_keys()
    for keys in ((public_id, "wrong"), (secret, public_id)):
        stranger = numerapi.NumerAPI(*keys, verbosity="CRITICAL")  # type: ignore[no-untyped-call]
        with pytest.raises(ValueError, match=r"^Your session is invalid or has expired\.$"):
            stranger.get_account()


def test_diagnostics_score_a_validation_file(
    napi: numerapi.NumerAPI, lighthouse: str, tournament: Tournament
) -> None:
    tournament.advance(3)  # until some validation eras are resolved
    validation = pd.read_parquet(napi.download_dataset("v5.3/validation.parquet", "val.parquet"))
    validation = validation.reset_index() if "id" not in validation.columns else validation
    known = validation[validation["data_type"] == "validation"]
    scores = known["target_ender_60"].rank(pct=True) * 0.99
    table = pd.DataFrame({"id": known["id"], "prediction": scores})
    made = napi.upload_diagnostics(df=table, model_id=lighthouse)
    [found] = napi.diagnostics(lighthouse, made)
    assert (found["status"], found["message"]) == ("done", None)
    assert found["erasAcceptedCount"] == known["era"].nunique()
    assert found["validationCorrMean"] > 0.9  # it was told the targets
    assert len(found["perEraDiagnostics"]) == known["era"].nunique()
    assert found["perEraDiagnostics"][0]["validationFeatureNeutralCorrV3"] > 0.5


def test_a_year_shows_in_scores_payouts_and_leaderboards(
    napi: numerapi.NumerAPI, lighthouse: str, tournament: Tournament
) -> None:
    tournament.set_stake("lighthouse", Decimal(50))
    first = napi.get_current_round()
    submission = napi.upload_predictions(df=live_predictions(napi), model_id=lighthouse)
    tournament.advance(14)
    scores = napi.submission_scores(lighthouse)
    assert {one["displayName"] for one in scores} == {
        "v2_corr20", "mmc", "corr60", "mmc60", "corr_w_meta_model", "bmc", "fnc_v3", "mcwnm",
        "apcwnm",
    }  # fmt: skip
    assert {one["submissionId"] for one in scores} == {submission}
    corr60 = napi.submission_scores(lighthouse, display_name="corr60")
    assert [one["day"] for one in corr60] == list(range(60, 0, -1))
    assert [one["resolved"] for one in corr60] == [True] + 59 * [False]
    assert {one["roundNumber"] for one in corr60} == {first}
    assert len(napi.submission_scores(lighthouse, day=20, last_n_rounds=15)) == 9
    assert len(napi.submission_scores(lighthouse, resolved=True)) == 9
    assert len(napi.submission_scores(lighthouse, distinct_on_round=True)) == 1

    payouts = napi.pending_model_payouts()
    [paid] = payouts["actual"]
    assert payouts["pending"] == []
    staked = napi.stake_get("lighthouse")
    assert staked is not None
    assert paid["payoutNmr"] == staked - 50

    with pytest.warns(DeprecationWarning, match="submission_scores"):
        [performance] = napi.round_model_performances_v2(lighthouse)
    assert performance["roundNumber"] == first
    assert performance["roundResolved"] is True
    assert performance["atRisk"] == (Decimal(50) / 13).quantize(Decimal("1e-18"), "ROUND_DOWN")
    multipliers = {m["displayName"]: m["multiplier"] for m in performance["payoutMultipliers"]}
    assert multipliers == {"corr60": 3, "mmc60": 15}
    last = [s for s in performance["submissionScores"] if s["displayName"] in multipliers]
    assert sum(Decimal(s["payoutSettled"]) for s in last) == paid["payoutNmr"]
    with pytest.warns(DeprecationWarning, match="submission_scores"):
        assert napi.round_model_performances(lighthouse) == [performance]
    [intra] = napi.intra_round_scores(lighthouse)
    assert intra["roundNumber"] == first
    daily, *earlier = napi.daily_model_performances("lighthouse")
    assert daily["corrRep"] == next(
        one["value"] for one in scores if one["displayName"] == "v2_corr20" and one["resolved"]
    )
    assert isinstance(daily["corrRank"], int)
    assert len(earlier) == 14 - 5  # every week since the first 20-day score

    board = napi.get_leaderboard(limit=100)
    assert [one["rank"] for one in board] == list(range(1, len(board) + 1))
    own = next(one for one in board if one["username"] == "lighthouse")
    assert own["nmrStaked"] == napi.stake_get("lighthouse")
    assert own["return_52_weeks"] == pytest.approx(float(paid["payoutNmr"]) / 50)
    assert napi.get_leaderboard(limit=2, offset=1) == board[1:3]
    accounts = napi.get_account_leaderboard(limit=100)
    newcomer = next(one for one in accounts if one["username"] == "newcomer")
    assert newcomer["nmrStaked"] == own["nmrStaked"]
    assert newcomer["returnAllTimeNmr"] == paid["payoutNmr"]


def test_it_reads_the_pipeline(napi: numerapi.NumerAPI, tournament: Tournament) -> None:
    assert napi.pipeline_status("2026-01-05")["isScoringDay"] is False
    tournament.advance()
    status = napi.pipeline_status("2026-01-10")
    assert status["isScoringDay"] is True
    assert status["scoredAt"] == tournament.status().opens_at
    assert status["resolvedAt"] == status["scoredAt"]
    assert status["tournament"] == "classic"
    first_returns = napi.pipeline_status("2026-01-09")  # a day's return of the first round
    assert first_returns["isScoringDay"] is True
    assert first_returns["resolvedAt"] is None
    assert napi.pipeline_status("2026-01-08")["isScoringDay"] is False


def test_a_model_is_uploaded(napi: numerapi.NumerAPI, lighthouse: str) -> None:
    Path("model.pkl").write_bytes(pickle.dumps({"a": [1, 2, 3]}))
    assert "v5.3" in napi.model_upload_data_versions()
    assert "Python 3.12" in napi.model_upload_docker_images()
    made = napi.model_upload(
        "model.pkl", model_id=lighthouse, data_version="v5.3", docker_image="Python 3.11"
    )
    query = "query($id: String) { computePickles(id: $id) { id validation_status modelId } }"
    answer = napi.raw_query(query, {"id": made}, authorization=True)
    assert answer["data"]["computePickles"] == [
        {"id": made, "validation_status": "validated", "modelId": lighthouse}
    ]
