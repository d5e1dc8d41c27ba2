"""Oddities of the real API's scores and money, of clock and account, through whole commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from tests.support.desk_server import FIRST_ROUND, Desk, Handler
from tests.support.runner import Numeri

ROUNDS = 75
NEWEST = FIRST_ROUND + ROUNDS - 1
OLDEST = FIRST_ROUND


@dataclass
class OddDesk(Desk):
    """clip: of every round; ahead: of the server's clock; hidden: the second model is gone."""

    clip: float = 1.0
    ahead: timedelta = timedelta()
    hidden: bool = False

    @property
    def now(self) -> datetime:
        """As wrong as is asked for."""
        return super().now + self.ahead

    def ask_account(self) -> dict[str, Any]:
        """The first model is archived and has no stake."""
        found = super().ask_account()
        found["availableNmr"] = None
        found["models"][0] |= {"archived": True, "v2Stake": None}
        if self.hidden:
            del found["models"][1]
        return found

    def ask_rounds(self, **asked: Any) -> list[dict[str, Any]]:
        """As the configuration is now."""
        rounds = super().ask_rounds(**asked)
        for one in rounds:
            for config in one["roundScoreConfigs"]:
                config["clipThreshold"] = self.clip
        return rounds

    def ask_submissionScores(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: N802  # a field's name
        """A score that nobody knows, one without a value, and a row more than was asked for."""
        rows = super().ask_submissionScores(**asked)
        first = rows[0]
        return [
            {**first, "displayName": "season_score", "version": "99", "value": -2.5},
            {**first, "displayName": "tc", "value": None},
            {**first, "displayName": "unranked", "percentile": None},
            *rows,
            {**first, "roundNumber": OLDEST - 1, "displayName": "corr60", "version": "3"},
        ]

    def ask_v2RoundModelPerformances(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: N802  # a field's name
        """Rounds without a stake, multipliers or scores; a burn that is pending."""
        rows = super().ask_v2RoundModelPerformances(**asked)
        rows[0]["atRisk"] = None
        rows[1]["payoutMultipliers"] = None
        rows[2]["submissionScores"] = None
        open_rows = [row for row in rows if not row["roundResolved"] and row["submissionScores"]]
        for score in open_rows[5]["submissionScores"]:
            pays = score["displayName"] in ("corr60", "mmc60")
            score["payoutPending"] = "-0.125" if pays else None
        for score in open_rows[6]["submissionScores"]:
            score["payoutPending"] = "0E-18"
        self.burning, self.nothing = (open_rows[at]["roundNumber"] for at in (5, 6))
        return rows


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[OddDesk]:
    """Two models of such an account, as those the program speaks of."""
    odd = OddDesk(models=2, rounds=ROUNDS)
    handler = type("OddHandler", (Handler,), {"desk": odd})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("NUMERI_API_URL", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", "P" * 32)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", "S" * 64)
    yield odd
    server.shutdown()
    thread.join()
    server.server_close()


def test_scores_that_nobody_knows_are_shown_and_never_mixed_in(
    numeri: Numeri, desk: OddDesk
) -> None:
    said = numeri("scores", "model_001", "--json")
    assert said.code == 0, said.err
    [model] = said.data["models"]
    rows = [*model["open_rounds"], *model["resolved_rounds"]]
    [strange] = [row for row in rows if row["score"] == "season_score"]
    assert (strange["version"], strange["name"], strange["days"]) == ("99", None, None)
    assert not [row for row in rows if row["score"] == "tc"]
    assert [row["percentile"] for row in rows if row["score"] == "unranked"] == [None]
    assert [row["round_number"] for row in rows if row["round_number"] < OLDEST] == [OLDEST - 1]
    assert "season_score" not in {one["score"] for one in model["means"]}
    assert numeri("scores", "model_001").code == 0
    assert desk.requests > 3


def test_what_a_round_lacks_is_left_out_and_a_pending_burn_is_one(
    numeri: Numeri, desk: OddDesk
) -> None:
    said = numeri("payouts", "model_001", "--json")
    assert said.code == 0, said.err
    rows = {row["round_number"]: row for row in said.data["rows"]}
    assert Decimal(rows[desk.burning]["payout_nmr"]) == Decimal("-0.25")
    assert rows[desk.burning]["state"] == "pending"
    assert Decimal(rows[desk.nothing]["payout_nmr"]) == 0
    assert all(row["formula_nmr"] is None for row in rows.values() if row["at_risk_nmr"] is None)
    assert rows[NEWEST - 1]["formula_nmr"] is None  # its multipliers are not known
    account = numeri("account", "--json").data
    assert account["available_nmr"] is None
    shown = {one["model"]: one for one in account["models"]}
    assert (shown["model_000"]["archived"], shown["model_000"]["stake_nmr"]) == (True, None)
    assert "model_000 (archived)" in numeri("account").out


def test_a_round_whose_configuration_changed_is_worked_out_anew(
    numeri: Numeri, desk: OddDesk
) -> None:
    def formulas() -> dict[int, Decimal]:
        told = numeri("payouts", "model_001", "--json").data["rows"]
        return {
            row["round_number"]: Decimal(row["formula_nmr"]) for row in told if row["formula_nmr"]
        }

    before, desk.clip = formulas(), 0.01
    after = formulas()
    most = Decimal("0.156250000000000001") * Decimal("0.01")
    new = [number for number in after if number > NEWEST - 60]
    assert max(abs(after[number]) for number in new) <= most
    assert max(abs(before[number]) for number in new) > most


def test_a_model_that_the_account_no_longer_lists_can_still_be_named(
    numeri: Numeri, desk: OddDesk
) -> None:
    before = numeri("scores", "model_001", "--json").data["models"][0]
    desk.hidden = True
    assert [one["model"] for one in numeri("scores", "--json").data["models"]] == ["model_000"]
    [after] = numeri("scores", "model_001", "--json").data["models"]
    assert after == before
    assert [one["model"] for one in numeri("account", "--json").data["models"]] == ["model_000"]


def test_a_clock_of_this_machine_that_is_years_off_changes_no_date(
    numeri: Numeri, desk: OddDesk
) -> None:
    """The machine's clock is left alone: the server's is set years away from it instead."""
    soon = numeri("scores", "model_001", "--json").data
    assert soon["models"][0]["means"]
    desk.ahead = timedelta(days=1_000)
    late = numeri("scores", "model_001", "--json").data
    assert late["as_of"] == "2029-08-24T12:05:00Z"
    assert late["models"][0]["means"] == []  # nothing closed within the server's last year
    for word in ("account", "payouts"):
        assert numeri(word, "--json").data["as_of"] == late["as_of"], word
    desk.ahead = timedelta(days=-1_000)
    assert numeri("scores", "model_001", "--json").data["as_of"] == "2024-03-03T12:05:00Z"
