"""numeri scores: what is shown is what the server has, by name and version, online and off."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.practice.rounds.terms import RoundTerms, keep_terms
from tests.support.runner import KEY_VARIABLES, Numeri
from tests.support.scored_rounds import lose_patience, serving
from tests.support.served import Served
from tests.support.wire import Wire

SCORES = """query($m: ID!) { submissionScores(modelId: $m) {
    roundNumber displayName version day value percentile resolved } }"""


def newest(server: Served, name: str) -> dict[tuple[int, str, str], dict[str, Any]]:
    """The newest day of every score, as the server itself tells it."""
    with Wire.inside(server.tournament) as wire:
        rows = wire.data(SCORES, m=wire.model(name))["submissionScores"]
    found: dict[tuple[int, str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["day"]):
        found[row["roundNumber"], row["displayName"], row["version"]] = row
    return found


def rows_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    return [*model["open_rounds"], *model["resolved_rounds"]]


def test_every_score_is_the_newest_that_the_server_has(numeri: Numeri, past: Served) -> None:
    said = numeri("scores", "--csv", "scores.csv", "--json")
    assert said.code == 0, said.err
    models = {model["model"]: model for model in said.data["models"]}
    assert models.keys() == {"lighthouse", "beacon", "harbour"}
    for name in ("lighthouse", "beacon"):
        wanted = newest(past, name)
        shown = {
            (row["round_number"], row["score"], row["version"]): row
            for row in rows_of(models[name])
        }
        assert shown.keys() == wanted.keys()
        for place, row in shown.items():
            told = wanted[place]
            assert (row["value"], row["percentile"]) == (told["value"], told["percentile"])
            assert (row["day"], row["resolved"]) == (told["day"], told["resolved"])
            assert row["days"] == (60 if place[1] in ("corr60", "mmc60") else 20)
        for part in ("means", "open_rounds", "resolved_rounds"):
            names = list(dict.fromkeys(row["score"] for row in models[name][part]))
            assert names[:2] == ["corr60", "mmc60"], "as in the terminal"
    assert rows_of(models["harbour"]) == []
    with Path("scores.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == sum(len(rows_of(model)) for model in models.values()) > 300
    assert float(lines[0]["value"]) == rows_of(models["beacon"])[0]["value"]


def test_the_mean_of_a_year_is_of_one_score_and_version(numeri: Numeri, past: Served) -> None:
    [model] = numeri("scores", "lighthouse", "--json").data["models"]
    means = {(one["score"], one["version"]): one for one in model["means"]}
    final = [row for row in newest(past, "lighthouse").values() if row["resolved"]]
    for (name, version), one in means.items():
        values = [
            row["value"] for row in final if (row["displayName"], row["version"]) == (name, version)
        ]
        assert one["rounds"] == len(values)
        assert one["mean"] == pytest.approx(sum(values) / len(values))
    assert means["corr60", "3"]["days"] == 60
    assert means["v2_corr20", "6"]["days"] == 20
    assert means["corr60", "3"]["lags"] == 12
    assert means["corr60", "3"]["standard_error"] is None  # 8 rounds that overlap tell nothing
    assert means["v2_corr20", "6"]["standard_error"] > 0


def test_a_table_is_whole_at_every_width(
    numeri: Numeri, past: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = {}
    for columns in ("60", "80", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        shown[columns] = numeri("scores", "lighthouse").out
    assert shown["60"] == shown["80"] == shown["120"]
    lines = shown["80"].splitlines()
    assert max(map(len, lines)) <= 80
    assert any("1 of 60" in line for line in lines)
    assert any("resolved" in line for line in lines)
    assert "as of " in shown["80"]


def test_without_the_server_what_is_known_is_shown_and_of_when_it_is(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, monkeypatch):
        online = numeri("scores", "--json").data
    lose_patience()
    gone = numeri("scores", "--json")
    assert gone.code == 0, gone.err
    assert gone.data["offline"] is True
    assert online["offline"] is False
    assert gone.data["models"] == online["models"]
    assert gone.data["as_of"] == online["as_of"] == "2026-05-23T12:05:00Z"
    told = numeri("scores", "beacon")
    assert "as of Sat 23 May 12:05 UTC 2026, from this machine alone" in told.out
    assert numeri("scores", "--of", "lighthouse", "--json").data["offline"] is True
    unknown = numeri("scores", "--of", "tidepool", "--json")
    assert (unknown.code, unknown.json["error"]["code"]) == (4, "unreachable")


@pytest.mark.usefixtures("past")
def test_somebodys_scores_need_no_keys(numeri: Numeri, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEY_VARIABLES:
        if name != "NUMERI_API_URL":
            monkeypatch.delenv(name, raising=False)
    assert numeri("scores", "--json").json["error"]["code"] == "keys_missing"
    said = numeri("scores", "--of", "lighthouse", "--json")
    assert said.code == 0, said.err
    [model] = said.data["models"]
    assert model["model"] == "lighthouse"
    assert len(rows_of(model)) == 180
    nobody = numeri("scores", "--of", "tidepool", "--json")
    assert (nobody.code, nobody.json["error"]["code"]) == (1, "model_unknown")
    both = numeri("scores", "beacon", "--of", "lighthouse", "--json")
    assert (both.code, both.json["error"]["code"]) == (2, "usage")


def test_a_model_that_was_renamed_keeps_its_scores_under_its_new_name(
    numeri: Numeri, changeable: Served
) -> None:
    before = numeri("scores", "lighthouse", "--json").data["models"][0]
    with changeable.tournament.store.writing() as connection:
        connection.execute("UPDATE models SET name = 'leuchtturm' WHERE name = 'lighthouse'")
    [model] = numeri("scores", "leuchtturm", "--json").data["models"]
    assert model["model_id"] == before["model_id"]
    assert [row["value"] for row in rows_of(model)] == [row["value"] for row in rows_of(before)]
    assert numeri("scores", "lighthouse", "--json").json["error"]["code"] == "model_unknown"


def test_what_a_year_brings_is_asked_for_once_and_no_day_is_lost_in_between(
    numeri: Numeri, changeable: Served
) -> None:
    numeri("scores", "--json")
    changeable.tournament.advance(2)
    [model] = numeri("scores", "beacon", "--json").data["models"]
    wanted = newest(changeable, "beacon")
    shown = {(row["round_number"], row["score"], row["version"]): row for row in rows_of(model)}
    assert {place: row["value"] for place, row in shown.items()} == {
        place: row["value"] for place, row in wanted.items()
    }


def test_rounds_that_pay_for_20_days_and_for_60_stay_apart(
    numeri: Numeri, changeable: Served
) -> None:
    """A round that had other terms, as before round 1343: two series, two formulas."""
    earlier = RoundTerms(
        multipliers={"v2_corr20": Decimal("0.75"), "mmc": Decimal("2.25")},
        clip_threshold=Decimal("0.05"),
        payout_factor=Decimal(1),
        stake_threshold_nmr=Decimal(72_000),
    )
    with changeable.tournament.store.writing() as connection:
        connection.execute("DELETE FROM terms WHERE round < 66")
        for number in range(61, 66):
            keep_terms(connection, number, terms=earlier)
    [model] = numeri("scores", "beacon", "--json").data["models"]
    kinds = Counter((one["score"], one["version"], one["days"]) for one in model["means"])
    assert set(kinds.values()) == {1}
    assert {("corr60", "3", 60), ("v2_corr20", "6", 20)} <= kinds.keys()
    counts = {one["score"]: one["rounds"] for one in model["means"]}
    assert (counts["corr60"], counts["v2_corr20"]) == (8, 16)


@pytest.mark.usefixtures("past")
def test_the_page_is_written_where_it_is_asked_for(numeri: Numeri) -> None:
    said = numeri("scores", "--html", "scores.html", "--json")
    assert said.code == 0, said.err
    page = Path(said.data["page"])
    assert page == Path("scores.html").absolute()
    text = page.read_text(encoding="utf-8")
    for chart in (
        "cumulative-corr60-3",
        "cumulative-v2_corr20-6",
        "map-corr60-3",
        "field-corr60",
        "paid",
        "pending",
    ):
        assert f'<script type="application/json" data-for="{chart}">' in text
    assert f"page: {page}" in numeri("scores", "--html", "scores.html").out


@pytest.mark.usefixtures("trained")
def test_the_page_says_what_validation_lets_one_expect(numeri: Numeri) -> None:
    def sentences() -> str:
        assert numeri("scores", "--html", "scores.html", "--json").code == 0
        text = Path("scores.html").read_text(encoding="utf-8").partition('id="validated"')[2]
        return text.partition("</ul>")[0]

    assert "beacon was not validated on this machine" in sentences()
    numeri("practice", "advance", "--rounds", "8")
    assert "lighthouse was not validated on this machine" in sentences()
    assert numeri("download", "validation").code == 0
    assert numeri("validate", "lighthouse").code == 0
    assert "lighthouse is not judged in v2_corr20: it was validated on" in sentences()
