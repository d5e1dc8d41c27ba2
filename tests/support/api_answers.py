"""Records as the real service spells them."""

from __future__ import annotations

ROUND = {
    "id": "r1", "number": 1374, "tournament": 8, "openTime": "2026-03-21T12:00:00Z",
    "closeTime": "2026-04-20T00:00:00Z", "closeStakingTime": "2026-03-22T14:00:00Z",
    "resolveTime": None, "dataDatestamp": 20260320, "target": "target_ender_60",
    "payoutFactor": "0.85", "stakeThreshold": 72000.0,
}  # fmt: skip
SUBMISSION = {
    "id": "s1", "status": "mystery", "errorInfo": None, "selected": True, "filename": "a-1.csv",
    "filteredCount": 0, "submittedCount": 7000, "insertedAt": "2026-03-21T12:06:00.123456Z",
    "round": {"number": 1374},
}  # fmt: skip
