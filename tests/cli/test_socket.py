"""The same commands against `numeri practice serve` in another process, by environment or name."""

from __future__ import annotations

import io
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.refusals import refused
from tests.support.runner import PROFILE, Numeri
from tests.support.served import Announced, serve
from tests.support.tournaments import fresh_tournament

Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def organiser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another home with a practice tournament of its own."""
    home = tmp_path_factory.mktemp("organiser")
    fresh_tournament(home / "data" / "practice").close()
    return home


@pytest.fixture(scope="module")
def server(organiser: Path) -> Iterator[Announced]:
    """The practice tournament, served by another process."""
    announced = serve(organiser)
    yield announced
    announced.process.send_signal(signal.SIGINT)
    announced.process.communicate(timeout=300)


@pytest.fixture
def remote(server: Announced, monkeypatch: Patch) -> Announced:
    """The announced lines, pasted into this environment."""
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return server


def quick(path: Path) -> None:
    """Let the profile that init wrote train in no time."""
    text = path.read_text()
    small = re.sub(r"params = \{.*\}", "params = { n_estimators = 20, max_depth = 3 }", text)
    assert small != text
    path.write_text(small.replace("target_ender_60", "target_ender_20"))


def test_the_pasted_lines_lead_from_init_to_an_accepted_submission(
    numeri: Numeri, remote: Announced, home: Path
) -> None:
    assert set(remote.variables) == {
        "NUMERI_API_URL",
        "NUMERAI_PUBLIC_ID",
        "NUMERAI_SECRET_KEY",
    }
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", remote.address)
    key = remote.address.removeprefix("http://").replace(":", "-")
    written = numeri("init", "--json")
    assert written.code == 0
    assert written.data["tournament"] == f"{remote.address}/"
    quick(Path("numeri.toml"))
    assert numeri("download").code == 0
    assert (home / "data" / "datasets" / key / "v5.3" / "train.parquet").is_file()
    assert numeri("train").code == 0
    assert numeri("status").code == 1
    first = numeri("submit", "lighthouse", "--json")
    assert first.code == 0, first.out
    (model,) = first.data["models"]
    assert (model["state"], model["timing"], model["selected"]) == ("accepted", "on-time", True)
    again = numeri("run", "--json").data["models"][0]
    assert (again["state"], again["server_id"]) == ("already accepted", model["server_id"])
    assert numeri("status").code == 0
    rounds = numeri("rounds", "--json").data
    assert rounds["tournament"] == key
    assert rounds["rounds"][0]["receipts"][0]["server_id"] == model["server_id"]
    assert numeri("models", "--json").data["models"][0]["name"] == "lighthouse"
    assert not (home / "data" / "practice").exists()


def test_a_tournament_by_its_address_uses_the_keys_stored_for_it(
    numeri: Numeri, server: Announced, monkeypatch: Patch, profile: Path
) -> None:
    profile.write_text(PROFILE.replace("lighthouse", "beacon"))
    keys = "{NUMERAI_PUBLIC_ID}\n{NUMERAI_SECRET_KEY}\n".format(**server.variables)
    here = ("--tournament", server.address)
    refused(
        numeri("run", *here, "--json"),
        exit_code=3,
        code="keys_missing",
        sentence=server.address.removeprefix("http://"),
        cure="`numeri login`",
    )
    monkeypatch.setattr("sys.stdin", io.StringIO(keys))
    assert numeri("login", "--stdin", *here).code == 0
    said = numeri("run", *here, "--json")
    assert said.code == 0, said.out
    assert said.data["models"][0]["state"] == "accepted"
    assert numeri("status", *here).code == 0
    said = numeri("status", "--json")  # the profile's own practice tournament is another one
    refused(
        said,
        exit_code=1,
        code="practice_missing",
        sentence="no practice tournament",
        cure="`numeri practice create`",
    )


def test_data_and_models_of_another_tournament_are_not_mixed_up(
    numeri: Numeri, remote: Announced, trained: Path
) -> None:
    """What was downloaded and trained for the practice tournament here counts for nothing there."""
    said = numeri("predict", "--json")
    refused(
        said,
        exit_code=1,
        code="model_untrained",
        sentence="has not been trained for 127.0.0.1-",
        cure="`numeri train lighthouse`",
    )
    assert numeri("rounds", "--json").data["rounds"] == []


def test_a_taken_port_is_refused(numeri: Numeri, practice: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = numeri("practice", "serve", "--port", port, "--json")
        refused(
            said,
            exit_code=4,
            code="disk_trouble",
            sentence=f"port {port} of 127.0.0.1 cannot be served",
            cure="another --port",
        )


@pytest.mark.parametrize("clock", ["fast", "running:0", "running:x"])
def test_a_clock_that_cannot_run_is_refused(numeri: Numeri, practice: Path, clock: str) -> None:
    said = numeri("practice", "serve", "--clock", clock, "--json")
    refused(
        said, exit_code=2, code="usage", sentence=f"the clock cannot be '{clock}'", cure="standing"
    )


def test_served_with_rate_limits_it_refuses_who_asks_too_often(organiser: Path) -> None:
    announced = serve(organiser, "--rate-limits")
    try:
        question = {"query": "{ listDatasets }"}
        answers = [httpx.post(announced.address, json=question) for _ in range(11)]
        assert [answer.status_code for answer in answers] == 10 * [200] + [429]
        assert answers[-1].headers["retry-after"].isdigit()
    finally:
        announced.process.send_signal(signal.SIGINT)
        announced.process.communicate(timeout=300)
