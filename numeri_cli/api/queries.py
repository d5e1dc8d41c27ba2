"""Every GraphQL document we send, as text, in the API's own spelling."""

from __future__ import annotations

from typing import Final

HEARTBEAT: Final = "query { __typename }"

_ROUND = """id number tournament openTime closeTime closeStakingTime resolveTime
    dataDatestamp target payoutFactor stakeThreshold"""

_SCORE_CONFIG = """name version displayName isPayout defaultMultiplier clipThreshold payoutFactor
    totalScoreDays returnsLagDays"""

CURRENT_ROUND: Final = f"""query ($tournament: Int!) {{
  rounds(tournament: $tournament, number: 0) {{ {_ROUND} }}
}}"""

ROUNDS: Final = f"""query ($tournament: Int!, $limit: Int, $number: Int, $status: RoundStatus) {{
  rounds(tournament: $tournament, limit: $limit, number: $number, status: $status) {{ {_ROUND} }}
}}"""

ROUND_RULES: Final = f"""query ($tournament: Int!, $number: Int!) {{
  rounds(tournament: $tournament, number: $number) {{
    {_ROUND}
    roundScoreConfigs {{ {_SCORE_CONFIG} }}
  }}
}}"""

LIST_DATASETS: Final = """query ($tournament: Int, $round: Int) {
  listDatasets(tournament: $tournament, round: $round)
}"""

DATASET: Final = """query ($filename: String!, $tournament: Int, $round: Int) {
  dataset(filename: $filename, tournament: $tournament, round: $round)
}"""

TOKEN_INFO: Final = "query { apiTokenInfo { accountUsername publicId scopes } }"  # noqa: S105  # a question, no password

MODELS: Final = """query {
  account { models { id name tournament computePickleUpload { id } } }
}"""

LATEST_SUBMISSIONS: Final = """query ($rounds: Int) {
  account {
    models {
      name tournament
      latestSubmissions(latestNRounds: $rounds) { roundNumber status id filename timestamp }
    }
  }
}"""

_SUBMISSION = """id status errorInfo selected filename filteredCount submittedCount insertedAt
    round { number }"""

SUBMISSIONS: Final = f"""query ($modelId: ID) {{
  submissions(modelId: $modelId) {{ {_SUBMISSION} }}
}}"""

SUBMISSION: Final = f"""query ($id: ID) {{
  submissions(id: $id) {{ {_SUBMISSION} }}
}}"""

SUBMISSION_DOWNLOAD: Final = """query ($id: ID!) {
  submissionDownloadAuth(id: $id) { url }
}"""

UPLOAD_AUTHORIZATION: Final = """query ($filename: String!, $tournament: Int!, $modelId: ID) {
  submissionUploadAuth(filename: $filename, tournament: $tournament, modelId: $modelId) {
    filename url
  }
}"""

CREATE_SUBMISSION: Final = """mutation (
  $filename: String!, $tournament: Int!, $modelId: ID, $dataDatestamp: Int, $source: String,
  $triggerId: ID
) {
  createSubmission(
    filename: $filename, tournament: $tournament, modelId: $modelId,
    dataDatestamp: $dataDatestamp, source: $source, triggerId: $triggerId
  ) { id }
}"""

DIAGNOSTICS_AUTHORIZATION: Final = """query ($filename: String!, $tournament: Int!, $modelId: ID) {
  diagnosticsUploadAuth(filename: $filename, tournament: $tournament, modelId: $modelId) {
    filename url
  }
}"""

CREATE_DIAGNOSTICS: Final = """mutation ($filename: String!, $tournament: Int!, $modelId: ID) {
  createDiagnostics(filename: $filename, tournament: $tournament, modelId: $modelId) { id }
}"""

DIAGNOSTICS_FILES: Final = """query ($modelId: ID) {
  diagnostics(modelId: $modelId) { id filename }
}"""

DIAGNOSTICS: Final = """query ($id: ID, $modelId: ID) {
  diagnostics(id: $id, modelId: $modelId) {
    id status message filename erasAcceptedCount
    validationCorrMean validationCorrStd validationCorrSharpe validationMaxDrawdown
    validationMmcMean validationMmcStd validationMmcSharpe validationBmcMean
    validationFeatureNeutralCorrV3Mean validationFeatureCorrMax
    perEraDiagnostics {
      era validationCorr validationMmc validationBmc validationFeatureNeutralCorrV3
      validationFeatureCorrMax
    }
  }
}"""

MODEL_HISTORY: Final = """query ($modelId: ID!, $tournament: Int, $lastNRounds: Int) {
  submissionScores(modelId: $modelId, tournament: $tournament, lastNRounds: $lastNRounds) {
    roundNumber displayName version day date value percentile resolved resolveDate
    roundResolveTime roundCloseStakingTime
  }
  v2RoundModelPerformances(
    modelId: $modelId, tournament: $tournament, lastNRounds: $lastNRounds
  ) {
    roundNumber atRisk roundPayoutFactor roundResolved roundResolveTime
    payoutMultipliers { name version displayName multiplier }
    submissionScores { displayName day payoutPending payoutSettled }
  }
}"""

