"""Ctrl-C and SIGTERM in the midst of long work: one sentence, nothing half, the next call works."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from numeri_cli.practice.server.server import listening
from numeri_cli.practice.tournament import Tournament
from tests.support.processes import Forked, await_truth, await_words, fork
from tests.support.proxy import Proxy
from tests.support.refusals import halves, kept
from tests.support.runner import PROFILE, Numeri
from tests.support.served import serve
from tests.support.steps import Fault, Step

SMALL = ("--stocks", "150", "--eras", "60", "--features", "24")
ENDS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}
SECONDS = 300


def stopped(running: Forked, number: signal.Signals, *, as_json: bool = False) -> None:
    """Send the signal and check code, sentence and cure."""
    running.send_signal(number)
    said = running.ended()
    code, word = ENDS[number]
    assert said.code == code, said.err
    assert "Traceback" not in said.err
    if as_json:
        assert said.err == ""
        assert said.out.count("\n") == 1
        answer = json.loads(said.out)
        assert answer["status"] == "failed"
        assert (answer["error"]["code"], answer["error"]["message"]) == (word, word)
        return
    errors = [line for line in said.err.splitlines() if line.startswith(("error:", "hint:"))]
    assert errors == [
        f"error: {word}",
        "hint:  nothing was lost; run the same command again",
    ]
    assert said.out == ""


@pytest.mark.parametrize("number", ENDS)
def test_a_world_whose_making_is_stopped_is_not_there_at_all(
    home: Path, number: signal.Signals
) -> None:
    making = fork("numeri_cli", "practice", "create", *SMALL, "--verbose")
    await_words(making, "market_run" if number == signal.SIGINT else "rivals_trained")
    stopped(making, number)
    assert not (home / "data" / "practice").exists()
    assert halves(home) == []
    assert kept(home) == {}


def test_after_a_stopped_making_the_next_one_works(numeri: Numeri, home: Path) -> None:
    making = fork("numeri_cli", "practice", "create", *SMALL, "--json")
    building = home / "data" / ".practice.building"
    await_truth(building.exists, "the building")
    stopped(making, signal.SIGINT, as_json=True)
    assert numeri("practice", "create", *SMALL).code == 0
    assert numeri("practice", "status").code == 0
    assert halves(home) == []


@pytest.mark.parametrize("number", ENDS)
def test_an_advance_that_is_stopped_is_finished_by_the_next_command(
    numeri: Numeri, practice: Path, profile: Path, number: signal.Signals
) -> None:
    advancing = fork("numeri_cli", "practice", "advance", "--rounds", "400", "--verbose")
    await_words(advancing, "round_opened")
    advancing.send_signal(number)
    said = advancing.ended()
    code, word = ENDS[number]
    assert (said.code, said.out) == (code, "")
    assert "Traceback" not in said.err
    [error] = [line for line in said.err.splitlines() if line.startswith("error:")]
    reached = re.fullmatch(rf"error: {word} at round (\d+) of 461", error)
    assert reached
    assert "`numeri practice advance --until 2033-09-03` goes on" in said.err.replace("\n", " ")
    status = numeri("practice", "status", "--json").data
    assert 61 < status["round_number"] < 461
    assert int(reached[1]) <= status["round_number"] <= int(reached[1]) + 1  # a week is finished
    assert numeri("practice", "advance").code == 0
    after = numeri("practice", "status", "--json").data
    assert after["round_number"] == status["round_number"] + 1
    assert numeri("download", "live").code == 0


def test_a_training_that_is_stopped_goes_on_where_it_was(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    """Trees grow in legs of a thousand; those that were done are not grown again."""
    before = kept(trained / "data" / "models")
    longer = PROFILE.replace("n_estimators = 20", "n_estimators = 4000")
    profile.write_text(longer.replace("max_depth = 3", "max_depth = 1"))
    training = fork("numeri_cli", "train", "--verbose")
    await_words(training, "leg_0_done")
    stopped(training, signal.SIGINT)
    after = kept(trained / "data" / "models")
    assert {name: after[name] for name in before} == before
    assert len([name for name in after if name.endswith("model.json")]) == 1
    again = numeri("train", "--verbose")
    assert again.code == 0
    assert "leg_3_done" in again.err
    assert "leg_0_done" not in again.err


@pytest.fixture
def proxy(practice: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A way to the practice tournament that can fall silent."""
    tournament = Tournament.open(practice)
    public_id, secret = tournament.participant_keys()
    found = Proxy()
    found.open()
    with listening(tournament) as address:
        found.backend = address
        monkeypatch.setenv("NUMERI_API_URL", found.url)
        monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
        monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
        yield found
        found.close()


@pytest.mark.parametrize("number", ENDS)
def test_a_download_that_is_stopped_goes_on_at_the_next_call(
    numeri: Numeri, proxy: Proxy, profile: Path, home: Path, number: signal.Signals
) -> None:
    proxy.spoil(Step.DOWNLOAD, Fault.SILENCE)
    coming = fork("numeri_cli", "download", "train", "live", "--json")
    proxy.await_fault(Step.DOWNLOAD, Fault.SILENCE)
    stopped(coming, number, as_json=True)
    assert not list((home / "data" / "datasets").rglob("*.parquet"))
    proxy.lift()
    assert numeri("download", "train", "live").code == 0
    assert len(list((home / "data" / "datasets").rglob("*.parquet"))) == 2


def test_a_program_started_by_a_shell_ends_with_the_code_of_the_signal(
    practice: Path, tmp_path: Path, home: Path
) -> None:
    server = serve(home)
    server.process.send_signal(signal.SIGTERM)
    _, err = server.process.communicate(timeout=SECONDS)
    assert server.process.returncode == 143
    assert err.splitlines()[0] == "error: terminated"
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_is_how_a_practice_server_ends_and_no_error(
    practice: Path, home: Path, number: signal.Signals
) -> None:
    """A terminal that is closed ends it, too: nobody would be left to do so."""
    server = serve(home)
    server.process.send_signal(number)
    _, err = server.process.communicate(timeout=SECONDS)
    assert server.process.returncode == 0, err
    assert "error" not in err


@pytest.mark.parametrize("module", ["typer", "numeri_cli.cli.train"])
def test_ctrl_c_while_the_program_loads_is_a_sentence_too(module: str) -> None:
    script = (
        "import os, signal, sys\n"
        f"stop = lambda event, said: event == 'import' and said[0] == {module!r} and"
        " not sent and (sent.append(1), os.kill(os.getpid(), signal.SIGINT))\n"
        "sent = []\n"
        "sys.addaudithook(stop)\n"
        "from numeri_cli.__main__ import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr.splitlines() == [
        "error: interrupted",
        "hint:  nothing was lost; run the same command again",
    ]
