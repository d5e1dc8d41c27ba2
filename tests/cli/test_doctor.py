"""The doctor finds each of its findings, planted one by one, and nothing on a sound machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from numeri_cli.commands.login import NEEDED_SCOPES
from numeri_cli.log import LogLine
from tests.support.disks import small_disk
from tests.support.examined import (
    GUARDED,
    crontab,
    diagnosed,
    found,
    logged,
    logged_in,
    participant,
)
from tests.support.runner import PROFILE, Numeri
from tests.support.served import Served, ear, serve, served
from tests.support.tournaments import let_the_window_pass

__all__ = ["crontab", "participant"]


def contract(home: Path) -> Path:
    """The terms of the one model."""
    [path] = (home / "data" / "models" / "practice" / "lighthouse").glob("*/model.json")
    return path


def trained_with(home: Path, library: str, version: str) -> None:
    path = contract(home)
    content = json.loads(path.read_text())
    content["versions"][library] = version
    path.write_text(json.dumps(content))


def invalid_profile(home: Path) -> None:
    Path("numeri.toml").write_text("nonsense = 1\n" + PROFILE)


def open_home(home: Path) -> None:
    (home / "data").chmod(0o777)


def home_in_an_open_folder(home: Path) -> None:
    home.parent.chmod(0o777)


def home_in_a_strangers_folder(home: Path) -> None:
    os.chown(home.parent, 65534, 65534)


def foreign_home(home: Path) -> None:
    os.chown(home / "data" / "ledger.sqlite", 65534, 65534)


def readable_keys(home: Path) -> None:
    path = home / "config" / "credentials.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[hosts]\n")
    path.chmod(0o644)


def no_practice(home: Path) -> None:
    shutil.rmtree(home / "data" / "practice")


def other_target(home: Path) -> None:
    """The quick profile predicts 20 days, and a round pays for 60."""


def other_engine(home: Path) -> None:
    trained_with(home, "lightgbm", "3.0.0")


def lost_engine(home: Path) -> None:
    trained_with(home, "no_engine_of_this_name", "1.0")


def damaged_artifact(home: Path) -> None:
    contract(home).write_text("{")


def no_data(home: Path) -> None:
    (home / "data" / "datasets" / "practice" / "v5.3" / "train.parquet").unlink()


def endless_trees(home: Path) -> None:
    text = PROFILE.replace("max_depth = 3", "max_depth = 3, num_leaves = 1000000000")
    Path("numeri.toml").write_text(text)


def killed_run(home: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    line = LogLine(
        time=datetime.now(UTC), run="r1", command="run", event="begin", seconds=0.0,
        level="info", words="numeri run", process=ended.pid,
    )  # fmt: skip
    (home / "log").mkdir(exist_ok=True)
    with (home / "log" / "numeri.jsonl").open("ab") as file:
        file.write(line.written())


def failed_run(home: Path) -> None:
    logged(home, code=4, words="unreachable: no connection")


def missed_round(home: Path) -> None:
    logged(home, code=6, words="round_closed: round 300 closed")


PLANTED: tuple[tuple[Callable[[Path], None], str, str], ...] = (
    (invalid_profile, "profile_invalid", "mend"),
    (open_home, "home_open", "mend"),
    (foreign_home, "home_foreign", "mend"),
    (home_in_an_open_folder, "home_in_open_folder", "mend"),
    (home_in_a_strangers_folder, "home_in_open_folder", "mend"),
    (readable_keys, "credentials_unsafe", "mend"),
    (no_practice, "practice_missing", "mend"),
    (other_target, "guard_target", "mend"),
    (other_engine, "engine_changed", "mend"),
    (lost_engine, "engine_missing", "mend"),
    (no_data, "data_missing", "cannot know"),
    (damaged_artifact, "artifact_damaged", "mend"),
    (endless_trees, "memory_short", "mend"),
    (killed_run, "run_killed", "mend"),
    (failed_run, "run_failed", "mend"),
    (missed_round, "run_failed", "mend"),
)


def test_a_sound_machine_has_nothing_to_mend(numeri: Numeri, trained: Path) -> None:
    Path("numeri.toml").write_text(PROFILE.replace("_20", "_60"))
    assert numeri("train", "--quiet").code == 0
    assert numeri("run", "--quiet").code == 0
    said = numeri("doctor", "--json")
    assert (said.code, found(said), said.json["error"]) == (0, {}, None)
    shown = numeri("doctor")
    levels = [line[:11].strip() for line in shown.out.splitlines() if line[:11].strip()]
    assert levels == ["fine"] * len(said.data["findings"])
    assert len(levels) > 10
    words = " ".join(shown.out.split())
    assert all(one["message"].split()[-1] in words for one in said.data["findings"])


@pytest.mark.parametrize(
    ("plant", "code", "level"), PLANTED, ids=[one.__name__ for one, _, _ in PLANTED]
)
def test_a_planted_finding_is_found(
    numeri: Numeri, trained: Path, plant: Callable[[Path], None], code: str, level: str
) -> None:
    if plant in (foreign_home, home_in_a_strangers_folder) and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    plant(trained)
    assert diagnosed(numeri).get(code) == level
    lines = [line for line in numeri("doctor").out.splitlines() if line.startswith(level)]
    assert lines


def test_a_run_that_found_no_round_is_no_failure(numeri: Numeri, trained: Path) -> None:
    logged(trained, code=6, words="no_round_open: no round is open")
    assert diagnosed(numeri) == GUARDED


def test_a_folder_that_cannot_be_written_to_is_found(numeri: Numeri, home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (home / "data").mkdir(parents=True)
    (home / "data").chmod(0o500)
    assert diagnosed(numeri)["home_unwritable"] == "mend"


def test_a_disk_that_is_almost_full_is_found(numeri: Numeri, home: Path, profile: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with small_disk(home / "data", "6m"):
        assert diagnosed(numeri)["disk_short"] == "mend"


def test_a_submission_that_was_carried_over_is_found(numeri: Numeri, trained: Path) -> None:
    with served(trained / "data" / "practice") as server:
        let_the_window_pass(server.tournament)
    assert numeri("run", "--late", "--quiet").code == 0
    assert numeri("practice", "advance", "--quiet").code == 0
    assert diagnosed(numeri)["carried_over"] == "mend"


def test_a_participant_with_keys_and_a_schedule_has_nothing_to_mend(
    numeri: Numeri, participant: Served
) -> None:
    assert diagnosed(numeri)["schedule_missing"] == "mend"
    assert numeri("schedule", "install", "--daily", "--quiet").code == 0
    assert diagnosed(numeri) == {"data_missing": "cannot know"}
    assert "daily, by cron; fires next " in " ".join(numeri("doctor").out.split())
    assert participant.keys[1] not in numeri("doctor").out


def test_a_schedule_of_an_earlier_installation_is_found(
    numeri: Numeri, participant: Served, crontab: Path
) -> None:
    assert numeri("schedule", "install", "--quiet").code == 0
    kept = crontab / "kept" / "crontab"
    kept.write_bytes(kept.read_bytes().replace(b" run --profile", b" run --quiet --profile"))
    assert diagnosed(numeri)["schedule_outdated"] == "mend"


def test_keys_that_the_schedule_does_not_see_are_found(
    numeri: Numeri, participant: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert numeri("schedule", "install", "--quiet").code == 0
    (home / "config" / "credentials.toml").unlink()
    assert diagnosed(numeri)["keys_missing"] == "mend"
    monkeypatch.setenv("NUMERI_API_URL", participant.address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", participant.keys[0])
    monkeypatch.setenv("NUMERAI_SECRET_KEY", participant.keys[1])
    codes = diagnosed(numeri)
    assert codes["schedule_without_keys"] == "mend"
    assert "keys_missing" not in codes


@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        (NEEDED_SCOPES[1:], "scopes_missing"),
        ((*NEEDED_SCOPES, "stake"), "scopes_surplus"),
        ((*NEEDED_SCOPES, "web3_staking"), "scopes_surplus"),
        ((*NEEDED_SCOPES, "delete"), "scopes_surplus"),
    ],
)
def test_scopes_that_lack_or_are_too_many_are_found(
    numeri: Numeri, participant: Served, scopes: tuple[str, ...], code: str
) -> None:
    assert code not in diagnosed(numeri)
    logged_in(participant, *participant.tournament.add_key(name="other", scopes=scopes))
    assert diagnosed(numeri)[code] == "mend"


@pytest.mark.usefixtures("practice")
def test_of_practices_keys_the_doctor_says_what_the_account_says(
    numeri: Numeri, profile: Path, crontab: Path
) -> None:
    assert numeri("run", "--quiet").code == 0
    findings = numeri("doctor", "--json").data["findings"]
    [told] = [one for one in findings if "practice's NMR" in one["message"]]
    assert told["level"] == "fine"
    assert "stake, web3_staking, delete, which reach practice's NMR alone" in told["message"]


def test_keys_that_the_server_refuses_and_models_of_others_are_found(
    numeri: Numeri, participant: Served, profile: Path
) -> None:
    text = PROFILE.replace('"practice"', f'"{participant.address}"')
    profile.write_text(text.replace("lighthouse", "somebodyelse"))
    assert diagnosed(numeri)["model_unknown"] == "mend"
    logged_in(participant, "A2B3C4D5E6F7A2B3", "not-the-secret-of-anybody")
    assert diagnosed(numeri)["keys_refused"] == "mend"


def test_a_clock_that_is_ten_minutes_off_is_found(numeri: Numeri, participant: Served) -> None:
    server_time = participant.tournament.now()
    for minutes, wrong in ((0, False), (10, True), (-10, True)):
        with time_machine.travel(server_time + timedelta(minutes=minutes), tick=True):
            assert ("clock_wrong" in diagnosed(numeri)) is wrong


def test_a_server_that_is_not_there_is_told_within_15_seconds(
    numeri: Numeri, participant: Served, profile: Path
) -> None:
    profile.write_text(PROFILE.replace('"practice"', '"http://127.0.0.1:9"'))
    started = time.monotonic()
    assert diagnosed(numeri)["unreachable"] == "cannot know"
    assert time.monotonic() - started < 60


def test_a_server_that_never_answers_is_told_within_15_seconds(
    numeri: Numeri, profile: Path, crontab: Path
) -> None:
    from tests.support.receiver import receiving

    with receiving() as server:
        server.manner = "hangs"
        profile.write_text(PROFILE.replace('"practice"', f'"{server.address}"'))
        started = time.monotonic()
        assert diagnosed(numeri)["unreachable"] == "cannot know"
        assert time.monotonic() - started < 60


def test_proxies_that_cannot_be_used_are_named(
    numeri: Numeri, profile: Path, crontab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.write_text(PROFILE.replace('"practice"', '"https://numeri.invalid"'))
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@127.0.0.1:9")
    said = numeri("doctor", "--json")
    [reach] = [one for one in said.data["findings"] if one["check"] == "reach"]
    assert (reach["level"], said.code) == ("cannot know", 1)  # for there is no schedule
    assert "the proxy 127.0.0.1:9" in reach["hint"]
    assert "hidden" not in said.out


def test_a_practice_server_that_was_left_running_is_found(numeri: Numeri, trained: Path) -> None:
    assert "practice_server_running" not in diagnosed(numeri)
    server = serve(trained)
    try:
        assert diagnosed(numeri)["practice_server_running"] == "mend"
    finally:
        server.process.kill()
        server.process.communicate()
    assert "practice_server_running" not in diagnosed(numeri)


def test_an_environment_that_still_leads_to_a_practice_server_is_found(
    numeri: Numeri, profile: Path, crontab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.write_text(PROFILE.replace('"practice"', '"numerai"'))
    with ear() as server:
        monkeypatch.setenv("NUMERI_API_URL", server.address)
        assert diagnosed(numeri)["practice_address"] == "mend"
