"""The keys of everything that --json prints. A new key is added to its record and to this table.

A key that goes, or changes its meaning, raises `numeri_cli.published.VERSION`.
"""

from __future__ import annotations

import dataclasses
import importlib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from numeri_cli import published
from numeri_cli.cli.app import COMMANDS
from numeri_cli.published import Published
from tests.support.runner import Numeri

ENVELOPE = "version command status data error"
ERROR = "code message hint"
RETURNED_BY = {
    "init": "commands.init:init",
    "login": "commands.login:login",
    "logout": "commands.logout:logout",
    "datasets": "commands.datasets:datasets",
    "download": "commands.download:download",
    "train": "commands.train:train",
    "predict": "commands.predict:predict",
    "backtest": "commands.backtest:backtest",
    "tune": "commands.tune.tune:tune",
    "neutralize": "commands.neutralize:neutralize",
    "validate": "commands.validate.validate:validate",
    "diagnostics": "commands.diagnostics.diagnostics:diagnostics",
    "retrain": "commands.retrain.retrain:retrain",
    "doctor": "commands.doctor.doctor:doctor",
    "clean": "commands.clean:clean",
    "log": "commands.log:log",
    "notify": "commands.notify:notify",
    "hosted check": "commands.hosted.check:check",
    "guide": "commands.guide:guide",
    "explain": "commands.explain:explain",
    "submit": "commands.submit:submit",
    "run": "commands.run.run:run",
    "status": "commands.status:status",
    "rounds": "commands.rounds:rounds",
    "scores": "commands.scores:scores",
    "payouts": "commands.payouts:payouts",
    "submissions": "commands.submissions:submissions",
    "account": "commands.account:account",
    "stakes": "commands.stakes:stakes",
    "leaderboard": "commands.leaderboard:leaderboard",
    "models": "commands.models.models:account_models",
    "models --local": "commands.models.models:local_artifacts",
    "models export": "commands.models.archives:export",
    "models import": "commands.models.archives:bring_in",
    "models trust": "commands.models.trust:trust",
    "hosted upload": "commands.hosted.upload:upload",
    "hosted status": "commands.hosted.status:status",
    "hosted logs": "commands.hosted.logs:logs",
    "hosted assign": "commands.hosted.assign:assign",
    "hosted remove": "commands.hosted.assign:remove",
    "hosted run": "commands.hosted.run:run",
    "hosted download": "commands.hosted.download:download",
    "hosted webhook set": "commands.hosted.webhook:set_address",
    "hosted webhook off": "commands.hosted.webhook:take_off",
    "hosted webhook test": "commands.hosted.webhook:try_out",
    "practice status": "commands.practice.status:status",
    "practice create": "commands.practice.create:create",
    "practice advance": "commands.practice.advance:advance",
    "practice add-model": "commands.practice.add_model:add_model",
    "practice stake": "commands.practice.stake:stake",
    "practice reset": "commands.practice.reset:reset",
    "practice leaderboard": "commands.practice.leaderboard:leaderboard",
    "practice fund": "commands.practice.fund:fund",
    "schedule show": "commands.schedule:show",
    "schedule install": "commands.schedule:install",
    "schedule remove": "commands.schedule:remove",
}
SILENT = {"listen", "practice serve", "mcp"}  # they serve until they are stopped
RECORDS = {
    "WrittenProfile": "profile tournament model next_steps",
    "LoggedIn": "account host scopes file",
    "LoggedOut": "host forgotten",
    "Datasets": "tournament files binned binned_folder folder",
    "OfferedFile": "name here size_bytes round_number time path to_come_bytes",
    "BinnedData": "key rows features size_bytes used",
    "DownloadedFiles": "files",
    "DownloadedRow": "name size_bytes unchanged path",
    "TrainedModels": "models failed",
    "TrainedModelRow": (
        "model artifact features targets seeds eras rows dropped_rows trees seconds folder machines"
    ),
    "PredictionFiles": "files",
    "PredictionFile": "model path rows eras findings artifact",
    "GuardFinding": "model code message hint check level",
    "Backtests": "models validation",
    "BacktestRow": "model path rows eras windows purge_eras",
    "Tuning": (
        "model target study aims space wanted done pruned failed running eras windows purge_eras "
        "stride held_out_eras trials front chosen outcomes looks within_noise importances verdict "
        "snippet page"
    ),
    "SearchTrial": "number state values figures windows seconds began on_front note",
    "AimOutcome": (
        "aim label search search_profile trials spread expected_optimism held_out "
        "held_out_profile gain standard_error t t_needed within_noise"
    ),
    "NeutralizedFile": "path rows eras proportion features before after",
    "LargestExposure": "size feature era",
    "ValidationSummary": (
        "target eras first_era last_era unresolved_eras benchmark sources lines "
        "differences warnings notes payout report correlations per_era left_out "
        "other_targets"
    ),
    "SourceSummary": "name predicted_rows rows scores largest_exposure most_exposed_feature churn"
    " seen_in_training outlook gain_importance seen_eras targets",
    "SeenEras": "trained_on held_out purged",
    "SourceOutlook": (
        "corr_error above_zero corr_t corr_t_limit corr_lags payout_a_year losing_quarters "
        "quarters worst_quarter worst_first worst_last ahead_of_benchmark ahead_told"
    ),
    "TargetEras": "target eras first_era last_era",
    "LeftOutEras": "reason source eras first_era last_era words",
    "Summary": (
        "eras mean std sharpe drawdown drawdown_eras autocorrelation smart_sharpe "
        "positive last_20 last_52"
    ),
    "FigureLine": "label values best places unit",
    "PairedDifference": (
        "first second mean_difference t eras_needed score standard_error lags eras label "
        "told_apart t_limit"
    ),
    "SourceCorrelation": "first second correlation eras",
    "PayoutFormula": "formula multipliers clip factor rounds_held turns_a_year",
    "ComparedDiagnostics": (
        "id status model file target benchmark tolerance differ figures eras shared_eras "
        "only_server only_here warnings"
    ),
    "FigurePair": "name server here difference differs",
    "EraPairs": "score eras differing largest largest_era",
    "Retrainings": "models problems",
    "Cleaning": "dry_run removed freed_bytes left",
    "Removable": "kind path size_bytes reason",
    "Diagnosis": "findings",
    "Finding": "check level code message hint",
    "LogView": "runs lines",
    "LoggedRun": "run command typed began seconds exit_code error",
    "LogLine": "time run command event seconds level words process exit_code",
    "NotifyTrial": "channels",
    "ChannelTrial": "channel delivered answer seconds code message hint exit_code",
    "RunResult": "tournament round_number deadline models retrained next_steps ledger",
    "LedgerNotice": "code message hint kept",
    "ModelOutcome": (
        "model state round_number server_id timing selected artifact predictions rows "
        "validation problem findings replaces surplus"
    ),
    "ValidationFigures": "target eras corr_mean corr_sharpe corr_drawdown seen_in_training",
    "Problem": "code message hint exit_code",
    "Retraining": "model state artifact corr_mean message seen_in_training",
    "RoundStanding": "tournament round_number open deadline now models source problem watch",
    "Watch": "minutes cadence due",
    "ModelStanding": "model status server_id time findings problem",
    "SeenRounds": "tournament rounds",
    "RoundRow": "number open_time deadline receipts attempts results",
    "ResultRow": "model server_id scores payout_state payout_nmr",
    "HeldSubmissions": "tournament as_of offline rows downloads",
    "HeldSubmission": "model id round_number status selected filename time error_info digest",
    "BroughtBack": "model id round_number path size_bytes digest agrees",
    "ReceiptRow": (
        "tournament round_number model server_id filename prediction_digest rows timing "
        "time selected"
    ),
    "AttemptRow": (
        "id tournament round_number model prediction_digest state filename server_id "
        "error started updated"
    ),
    "ScoreReport": "tournament account as_of offline models page",
    "ModelScores": "model model_id open_rounds resolved_rounds means",
    "RoundScore": ("round_number model score version name day days value percentile date resolved"),
    "MeanScore": "score version name days rounds mean standard_error lags",
    "PayoutReport": (
        "tournament account as_of offline rows models pending_by_date settled_nmr burned_nmr "
        "pending_nmr differing"
    ),
    "PayoutRow": (
        "round_number model state payout_nmr formula_nmr listed_nmr differs at_risk_nmr date "
        "price_usd"
    ),
    "AccountReport": (
        "tournament account as_of offline available_nmr scopes staked_nmr at_risk_nmr models "
        "open_rounds"
    ),
    "StandingRow": (
        "model model_id archived stake_nmr at_risk_nmr pending_nmr corr60_rank mmc60_rank "
        "return_1d return_3m return_1y"
    ),
    "RoundAtRisk": "round_number models at_risk_nmr date",
    "StakeReport": "tournament account as_of offline models notes",
    "StakedModel": (
        "model stake_nmr at_risk_nmr free_nmr pending_nmr settled_nmr burned_nmr rounds days"
    ),
    "RoundStake": "round_number model at_risk_nmr share state payout_nmr date",
    "StakeDay": "day stake_nmr",
    "Board": "tournament of as_of offline entrants rows",
    "BoardLine": ("rank name is_own is_asked stake_nmr corr20 mmc20 corr60 mmc60 return_1y"),
    "ModelPayouts": "model settled_nmr burned_nmr pending_nmr",
    "DatePayout": "date rounds pending_nmr",
    "AccountModels": "models",
    "AccountModel": "id name tournament hosted",
    "HostedCheck": (
        "model file size_bytes digest image image_id data_version data_version_id python "
        "environment packages imports by_reference by_value network_cut confined memory_by "
        "seconds peak_bytes rows findings"
    ),
    "HostedFinding": "check level message hint",
    "GuidePages": "topics text",
    "GuideTopic": "topic title",
    "Explanations": "words",
    "Explanation": "word meaning lower_is_better source formula where",
    "ExportedModel": "model artifact file size_bytes digest holds_pickle",
    "ImportedModel": "model artifact folder known newest holds_pickle",
    "TrustedFile": "file digest known",
    "HostedStatus": "round_number paid_days models unassigned sound",
    "HostedRow": "model pickle_id filename status run_status diagnostics_status image data_version"
    " targets uploaded_at webhook findings",
    "HostedLogs": "model pickle_id filename status runs diagnostics_status diagnostics",
    "RunnerLog": "trigger_id status telling meaning cure lines",
    "HostedAssignment": "model pickle_id filename replaced changed",
    "HostedRunResult": "model pickle_id trigger_id status submission_id accepted no_round log",
    "HostedDownload": "model pickle_id filename file size_bytes digest known",
    "Webhooks": "models notes",
    "WebhookRow": "model webhook changed trigger_id log",
    "HostedUpload": "model file digest size_bytes pickle_id filename image data_version targets"
    " checked status uploaded assigned replaced webhook",
    "LocalArtifacts": "tournament artifacts",
    "LocalArtifact": "model artifact newest features targets eras trained_at folder machines",
    "PracticeStatus": "now round_number opens_at closes_at is_open live_era available_nmr models",
    "Advanced": (
        "now round_number opens_at closes_at is_open live_era available_nmr models "
        "resolved_rounds missed_rounds resolved"
    ),
    "ResolvedModel": "round_number model at_risk_nmr payout_nmr corr60 mmc60",
    "PracticeModel": "name stake_nmr wanted_nmr status submission_id",
    "AddedModel": "model model_id",
    "Stake": "model stake_nmr wanted_nmr locked_nmr wallet_nmr",
    "RemovedTournament": "folder",
    "Leaderboard": "round_number of entrants resolved_rounds rows beside",
    "LeaderboardRow": (
        "rank name technique is_own corr60 mmc60 stake_nmr earned_nmr return_share corr60_lead"
    ),
    "FundReport": "period terms choice older days opened funds page dates",
    "FundPeriod": "first_era last_era live_weeks live_rounds",
    "FundTerms": "tranches gross cost_basis_points fee_a_year",
    "RivalChoice": "name technique target corr_mean first_era last_era",
    "Fund": "role name figures exposures net",
    "FundFigures": (
        "return_a_year volatility_a_year sharpe sharpe_error drawdown before_a_year "
        "cost_a_year fee_a_year turnover_a_year gross market_correlation"
    ),
    "FundExposures": "before after drifted",
    "BookExposure": "market country sector style",
    "ScheduleStatus": "schedule state where changed",
    "Schedule": "cadence system identity moments next_firing lines units log explanation",
    "Moment": "weekday hour minute",
    "ScheduleFile": "name text",
    "InstalledSchedule": "system where text",
}


