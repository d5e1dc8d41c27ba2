"""The type of each field of our documents, and which of them every errand can do without."""

from __future__ import annotations

from collections.abc import Mapping

_TYPES: Mapping[str, str] = {  # of what stands under a field
    "account": "Account",
    "apiTokenInfo": "ApiTokenInfo",
    "computePickleUpload": "ComputePickleUpload",
    "createDiagnostics": "V2Diagnostics",
    "createSubmission": "V2Submission",
    "diagnostics": "V2Diagnostics",
    "diagnosticsUploadAuth": "FileUploadAuth",
    "latestSubmissions": "LatestSubmission",
    "models": "Model",
    "perEraDiagnostics": "V2DiagnosticsEras",
    "round": "Round",
    "roundScoreConfigs": "RoundScoreConfig",
    "rounds": "Round",
    "submissionDownloadAuth": "FileUploadAuth",
    "submissionUploadAuth": "FileUploadAuth",
    "submissions": "V2Submission",
}
_DECORATIVE: Mapping[str, frozenset[str]] = {  # what no errand needs, by type
    "ComputePickleUpload": frozenset({"id"}),
    "LatestSubmission": frozenset({"filename", "timestamp"}),
    "Model": frozenset({"computePickleUpload"}),
    "Round": frozenset(
        {
            "id", "tournament", "closeTime", "resolveTime", "dataDatestamp", "target",
            "payoutFactor", "stakeThreshold", "roundScoreConfigs",
        }
    ),
    "RoundScoreConfig": frozenset(
        {
            "name", "displayName", "isPayout", "defaultMultiplier", "clipThreshold",
            "totalScoreDays", "returnsLagDays",
        }
    ),
    "V2Submission": frozenset(
        {"status", "filename", "filteredCount", "submittedCount", "insertedAt"}
    ),
}  # fmt: skip


def type_of(field: str) -> str:
    """The type of what stands under a field of ours; empty where it is none that we know."""
    return _TYPES.get(field, "")


def is_decorative(kind: str, name: str) -> bool:
    """Whether every errand can do without this field of a type."""
    return name in _DECORATIVE.get(kind, frozenset())
