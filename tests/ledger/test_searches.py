"""Trials and looks at held-out eras come back from the ledger as they were kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.searches import (
    HoldOutLook,
    KeptTrial,
    keep_look,
    keep_trials,
    looks,
    trials,
)

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRIAL = KeptTrial(
    study="lighthouse-1f",
    model="lighthouse",
    number=3,
    state="running",
    tried={"learning_rate": 0.02, "features": "small"},
    figures={},
    windows=1,
    seconds=None,
    note="",
    time=WHEN,
)
LOOK = HoldOutLook(
    study="lighthouse-1f",
    model="lighthouse",
    trial=3,
    first_era="0400",
    last_era="0451",
    outcome={"corr": [0.01, None]},
    time=WHEN,
)


def test_a_trial_is_kept_in_place_of_what_was_known_of_it(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        keep_trials(ledger, "practice", [TRIAL, replace(TRIAL, number=4)])
        done = replace(TRIAL, state="done", figures={"corr": 0.02}, windows=3, seconds=1.5)
        keep_trials(ledger, "practice", [done])
        assert trials(ledger, "practice", "lighthouse") == (done, replace(TRIAL, number=4))
        assert trials(ledger, "practice", "beacon") == ()
        assert trials(ledger, "numerai", "lighthouse") == ()


def test_a_look_at_the_same_trial_counts_once(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for look in (LOOK, LOOK, replace(LOOK, trial=7)):
            keep_look(ledger, "practice", look)
        assert looks(ledger, "practice", "lighthouse") == (LOOK, replace(LOOK, trial=7))
