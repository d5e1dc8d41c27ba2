"""The guard: what speaks against a model is said before it is submitted, or refuses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.ledger.ledger import Ledger
from numeri_cli.records import ScoreConfig
from tests.support.program import numeri, profile, trained, trained_template
from tests.support.receiver import receiving
from tests.support.rounds import a_round
from tests.support.runner import PROFILE, Numeri

__all__ = ["numeri", "profile", "trained", "trained_template"]
CHECKS = ("target", "data_version", "age", "profile")
Plant = Callable[[Path], None]


def contract_of(home: Path) -> Path:
    """The contract of the one artifact."""
    [found] = (home / "data" / "models" / "practice" / "lighthouse").glob("*/model.json")
    return found


def edit_contract(home: Path, **facts: Any) -> None:
    """Write other facts into the artifact's contract."""
    path = contract_of(home)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | facts))


def write_profile(*lines: str, **replaced: str) -> None:
    """The profile with these words replaced, and these lines under [guard]."""
    text = PROFILE
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    Path("numeri.toml").write_text("\n".join([text, "[guard]", *lines, ""]))


def paid_target(home: Path) -> None:
    """The model predicts what practice pays, and is trained and profiled so."""
    contract = json.loads(contract_of(home).read_bytes())
    [member] = contract["members"]
    edit_contract(
        home,
        spec=contract["spec"] | {"targets": ["target_ender_60"]},
        members=[member | {"target": "target_ender_60"}],
    )
    text = Path("numeri.toml").read_text()
    Path("numeri.toml").write_text(text.replace("target_ender_20", "target_ender_60"))


def other_target(home: Path) -> None:
    """The model predicts 20 days, as the template does; practice pays 60."""


def older_version(home: Path) -> None:
    paid_target(home)
    edit_contract(home, data_version="v5.2")


def old_training(home: Path) -> None:
    paid_target(home)
    with Ledger.open(home / "data" / "ledger.sqlite") as ledger:
        [row] = ledger.models("practice", model="lighthouse")
    edit_contract(home, trained_at=(row.time - timedelta(weeks=40, days=1)).isoformat())


def edited_profile(home: Path) -> None:
    paid_target(home)
    text = Path("numeri.toml").read_text()
    Path("numeri.toml").write_text(text.replace("max_depth = 3", "max_depth = 4"))


PLANTED: dict[str, tuple[Plant, str]] = {
    "target": (other_target, "pays for 60 days, but lighthouse predicts target_ender_20"),
    "data_version": (older_version, "was trained on v5.2, and v5.3 is listed"),
    "age": (old_training, "was trained 40 weeks ago"),
    "profile": (edited_profile, "differs from the trained lighthouse in"),
}


def told(said_json: dict[str, Any], check: str) -> list[dict[str, Any]]:
    """The findings of one check, of the one model."""
    [model] = said_json["data"]["models"]
    return [one for one in model["findings"] if one["check"] == check]


@pytest.mark.parametrize("check", CHECKS)
def test_the_guard_warns_in_every_command_and_the_submission_goes_in(
    numeri: Numeri, trained: Path, check: str
) -> None:
    plant, words = PLANTED[check]
    write_profile()
    plant(trained)
    for command in ("status", "submit --dry-run", "run"):
        said = numeri(*command.split(), "--json")
        [finding] = told(said.json, check)
        assert words in finding["message"]
        assert finding["hint"]
        assert (finding["level"], finding["code"]) == ("warn", f"guard_{check}")
    assert said.model["state"] == "accepted"
    shown = numeri("status")
    assert shown.code == 0
    assert words in " ".join(shown.out.split())


