"""numeri submissions: what the server holds, brought back and compared with what was sent."""

from __future__ import annotations

import csv
import hashlib
import time
from pathlib import Path

import pytest

from tests.support.participant import Participant
from tests.support.runner import KEY_VARIABLES, Numeri
from tests.support.scored_rounds import PROFILE, lose_patience, serving
from tests.support.served import Served

KEYS = ("NUMERAI_PUBLIC_ID", "NUMERAI_SECRET_KEY")


def test_every_submission_is_listed_newest_first(numeri: Numeri, past: Served) -> None:
    said = numeri("submissions", "--limit", 100, "--csv", "held.csv", "--json")
    assert said.code == 0, said.err
    with past.tournament.store.reading() as connection:
        held = connection.execute(
            "SELECT submissions.id, models.name, round, selected FROM submissions"
            " JOIN models ON models.id = model_id"
        ).fetchall()
    shown = {
        (row["id"], row["model"], row["round_number"], row["selected"]) for row in said.data["rows"]
    }
    assert shown == {(row["id"], row["name"], row["round"], bool(row["selected"])) for row in held}
    own = [row["round_number"] for row in said.data["rows"] if row["model"] == "beacon"]
    assert own == sorted(own, reverse=True)
    assert all(row["digest"] is None for row in said.data["rows"])  # sent from elsewhere
    with Path("held.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(shown) > 30
    text = numeri("submissions", "beacon", "--limit", 1).out
    [newest] = [row["id"] for row in said.data["rows"] if row["model"] == "beacon"][:1]
    assert newest in text


@pytest.mark.parametrize("spoilt", [False, True])
def test_a_file_is_brought_back_and_compared_with_what_this_machine_sent(
    numeri: Numeri, changeable: Served, tmp_path: Path, spoilt: bool
) -> None:
    mine = Participant.at(changeable.tournament, tmp_path / "mine")
    path = mine.file(seed=7)
    mine.close()
    Path("numeri.toml").write_text(PROFILE.format(address=changeable.address), encoding="utf-8")
    sent = numeri("submit", path, "--model", "lighthouse", "--json")
    assert sent.code == 0, sent.out
    if spoilt:
        [kept] = changeable.tournament.folders.root.rglob(f"*{sent.model['server_id']}*")
        kept.write_bytes(kept.read_bytes() + b"\n")
    said = numeri("submissions", "lighthouse", "--download", "--json")
    [brought] = said.data["downloads"]
    content = Path(brought["path"]).read_bytes()
    assert brought["id"] == sent.model["server_id"]
    assert hashlib.sha256(content).hexdigest() == brought["digest"]
    assert brought["agrees"] is not spoilt
    assert said.code == (1 if spoilt else 0)
    if spoilt:
        assert "is not what this machine sent" in said.json["error"]["message"]
    else:
        assert content == path.read_bytes()
        assert (
            "it is what this machine sent" in numeri("submissions", "lighthouse", "--download").out
        )


def test_a_model_is_needed_to_bring_something_back(numeri: Numeri, past: Served) -> None:
    said = numeri("submissions", "--download", "--json")
    assert (said.code, said.json["error"]["code"]) == (2, "usage")
    nothing = numeri("submissions", "harbour", "--download", "--json")
    assert (nothing.code, nothing.json["error"]["code"]) == (1, "file_missing")
    assert past.tournament.status().models


def test_keys_that_may_not_download_are_told_the_scope(
    numeri: Numeri, past: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes = ("read_submission_info", "read_user_info")
    public_id, secret = past.tournament.add_key(name="reader", scopes=scopes)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    assert numeri("submissions", "beacon").code == 0
    said = numeri("submissions", "beacon", "--download", "--json")
    assert (said.code, said.json["error"]["code"]) == (3, "scope_missing")
    assert "download_submission" in said.json["error"]["hint"]
    assert "`numeri submissions` needs it" in said.json["error"]["hint"]


def test_without_the_server_what_was_seen_and_what_was_sent_since_is_shown(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch) as server:
        mine = Participant.at(server.tournament, tmp_path / "mine")
        files = [mine.file(seed=seed) for seed in (7, 8, 9)]
        mine.close()
        Path("numeri.toml").write_text(PROFILE.format(address=server.address), encoding="utf-8")
        first = numeri("submit", files[0], "--model", "lighthouse", "--json")
        seen = numeri("submissions", "--limit", 100, "--json")
        second, third = (
            numeri("submit", file, "--model", "lighthouse", "--replace", "--json")
            for file in files[1:]
        )
        assert {one.code for one in (first, seen, second, third)} == {0}, third.out
        scopes = ("read_submission_info", "read_user_info")
        another = server.tournament.add_key(name="another", scopes=scopes)
    gone = numeri("submissions", "--limit", 100, "--json")
    assert (gone.code, gone.data["offline"]) == (0, True)
    assert gone.data["as_of"] == seen.data["as_of"]
    others = [row for row in seen.data["rows"] if row["model"] != "lighthouse"]
    assert others == [row for row in gone.data["rows"] if row["model"] != "lighthouse"]
    assert len(others) > 10
    newest = [row for row in gone.data["rows"] if row["model"] == "lighthouse"][:3]
    assert [(row["id"], row["selected"]) for row in newest] == [
        (third.model["server_id"], True),
        (second.model["server_id"], False),
        (first.model["server_id"], False),
    ]
    assert [row["model"] for row in numeri("submissions", "beacon", "--json").data["rows"][:1]] == [
        "beacon"
    ]
    for variable, value in zip(KEYS, another, strict=True):
        monkeypatch.setenv(variable, value)
    by_others = numeri("submissions", "--json").data["rows"]  # what another key saw is not told
    assert {row["id"] for row in by_others} == {row["id"] for row in newest}


def test_a_look_at_one_model_leaves_what_is_known_of_the_others(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch):
        every = numeri("submissions", "--json")
        time.sleep(1.1)  # times are kept to the second
        one = numeri("submissions", "beacon", "--json")
        assert (every.code, one.code) == (0, 0)
    lose_patience()
    assert numeri("submissions", "--json").data["rows"] == every.data["rows"]
    assert numeri("submissions", "--json").data["as_of"] == every.data["as_of"]
    assert numeri("submissions", "beacon", "--json").data["as_of"] == one.data["as_of"]


@pytest.mark.waits
def test_without_the_server_nothing_is_made_up(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch):
        assert numeri("account").code == 0  # which looks at no submission
    assert len(KEY_VARIABLES) > 2
    said = numeri("submissions", "--json")
    assert (said.code, said.json["error"]["code"]) == (4, "unreachable")