ROUNDS_RULES: Final = f"""query ($tournament: Int!, $limit: Int) {{
  rounds(tournament: $tournament, limit: $limit) {{
    {_ROUND}
    roundScoreConfigs {{ {_SCORE_CONFIG} }}
  }}
}}"""

ACCOUNT: Final = """query {
  account {
    username availableNmr
    models { id name tournament archived v2Stake { stakeValue } }
  }
}"""

PAYOUTS: Final = """query ($tournament: Int!) {
  pendingModelPayouts(tournament: $tournament) {
    actual { roundNumber roundResolveTime modelId payoutNmr }
    pending { roundNumber roundResolveTime modelId payoutNmr }
  }
}"""

MODEL_PROFILE: Final = """query ($modelName: String!, $tournament: Int) {
  v3UserProfile(modelName: $modelName, tournament: $tournament) {
    id username accountName stakeValue
  }
}"""

MODEL_RANKS: Final = """query ($modelName: String!, $tournament: Int) {
  v3UserProfile(modelName: $modelName, tournament: $tournament) {
    latestRanks { corr60 mmc60 }
    latestReturns { oneDay threeMonths oneYear }
  }
}"""

STAKE_VALUES: Final = """query ($modelName: String!, $tournament: Int) {
  v3UserProfile(modelName: $modelName, tournament: $tournament) { stakeValues { time value } }
}"""

PRICE: Final = "query { latestNmrPrice { priceUsd lastUpdated } }"

MODEL_BOARD: Final = """query ($limit: Int, $offset: Int) {
  v2Leaderboard(limit: $limit, offset: $offset) {
    rank username nmrStaked corr20V2Rep mmcRep corr60Rep mmc60Rep return52Weeks
  }
}"""

ACCOUNT_BOARD: Final = """query ($limit: Int, $offset: Int, $tournament: Int) {
  accountLeaderboard(limit: $limit, offset: $offset, tournament: $tournament) {
    rank username nmrStaked v2Corr20 mmc corr60 mmc60 return1y
  }
}"""

HOSTED_SLOTS: Final = """query {
  account { models { id name tournament submissionWebhook computePickleUpload { id } } }
}"""

RUNNER_IMAGES: Final = """query {
  computePickleDockerImages { id name image tag default }
}"""

RUNNER_DATA: Final = "query { computePickleDataVersions { id name default } }"

PICKLE_AUTHORIZATION: Final = """query ($filename: String, $modelId: ID) {
  computePickleUploadAuth(filename: $filename, modelId: $modelId) { filename url }
}"""

CREATE_PICKLE: Final = """mutation (
  $filename: String!, $tournament: Int!, $modelId: ID, $dataVersionId: ID, $dockerImageId: ID,
  $source: String
) {
  createComputePickleUpload(
    filename: $filename, tournament: $tournament, modelId: $modelId,
    dataVersionId: $dataVersionId, dockerImageId: $dockerImageId, source: $source
  ) { id }
}"""

_PICKLE = """id filename label modelId assignedModelSlots dataVersion dockerImageName
    validationStatus triggerStatus diagnosticsStatus diagnosticsStatusDescription
    insertedAt
    triggers { id status submissionId statuses { status description insertedAt } }"""

PICKLES: Final = f"query {{ computePickles {{ {_PICKLE} }} }}"

PICKLE: Final = f"""query ($id: ID) {{
  computePickles(id: $id) {{ {_PICKLE} }}
}}"""

ASSIGN_PICKLE: Final = """mutation ($modelId: String, $pickleId: ID) {
  assignPickleToModel(modelId: $modelId, pickleId: $pickleId)
}"""

TRIGGER_PICKLE: Final = """mutation ($modelId: ID, $pickleId: ID) {
  triggerComputePickleUpload(modelId: $modelId, pickleId: $pickleId, triggerValidation: false) {
    id
  }
}"""

TRIGGER_LOG: Final = """query ($triggerId: ID!) {
  triggerLogs(triggerId: $triggerId) { timestamp message }
}"""

PICKLE_DIAGNOSTICS_LOG: Final = """query ($pickleId: ID!) {
  diagnosticsTriggerLogs(pickleId: $pickleId) { timestamp message }
}"""

LABEL_PICKLE: Final = """mutation ($pickleId: ID!, $label: String) {
  updatePickleLabel(pickleId: $pickleId, label: $label) { id }
}"""

PICKLE_DOWNLOAD: Final = """query ($modelId: ID!, $pickleId: ID) {
  computePickleDownloadAuth(modelId: $modelId, pickleId: $pickleId) { filename url }
}"""

SET_WEBHOOK: Final = """mutation ($modelId: String, $newSubmissionWebhook: String) {
  setSubmissionWebhook(modelId: $modelId, newSubmissionWebhook: $newSubmissionWebhook)
}"""

CALL_WEBHOOK: Final = """mutation ($modelId: ID!) {
  triggerModelWebhook(modelId: $modelId)
}"""