@pytest.mark.parametrize("check", CHECKS)
def test_the_guard_refuses_where_it_is_told_to_and_nothing_is_sent(
    numeri: Numeri, trained: Path, check: str
) -> None:
    plant, words = PLANTED[check]
    write_profile(f'{check} = "refuse"')
    plant(trained)
    for command in ("submit lighthouse", "run"):
        said = numeri(*command.split(), "--json")
        assert said.code == 1
        assert said.json["error"]["code"] == "guard_refused"
        assert words in said.json["error"]["message"]
        assert said.json["error"]["hint"]
    [finding] = told(said.json, check)
    assert finding["level"] == "refuse"
    assert said.model["state"] == "refused"
    shown = numeri("run")
    assert shown.code == 1
    assert words in " ".join(shown.out.split())
    assert numeri("status", "--json").data["models"][0]["status"] == "none"


@pytest.mark.parametrize("level", ["warn", "refuse"])
@pytest.mark.parametrize("check", CHECKS)
def test_each_finding_is_told_to_whom_wants_to_hear_of_the_guard(
    numeri: Numeri, trained: Path, check: str, level: str
) -> None:
    plant, words = PLANTED[check]
    with receiving() as receiver:
        notify = f'[notify]\nwebhook = "{receiver.address}"\non = ["guard"]'
        write_profile(f'{check} = "{level}"', notify)
        plant(trained)
        numeri("run", "--quiet")
    [got] = receiver.received
    assert (got.json["event"], got.json["exit_code"]) == ("guard", int(level == "refuse"))
    [finding] = [one for one in got.json["findings"] if one["check"] == check]
    assert words in finding["message"]
    assert (finding["level"], finding["model"]) == (level, "lighthouse")
    assert got.json["title"].endswith(": look at lighthouse")


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_that_is_off_says_nothing(numeri: Numeri, trained: Path, check: str) -> None:
    plant, _ = PLANTED[check]
    write_profile(f'{check} = "off"')
    plant(trained)
    said = numeri("run", "--json")
    assert said.code == 0
    assert told(said.json, check) == []


def test_a_model_that_is_as_it_should_be_is_let_through_without_a_word(
    numeri: Numeri, trained: Path
) -> None:
    write_profile()
    paid_target(trained)
    said = numeri("run", "--json")
    assert said.code == 0
    assert said.model["findings"] == []


def test_a_training_is_old_after_as_many_weeks_as_the_profile_says(
    numeri: Numeri, trained: Path
) -> None:
    write_profile("max_age_weeks = 41")
    old_training(trained)
    assert told(numeri("status", "--json").json, "age") == []


def test_since_when_a_version_is_not_the_newest_is_when_this_home_first_saw_the_newer(
    numeri: Numeri, trained: Path
) -> None:
    write_profile()
    older_version(trained)
    seen = datetime(2025, 1, 2, tzinfo=UTC)
    with Ledger.open(trained / "data" / "ledger.sqlite") as ledger:
        ledger.see_data_versions("practice", ["v5.3"], time=seen)
        known = ledger.see_data_versions("practice", ["v5.3"], time=seen + timedelta(days=9))
    assert known == {"v5.3": seen}
    [finding] = told(numeri("status", "--json").json, "data_version")
    assert "2025-01-02" in finding["message"]


EDITS = {
    'features = "medium"': ('features = "small"', "features"),
    '["target_ender_20"]': ('["target_ender_60"]', "targets"),
    "max_depth = 3": ("max_depth = 4", "estimator.params.max_depth"),
    "n_estimators = 20, ": ("", "estimator.params.n_estimators"),
    "[models.lighthouse.estimator]": (
        "era_stride = 4\n[models.lighthouse.estimator]",
        "era_stride",
    ),
    "[models.lighthouse]": ('[models.lighthouse]\ndata = ["train", "validation"]', "data"),
    "[models.lighthouse]\n": (
        '[models.lighthouse]\nresidual_to = "v53_lgbm_ender20"\n',
        "residual_to",
    ),
}