def records_in(hint: Any) -> Iterator[type[Published]]:
    """The published records that a type names."""
    if isinstance(hint, type) and issubclass(hint, Published):
        yield hint
    for part in typing.get_args(hint):
        yield from records_in(part)


def returned_by(command: str) -> list[type[Published]]:
    """What a command hands back, by the annotation of its function."""
    module, _, name = RETURNED_BY[command].partition(":")
    function = getattr(importlib.import_module(f"numeri_cli.{module}"), name)
    hints = typing.get_type_hints(function, localns={"Context": object})  # some import it for mypy
    return list(records_in(hints["return"]))


def keys_below(record: type[Published], found: dict[str, str]) -> dict[str, str]:
    """The keys of a record and of all that it holds, by the record's name."""
    if record.__name__ not in found:
        hints = typing.get_type_hints(record)
        fields = [one.name for one in dataclasses.fields(record) if not one.name.startswith("_")]  # type: ignore[arg-type]  # every record is a dataclass
        found[record.__name__] = " ".join(fields)
        for name in fields:
            for held in records_in(hints[name]):
                keys_below(held, found)
    return found


def test_every_command_has_a_record_in_the_table() -> None:
    assert {name.removesuffix(" --local") for name in RETURNED_BY} == set(COMMANDS) - SILENT
    for command in RETURNED_BY:
        assert returned_by(command), command


