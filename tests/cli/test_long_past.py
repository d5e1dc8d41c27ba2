"""Every desk command after a hundred resolved rounds: with the server, then without it."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.bench import numeri as call
from tests.support.long_past import EARLIER, EARLIER_ROUNDS, FIRST, RESOLVED, long_past_root
from tests.support.participant import Participant
from tests.support.runner import Numeri
from tests.support.said import Said
from tests.support.scored_rounds import PROFILE, STAKES
from tests.support.served import served

pytestmark = pytest.mark.long

COMMANDS = ("scores", "payouts", "account", "stakes", "leaderboard", "submissions", "rounds")
MOVES = """SELECT round, models.name, amount_nmr FROM stake_moves
    JOIN models ON models.id = stake_moves.model_id WHERE round IS NOT NULL"""


@dataclass(frozen=True)
class Visit:
    """What was said while the server was there, and the home that it left.

    moves: by round and model, how its stake changed; server_id: of what was submitted last
    """

    folder: Path
    environment: dict[str, str]
    server_id: str
    moves: dict[tuple[int, str], Decimal]
    stakes: dict[str, Decimal]
    said: dict[str, Said] = field(default_factory=dict)
    table: str = ""


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Every command once with --json and --csv, one for a person, too; then the server goes."""
    folder = tmp_path_factory.mktemp("visit")
    root = folder / "organiser" / "practice"
    shutil.copytree(long_past_root(), root)
    with pytest.MonkeyPatch.context() as patch, served(root) as server:
        public_id, secret = server.keys
        environment = {
            "NUMERI_API_URL": server.address,
            "NUMERAI_PUBLIC_ID": public_id,
            "NUMERAI_SECRET_KEY": secret,
        }
        for name, value in {**environment, "NUMERI_HOME": str(folder / "home")}.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        Path("numeri.toml").write_text(PROFILE.format(address=server.address), encoding="utf-8")
        mine = Participant.at(server.tournament, folder / "mine")
        path = mine.file(seed=7)
        mine.close()
        sent = call("submit", str(path), "--model", "lighthouse", "--replace", "--json")
        assert sent.code == 0, sent.out
        with server.tournament.store.reading() as connection:
            moves = {
                (row["round"], row["name"]): Decimal(row["amount_nmr"])
                for row in connection.execute(MOVES)
                if row["name"] in STAKES
            }
        stakes = {one.name: one.stake_nmr for one in server.tournament.status().models}
        said = {word: call(word, "--csv", f"{word}.csv", "--json") for word in COMMANDS}
        assert {one.code for one in said.values()} == {0}, said
        assert not any(one.data.get("offline") for one in said.values())
        table = call("scores", "lighthouse")
        return Visit(folder, environment, sent.model["server_id"], moves, stakes, said, table.out)