@pytest.mark.parametrize("old", EDITS)
def test_every_command_that_uses_an_artifact_names_the_keys_in_which_the_profile_differs(
    numeri: Numeri, trained: Path, old: str
) -> None:
    new, key = EDITS[old]
    Path("numeri.toml").write_text(PROFILE.replace(old, new))
    line = f"the profile differs from the trained lighthouse in {key}: "
    assert line in numeri("predict", "--output", "live.csv").err
    [file] = numeri("predict", "--output", "live.csv", "--json").data["files"]
    assert [one["check"] for one in file["findings"]] == ["profile"]
    Path("numeri.toml").write_text(PROFILE.replace(old, new) + '[guard]\nprofile = "refuse"\n')
    said = numeri("predict", "--output", "live.csv", "--json")
    assert (said.code, said.json["error"]["code"]) == (1, "guard_refused")
    assert key in said.json["error"]["message"]


def test_features_by_name_are_those_of_the_set_that_was_trained(
    numeri: Numeri, trained: Path
) -> None:
    names = json.dumps(json.loads(contract_of(trained).read_bytes())["features"])
    Path("numeri.toml").write_text(PROFILE.replace('features = "medium"', f"features = {names}"))
    assert told(numeri("status", "--json").json, "profile") == []


def test_a_pinned_artifact_is_submitted_whatever_is_trained_after_it(
    numeri: Numeri, trained: Path
) -> None:
    first = contract_of(trained).parent.name
    pinned = PROFILE.replace(
        "[models.lighthouse]\n", f'[models.lighthouse]\nartifact = "{first}"\n'
    )
    Path("numeri.toml").write_text(pinned.replace("n_estimators = 20", "n_estimators = 5"))
    [row] = numeri("train", "--json").data["models"]
    assert row["artifact"] != first
    said = numeri("run", "--json")
    assert (said.code, said.model["artifact"]) == (0, first)
    assert "estimator.params.n_estimators" in told(said.json, "profile")[0]["message"]
    assert (
        numeri("submit", "--artifact", row["artifact"], "--json").model["artifact"]
        == (row["artifact"])
    )


def test_a_pinned_artifact_that_is_not_here_is_told_and_nothing_is_trained(
    numeri: Numeri, trained: Path
) -> None:
    Path("numeri.toml").write_text(
        PROFILE.replace("[models.lighthouse]\n", '[models.lighthouse]\nartifact = "20200101"\n')
    )
    said = numeri("run", "--json")
    assert (said.code, said.problem["code"]) == (1, "model_untrained")
    assert "20200101" in said.problem["message"]
    contract_of(trained)


def config(*, days: int | None, multiplier: float | None, is_payout: bool = True) -> ScoreConfig:
    return ScoreConfig(
        name="correlation",
        display_name="corr60",
        is_payout=is_payout,
        multiplier=multiplier,
        clip_threshold=1.0,
        total_score_days=days,
        returns_lag_days=2,
    )


@pytest.mark.parametrize(
    ("configs", "paid_days"),
    [
        ([config(days=20, multiplier=0.75), config(days=60, multiplier=0.0)], {20}),
        ([config(days=60, multiplier=3.0, is_payout=False)], {60}),
        ([config(days=60, multiplier=None), config(days=20, multiplier=0.0)], {60}),
        ([config(days=20, multiplier=1.0), config(days=60, multiplier=3.0)], {20, 60}),
        ([config(days=None, multiplier=3.0)], None),
        ([config(days=60, multiplier=3.0), config(days=None, multiplier=15.0)], None),
        ([config(days=60, multiplier=0.0)], None),
        ([], None),
    ],
)
def test_what_is_paid_is_read_by_the_multiplier_and_unknown_days_are_not_known(
    configs: list[ScoreConfig], paid_days: set[int] | None
) -> None:
    moment = datetime(2026, 1, 3, tzinfo=UTC)
    round_ = a_round(1, opens=moment, closes=moment, configs=configs)
    assert round_.paid_days == (frozenset(paid_days) if paid_days is not None else None)