def test_the_keys_of_every_record_are_those_of_the_table() -> None:
    found: dict[str, str] = {}
    for command in RETURNED_BY:
        for record in returned_by(command):
            keys_below(record, found)
    assert found == RECORDS
    assert published.VERSION == 1


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("status", "RoundStanding"),
        ("rounds", "SeenRounds"),
        ("scores", "ScoreReport"),
        ("payouts", "PayoutReport"),
        ("submissions", "HeldSubmissions"),
        ("account", "AccountReport"),
        ("stakes", "StakeReport"),
        ("leaderboard", "Board"),
        ("models", "AccountModels"),
        ("models --local", "LocalArtifacts"),
        ("hosted status", "HostedStatus"),
        ("hosted remove lighthouse", "HostedAssignment"),
        ("models export lighthouse", "ExportedModel"),
        ("models trust numeri.toml", "TrustedFile"),
        ("guide security", "GuidePages"),
        ("explain corr", "Explanations"),
        ("datasets", "Datasets"),
        ("download live", "DownloadedFiles"),
        ("predict --output live.csv", "PredictionFiles"),
        ("neutralize live.csv --features medium", "NeutralizedFile"),
        ("submit --dry-run", "RunResult"),
        ("run --dry-run", "RunResult"),
        ("schedule show", "ScheduleStatus"),
        ("practice status", "PracticeStatus"),
        ("practice add-model nightwatch", "AddedModel"),
        ("practice stake lighthouse 3", "Stake"),
        ("practice leaderboard", "Leaderboard"),
        ("init --force", "WrittenProfile"),
        ("logout --tournament numerai", "LoggedOut"),
        ("practice reset --yes", "RemovedTournament"),
    ],
)
def test_what_is_printed_has_the_keys_of_its_record(
    numeri: Numeri, trained: Path, words: str, record: str
) -> None:
    if words.startswith("neutralize"):
        assert numeri("predict", "--output", "live.csv").code == 0
    said = numeri(*words.split(), "--json")
    assert list(said.json) == ENVELOPE.split()
    assert said.json["version"] == published.VERSION
    assert said.json["error"] is None or words == "status"
    assert list(said.data) == RECORDS[record].split()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("status", "keys_missing"),
        ("status --nonsense", "usage"),
        ("nonsense", "usage"),
        ("run --wait never", "usage"),
        ("practice status", "practice_missing"),
        ("schedule show", "profile_missing"),
    ],
)
def test_a_failure_has_the_keys_of_one(numeri: Numeri, words: str, code: str) -> None:
    said = numeri(*words.split(), "--json")
    assert list(said.json) == ENVELOPE.split()
    assert said.json["version"] == published.VERSION
    assert said.data == {}
    assert list(said.json["error"]) == ERROR.split()
    assert said.json["error"]["code"] == code