@pytest.fixture
def left(visit: Visit, home: Path, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """The same home as the test's own; nobody answers any more."""
    shutil.copytree(visit.folder / "home", home, dirs_exist_ok=True)
    shutil.copy(visit.folder / "numeri.toml", "numeri.toml")
    for name, value in visit.environment.items():
        monkeypatch.setenv(name, value)
    return visit


@pytest.mark.parametrize("word", COMMANDS)
def test_a_command_says_the_same_without_the_server_at_every_width(
    numeri: Numeri, left: Visit, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = numeri(word, "--csv", "offline.csv", "--json")
    assert gone.code == 0, gone.out
    with Path("offline.csv").open(encoding="utf-8") as file:
        assert list(csv.DictReader(file))
    changed = {} if word == "rounds" else {"offline": True}
    assert gone.data == {**left.said[word].data, **changed}
    held = left.folder / f"{word}.csv"
    assert Path("offline.csv").read_bytes() == held.read_bytes()
    texts = []
    for columns in ("60", "80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        texts.append(numeri(word).out)
    assert texts[0] == texts[1] == texts[2]
    assert max(len(line) for line in texts[0].splitlines() if "  " in line) <= 80
    if word != "rounds":
        assert ", from this machine alone: the server could not be asked" in texts[0]
    if word in ("submissions", "rounds"):
        assert left.server_id in texts[0]


def test_a_person_reads_the_same_without_the_server_and_paths_are_whole(
    numeri: Numeri, left: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("as of ")]

    assert lines(numeri("scores", "lighthouse").out) == lines(left.table)
    somebody = numeri("scores", "--of", "lighthouse")
    assert lines(somebody.out) == lines(left.table)
    page = tmp_path / ("a folder with a long name " * 4) / "scores.html"
    page.parent.mkdir()
    monkeypatch.setenv("COLUMNS", "60")
    assert f"page: {page}\n" in numeri("scores", "--html", page).out


def test_a_hundred_rounds_are_paid_by_their_formula_and_by_nothing_else_to_18_places(
    visit: Visit,
) -> None:
    told = visit.said["payouts"].data
    rows = {
        (row["round_number"], row["model"]): row
        for row in told["rows"]
        if row["state"] == "settled"
    }
    moves = dict(visit.moves)
    assert {number for number, _ in rows} == {*range(FIRST, FIRST + RESOLVED)}
    assert Counter(name for _, name in rows) == {"lighthouse": RESOLVED, "beacon": RESOLVED}
    for place, row in rows.items():
        paid = Decimal(row["payout_nmr"])
        assert paid == moves.pop(place, Decimal(0)), place
        assert paid == Decimal(row["listed_nmr"]), place
        assert paid == Decimal(row["formula_nmr"]), place
        assert row["differs"] is False
    assert not moves  # no stake changed for any other reason
    assert told["differing"] == 0
    for one in told["models"]:
        before = STAKES.get(one["model"], Decimal(0))
        assert before + Decimal(one["settled_nmr"]) == visit.stakes[one["model"]]
    require_odd_rounds(rows)


def require_odd_rounds(rows: dict[tuple[int, str], dict[str, Any]]) -> None:
    """All that may go wrong was there: late rounds, clips both ways, burns, ties, two rules."""
    late = [place for place, row in rows.items() if Decimal(row["at_risk_nmr"]) == 0]
    came_late = {(number, "lighthouse") for number in range(FIRST + 7, FIRST + RESOLVED, 10)}
    assert came_late <= {*late}
    assert len(late) < 2 * len(came_late)  # the others found the whole stake in earlier rounds
    shares = {
        place: Decimal(row["payout_nmr"]) / Decimal(row["at_risk_nmr"])
        for place, row in rows.items()
        if place not in late
    }
    earlier = [one for (number, _), one in shares.items() if number < FIRST + EARLIER_ROUNDS]
    later = [one for (number, _), one in shares.items() if number >= FIRST + EARLIER_ROUNDS]
    clip = EARLIER.clip_threshold
    assert max(earlier) <= clip
    assert min(earlier) >= -clip
    assert max(later) == -min(later) == 1
    assert 10 < sum(share < 0 for share in shares.values()) < 190
    alike = [
        number
        for number in range(FIRST, FIRST + RESOLVED)
        if (number - FIRST) % 5 == 2
        and shares.get((number, "beacon")) == shares.get((number, "lighthouse"))
    ]
    assert len(alike) >= RESOLVED // 10 - 2


def test_rounds_of_20_and_of_60_days_are_two_series_in_every_view(
    numeri: Numeri, left: Visit
) -> None:
    said = numeri("scores", "beacon", "--csv", "scores.csv", "--html", "scores.html", "--json")
    [model] = said.data["models"]
    means = {(one["score"], one["version"]): one for one in model["means"]}
    assert (means["v2_corr20", "6"]["days"], means["corr60", "3"]["days"]) == (20, 60)
    assert means["v2_corr20", "6"]["mean"] != means["corr60", "3"]["mean"]
    with Path("scores.csv").open(encoding="utf-8") as file:
        counted = Counter(
            (line["score"], line["version"], line["days"])
            for line in csv.DictReader(file)
            if line["resolved"] == "True"
        )
    assert counted["corr60", "3", "60"] == counted["mmc60", "3", "60"] == RESOLVED
    assert counted["v2_corr20", "6", "20"] == counted["mmc", "5", "20"] > RESOLVED
    table = numeri("scores", "beacon").out
    assert all(name in table for name in ("corr60", "mmc60", "v2_corr20", "mmc "))
    page = Path("scores.html").read_text(encoding="utf-8")
    for chart in ("cumulative-corr60-3", "cumulative-v2_corr20-6", "map-corr60-3"):
        assert f'id="{chart}"' in page
    board = left.said["leaderboard"].data["rows"]
    own = next(row for row in board if row["name"] == "beacon")
    assert len({own["corr20"], own["corr60"], own["mmc20"], own["mmc60"]} - {None}) == 4
    shown = numeri("leaderboard").out
    assert "corr60" in shown.partition("corr20")[0]
    assert "mmc20" in shown.partition("corr20")[2]
    payouts = left.said["payouts"].data["rows"]
    [first] = [row for row in payouts if (row["round_number"], row["model"]) == (FIRST, "beacon")]
    share = Decimal(first["payout_nmr"]) / Decimal(first["at_risk_nmr"])
    assert abs(share) <= EARLIER.clip_threshold
