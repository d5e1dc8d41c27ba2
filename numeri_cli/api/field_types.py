"""The type of each field of our documents, and what of them every errand can do without."""

from __future__ import annotations

from collections.abc import Mapping

_TYPES: Mapping[str, str] = {  # of what stands under a field
    "account": "Account",
    "accountLeaderboard": "AccountLeaderboardEntry",
    "actual": "Payout",
    "latestNmrPrice": "NmrPrice",
    "payoutMultipliers": "ModelPayoutMultiplier",
    "pending": "Payout",
    "pendingModelPayouts": "UserPayouts",
    "stakeValues": "StakeValue",
    "submissionScores": "SubmissionScore",
    "v2Leaderboard": "V2LeaderboardEntry",
    "v2RoundModelPerformances": "V2RoundModelPerformance",
    "v2Stake": "V2Stake",
    "v3UserProfile": "V3UserProfile",
    "apiTokenInfo": "ApiTokenInfo",
    "computePickleDataVersions": "ComputePickleDataVersion",
    "computePickleDockerImages": "ComputePickleDockerImage",
    "computePickleDownloadAuth": "FileUploadAuth",
    "computePickleUpload": "ComputePickleUpload",
    "computePickleUploadAuth": "FileUploadAuth",
    "computePickles": "ComputePickleUpload",
    "createComputePickleUpload": "ComputePickleUpload",
    "createDiagnostics": "V2Diagnostics",
    "createSubmission": "V2Submission",
    "diagnostics": "V2Diagnostics",
    "diagnosticsUploadAuth": "FileUploadAuth",
    "latestRanks": "Ranks",
    "latestReturns": "Returns",
    "latestSubmissions": "LatestSubmission",
    "models": "Model",
    "perEraDiagnostics": "V2DiagnosticsEras",
    "round": "Round",
    "roundScoreConfigs": "RoundScoreConfig",
    "rounds": "Round",
    "statuses": "ComputePickleTriggerStatus",
    "submissionDownloadAuth": "FileUploadAuth",
    "submissionUploadAuth": "FileUploadAuth",
    "submissions": "V2Submission",
    "diagnosticsTriggerLogs": "TriggerLog",
    "triggerComputePickleUpload": "ComputePickleUpload",
    "triggerLogs": "TriggerLog",
    "triggers": "ComputePickleTrigger",
    "updatePickleLabel": "ComputePickleUpload",
}
_DECORATIVE: Mapping[str, frozenset[str]] = {  # what no errand needs, by type
    "Account": frozenset({"availableNmr"}),
    "AccountLeaderboardEntry": frozenset(
        {"rank", "nmrStaked", "v2Corr20", "mmc", "corr60", "mmc60", "return1y"}
    ),
    "ComputePickleDataVersion": frozenset({"default"}),
    "ComputePickleDockerImage": frozenset({"image", "tag", "default"}),
    "ComputePickleTrigger": frozenset({"roundId", "submissionId", "statuses"}),
    "ComputePickleTriggerStatus": frozenset({"status", "description", "insertedAt"}),
    "ComputePickleUpload": frozenset(
        {
            "id", "filename", "label", "modelId", "assignedModelSlots", "dataVersion",
            "dockerImageName", "triggerStatus", "diagnosticsStatus",
            "diagnosticsStatusDescription", "runtime", "insertedAt",
        }
    ),
    "LatestSubmission": frozenset({"filename", "timestamp"}),
    "TriggerLog": frozenset({"timestamp"}),
    "Model": frozenset({"archived", "computePickleUpload", "v2Stake"}),
    "ModelPayoutMultiplier": frozenset({"name", "version", "displayName", "multiplier"}),
    "Payout": frozenset({"roundResolveTime"}),
    "Round": frozenset(
        {
            "id", "tournament", "closeTime", "resolveTime", "dataDatestamp", "target",
            "payoutFactor", "stakeThreshold", "roundScoreConfigs",
        }
    ),
    "RoundScoreConfig": frozenset(
        {
            "name", "version", "displayName", "isPayout", "defaultMultiplier", "clipThreshold",
            "payoutFactor", "totalScoreDays", "returnsLagDays",
        }
    ),
    "Ranks": frozenset({"mmc60"}),
    "Returns": frozenset({"oneDay", "threeMonths", "oneYear"}),
    "SubmissionScore": frozenset(
        {
            "version", "date", "percentile", "resolved", "resolveDate", "roundResolveTime",
            "roundCloseStakingTime", "payoutPending", "payoutSettled",
        }
    ),
    "V2LeaderboardEntry": frozenset(
        {
            "rank", "nmrStaked", "corr20V2Rep", "mmcRep", "corr60Rep", "mmc60Rep",
            "return52Weeks",
        }
    ),
    "V2RoundModelPerformance": frozenset(
        {
            "atRisk", "roundPayoutFactor", "roundResolved", "roundResolveTime",
            "payoutMultipliers", "submissionScores",
        }
    ),
    "V3UserProfile": frozenset({"accountName", "latestReturns", "stakeValue"}),
    "V2Stake": frozenset({"stakeValue"}),
    "V2Submission": frozenset(
        {"status", "filename", "filteredCount", "submittedCount", "insertedAt"}
    ),
}  # fmt: skip

_SPARE_ARGUMENTS: Mapping[str, frozenset[str]] = {  # by field: without them the answer says more
    "createComputePickleUpload": frozenset({"source"}),
    "createSubmission": frozenset({"dataDatestamp", "source", "triggerId"}),
    "latestSubmissions": frozenset({"latestNRounds"}),
    "listDatasets": frozenset({"round"}),
    "rounds": frozenset({"limit"}),
}


def type_of(field: str) -> str:
    """The type of what stands under a field of ours; empty where it is none that we know."""
    return _TYPES.get(field, "")


def is_decorative(kind: str, name: str) -> bool:
    """Whether every errand can do without this field of a type."""
    return name in _DECORATIVE.get(kind, frozenset())


def is_spare(field: str, argument: str) -> bool:
    """Whether every errand can ask for this field without the argument."""
    return argument in _SPARE_ARGUMENTS.get(field, frozenset())
