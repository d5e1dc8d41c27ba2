"""The end of a tournament, and of what killed processes were writing in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.errors import LockHeld, PracticeMissing
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rounds.removal import removal
from numeri_cli.practice.tournament import Tournament
from numeri_cli.progress import Silent
from tests.support.processes import forked
from tests.support.tournaments import let_the_window_pass
from tests.support.wire import UPLOAD_AUTH, Wire

TINY = WorldSettings(seed=9, stocks=100, eras=40, features=12, rivals=3)


def killed_at(event: str, word: str, work: Callable[[Path], None], root: Path) -> int:
    """How a child ended that kills itself when `event` concerns a path with `word` in it."""
    return forked(_mortal, event, word, work, root)


def _mortal(event: str, word: str, work: Callable[[Path], None], root: Path) -> None:
    def watch(heard: str, about: Any) -> None:
        if heard == event and word in str(about[0]):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    work(root)


def advance(root: Path) -> None:
    Tournament.open(root).advance()


def remove(root: Path) -> None:
    with removal(root):
        pass


def halves(root: Path) -> list[Path]:
    return list(root.rglob("*.part"))


def test_what_a_killed_advance_was_carrying_over_is_gone_after_the_next(
    tournament: Tournament, wire: Wire
) -> None:
    root = tournament.folders.root
    let_the_window_pass(tournament)
    wire.submit(wire.predictions())
    before, number = set((root / "submissions").iterdir()), tournament.status().round_number

    assert killed_at("os.rename", "/submissions/", advance, root) == -signal.SIGKILL
    assert [path.parent.name for path in halves(root)] == ["submissions"]
    assert Tournament.open(root).status().round_number == number + 1
    assert halves(root) == []
    assert len(set((root / "submissions").iterdir()) - before) == 1


def test_halves_of_uploads_and_scores_go_with_a_week_unless_somebody_writes_them(
    tournament: Tournament,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folders = tournament.folders
    left = [folders.uploads / f".p-x.csv.9.{gone.pid}.part", folders.scores / ".0061.npy.9.7.part"]
    at_work = folders.uploads / f".p-y.csv.9.{os.getppid()}.part"
    for path in (*left, at_work):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    os.utime(left[1], (0, 0))
    tournament.advance()
    assert halves(folders.root) == [at_work]


def test_nobody_removes_a_tournament_that_is_being_advanced(tournament: Tournament) -> None:
    root, number = tournament.folders.root, tournament.status().round_number
    refused = []

    class Hasty(Silent):
        def step(self, name: str) -> None:
            if name == "market_moved":
                with pytest.raises(LockHeld) as caught:
                    remove(root)
                refused.append(caught.value.hint)

    tournament.advance(listener=Hasty())
    assert "run the same command again" in refused[0]
    assert Tournament.open(root).status().round_number == number + 1
    remove(root)
    assert not Tournament.exists(root)


def test_who_has_a_removed_tournament_open_is_told_and_leaves_no_remains(
    tournament: Tournament, wire: Wire
) -> None:
    root = tournament.folders.root
    model = wire.model()
    auth = wire.data(UPLOAD_AUTH, name="p.csv", model=model)["submissionUploadAuth"]
    remove(root)
    for ask in (tournament.advance, tournament.tick, tournament.status):
        with pytest.raises(PracticeMissing):
            ask()
    response = wire.http.put(auth["url"], content=b"id,prediction\n")
    assert (response.status_code, "no practice tournament" in response.text) == (500, True)
    assert not root.exists()
    Tournament.create(root, TINY, field=False).close()


def test_who_has_a_removed_tournament_open_mixes_nothing_into_its_successor(
    tournament: Tournament, wire: Wire
) -> None:
    root = tournament.folders.root
    remove(root)
    Tournament.create(root, TINY, field=False).close()
    for ask in (tournament.advance, tournament.tick, tournament.status, tournament.now):
        with pytest.raises(PracticeMissing, match="another one now"):
            ask()
    response = wire.post("{ rounds(tournament: 8) { number } }")
    assert (response.status_code, "another one now" in response.text) == (500, True)
    with Tournament.open(root).store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone()[0] == 0


def test_a_removal_that_is_killed_leaves_all_or_nothing(tournament: Tournament) -> None:
    root = tournament.folders.root
    number = tournament.status().round_number
    others = set(root.parent.iterdir())
    assert killed_at("os.rename", root.name, remove, root) == -signal.SIGKILL
    assert Tournament.open(root).status().round_number == number
    assert killed_at("shutil.rmtree", root.name, remove, root) == -signal.SIGKILL
    assert not root.exists()
    assert set(root.parent.iterdir()) > others - {root}
    Tournament.create(root, TINY, field=False).close()
    assert {path.name for path in set(root.parent.iterdir()) - others} == {f".{root.name}.lock"}
