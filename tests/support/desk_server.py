"""An account of many models with years of scores, as the API answers it; nothing is simulated.

    python tests/support/desk_server.py MODELS ROUNDS PORT

Five rounds open a week. Each has the score days of three days, and one more for each day that
passes here: `GET /pass?days=3` lets them pass, `GET /counted` tells requests, bytes and the most
questions for one field within a minute, since the days last passed. Values follow from their
place alone. Serves until its standard input ends; prints its address as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from graphql import FieldNode, VariableNode, parse

KINDS = (  # name, version, display name, days, multiplier
    ("correlation", "6", "v2_corr20", 20, 0.0),
    ("meta_model_contribution", "5", "mmc", 20, 0.0),
    ("correlation", "3", "corr60", 60, 3.0),
    ("meta_model_contribution", "3", "mmc60", 60, 15.0),
    ("correlation_with_meta_model", "1", "corr_w_meta_model", 20, 0.0),
    ("benchmark_model_contribution", "1", "bmc", 20, 0.0),
    ("feature_neutral_correlation", "3", "fnc_v3", 20, 0.0),
    ("max_correlation_with_numerai_models", "1", "mcwnm", 20, 0.0),
    ("average_correlation_with_numerai_models", "1", "apcwnm", 20, 0.0),
)
START = datetime(2026, 11, 28, 12, 5, tzinfo=UTC)  # a Saturday
FIRST_ROUND = 1_300
DAYS_KEPT, LAG_DAYS = 3, 4
WINDOW_SECONDS = 60.0
FULL_DAYS = 61


@dataclass
class Desk:
    """The account, and what was asked of it; passed: days since the start."""

    models: int
    rounds: int
    passed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    requests: int = 0
    sent_bytes: int = 0
    asked: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def today(self) -> datetime:
        """As many days have passed."""
        return START + timedelta(days=self.passed)

    @property
    def now(self) -> datetime:
        """What the server's clock shows."""
        return self.today

    def id_of(self, model: int) -> str:
        """Such as the API's, in no order."""
        return f"{model * 2_654_435_761 % 2**32:08x}-0000-4000-8000-{model:012x}"

    def newest(self) -> int:
        """How many rounds have opened: five a week."""
        return self.rounds + self.passed * 5 // 7

    def opened(self, place: int) -> datetime:
        """When a round opened."""
        return START - timedelta(days=7 * (self.rounds - 1 - place) / 5)

    def days_of(self, place: int, length: int) -> range:
        """The score days of a round that can be asked for."""

        def come(now: datetime) -> int:
            business = (now - self.opened(place)).days * 5 // 7 - LAG_DAYS
            return max(min(business, length), 0)

        return range(max(come(START) - DAYS_KEPT, 0) + 1, come(self.today) + 1)

    def answer(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The answer to a document; each of its fields is counted."""
        [operation] = parse(document).definitions
        found = {}
        for one in operation.selection_set.selections:  # type: ignore[attr-defined]  # a query
            arguments = {
                argument.name.value: variables.get(argument.value.name.value)
                if isinstance(argument.value, VariableNode)
                else getattr(argument.value, "value", None)
                for argument in one.arguments or ()
            }
            with self.lock:
                self.asked[one.name.value].append(time.monotonic())
            found[one.name.value] = cut(getattr(self, f"ask_{one.name.value}")(**arguments), one)
        return found

    def ask_account(self) -> dict[str, Any]:
        """Models with a stake each."""
        return {
            "username": "desk",
            "availableNmr": "12.5",
            "models": [
                {
                    "id": self.id_of(at),
                    "name": f"model_{at:03d}",
                    "tournament": 8,
                    "archived": False,
                    "v2Stake": {"stakeValue": "10.000000000000000001"},
                }
                for at in range(self.models)
            ],
        }

    def ask_apiTokenInfo(self) -> dict[str, Any]:  # noqa: N802  # a field's name
        """What the key may do."""
        return {
            "accountUsername": "desk",
            "publicId": "P",
            "scopes": ["read_user_info", "read_submission_info"],
        }

    def ask_rounds(self, **asked: Any) -> list[dict[str, Any]]:
        """Newest first, each with all configurations."""
        first = max(self.newest() - (asked.get("limit") or self.newest()), 0)
        return [self._round(place) for place in reversed(range(first, self.newest()))]

    def _round(self, place: int) -> dict[str, Any]:
        opened = self.opened(place)
        configs = [
            {
                "name": name,
                "version": version,
                "displayName": shown,
                "isPayout": multiplier != 0,
                "defaultMultiplier": multiplier,
                "clipThreshold": 1.0,
                "payoutFactor": None,
                "totalScoreDays": days,
                "returnsLagDays": 2,
            }
            for name, version, shown, days, multiplier in KINDS
        ]
        return {
            "id": f"round-{place}",
            "number": FIRST_ROUND + place,
            "tournament": 8,
            "openTime": stamp(opened),
            "closeTime": stamp(opened + timedelta(hours=1)),
            "closeStakingTime": stamp(opened + timedelta(hours=1)),
            "resolveTime": stamp(opened + timedelta(days=89)),
            "dataDatestamp": 20_260_101,
            "target": "ender_60",
            "payoutFactor": "1",
            "stakeThreshold": 72_000.0,
            "roundScoreConfigs": configs,
        }

    def ask_pendingModelPayouts(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # a field's name
        """Nothing is listed."""
        return {"actual": [], "pending": []}

    def ask_v3UserProfile(self, **asked: Any) -> dict[str, Any]:  # noqa: N802  # a field's name
        """Nobody is ranked."""
        return {"latestRanks": None, "latestReturns": None}

    def ask_latestNmrPrice(self) -> dict[str, Any]:  # noqa: N802  # a field's name
        """Nobody has a price."""
        return {"priceUsd": None, "lastUpdated": None}

    def ask_submissionScores(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: N802  # a field's name
        """Every day of every score of the rounds asked for."""
        return [
            row
            for place in self._places(asked.get("lastNRounds"))
            for row in self._rows(asked["modelId"], place)
        ]

    def ask_v2RoundModelPerformances(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: N802  # a field's name
        """What each round holds; its newest scores with their parts of the payout."""
        return [
            self._performance(asked["modelId"], place)
            for place in self._places(asked.get("lastNRounds"))
        ]

    def _places(self, last: int | None) -> Iterator[int]:
        yield from reversed(range(max(self.newest() - (last or self.newest()), 0), self.newest()))

    def _rows(self, model_id: str, place: int) -> Iterator[dict[str, Any]]:
        values, opened = values_of(int(model_id[:8], 16), place), self.opened(place)
        for at, (_, version, shown, length, _) in enumerate(KINDS):
            for day in reversed(self.days_of(place, length)):
                yield {
                    "roundId": f"round-{place}",
                    "submissionId": f"{place:08x}-{model_id[9:]}",
                    "roundNumber": FIRST_ROUND + place,
                    "displayName": shown,
                    "version": version,
                    "day": day,
                    "date": stamp(opened + timedelta(days=(day + LAG_DAYS) * 7 // 5)),
                    "value": float(values[0, at, day]),
                    "percentile": float(values[1, at, day]),
                    "resolved": day == length,
                    "resolveDate": stamp(opened + timedelta(days=length * 7 // 5 + 5)),
                    "roundResolveTime": stamp(opened + timedelta(days=89)),
                    "roundScoreTime": stamp(opened + timedelta(days=6)),
                    "roundCloseStakingTime": stamp(opened + timedelta(hours=1)),
                    "payoutPending": None,
                    "payoutSettled": None,
                }

    def _performance(self, model_id: str, place: int) -> dict[str, Any]:
        newest = {row["displayName"]: row for row in reversed([*self._rows(model_id, place)])}
        is_settled = len(self.days_of(place, 60)) > 0 and max(self.days_of(place, 60)) == 60
        for _, _, shown, _, multiplier in KINDS:
            if multiplier and shown in newest:
                paid = f"{newest[shown]['value'] * multiplier / 100:.18f}"
                newest[shown]["payoutSettled" if is_settled else "payoutPending"] = paid
        opened = self.opened(place)
        return {
            "roundNumber": FIRST_ROUND + place,
            "atRisk": "0.156250000000000001",
            "roundPayoutFactor": "1",
            "roundOpenTime": stamp(opened),
            "roundResolveTime": stamp(opened + timedelta(days=89)),
            "roundResolved": is_settled,
            "roundTarget": "ender_60",
            "payoutMultipliers": [
                {
                    "id": f"{place}-{shown}",
                    "scoreConfigId": shown,
                    "name": name,
                    "version": version,
                    "displayName": shown,
                    "multiplier": multiplier,
                }
                for name, version, shown, _, multiplier in KINDS
                if multiplier
            ],
            "submissionScores": [*newest.values()],
        }

    def counted(self) -> dict[str, Any]:
        """Since the days last passed."""
        most = {}
        for name, times in self.asked.items():
            most[name] = max(
                sum(first <= time < first + WINDOW_SECONDS for time in times) for first in times
            )
        return {
            "requests": self.requests,
            "bytes": self.sent_bytes,
            "most_in_a_minute": most,
        }

    def let_pass(self, days: int) -> None:
        """Days pass; the counters begin anew."""
        self.passed += days
        self.requests = self.sent_bytes = 0
        self.asked.clear()


@cache
def values_of(model: int, place: int) -> Any:
    """(value or percentile, kind, day) of a model's round, nine digits each."""
    draws = np.random.default_rng([model, place]).random((2, len(KINDS), FULL_DAYS))
    draws[0] = (draws[0] - 0.45) / 10
    return draws.round(9)


def stamp(moment: datetime) -> str:
    """As the API writes times."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def cut(value: Any, asked: FieldNode) -> Any:
    """What of a value was asked for, in the spelling in which it was."""
    if asked.selection_set is None or value is None:
        return value
    inner = [one for one in asked.selection_set.selections if isinstance(one, FieldNode)]
    plain = [one.name.value for one in inner if one.selection_set is None]
    deep = [one for one in inner if one.selection_set is not None]

    def one_of(row: dict[str, Any]) -> dict[str, Any]:
        made = {name: row[name] for name in plain}
        return made | {one.name.value: cut(row[one.name.value], one) for one in deep}

    return [one_of(row) for row in value] if isinstance(value, list) else one_of(value)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    desk: Desk

    def do_POST(self) -> None:
        """A question."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"data": self.desk.answer(asked["query"], asked["variables"] or {})})
        content = body.encode()
        with self.desk.lock:
            self.desk.requests += 1
            self.desk.sent_bytes += len(content)
        self._send(content)

    def do_GET(self) -> None:
        """Counters, or days that pass."""
        if self.path.startswith("/pass"):
            self.desk.let_pass(int(self.path.partition("=")[2]))
        self._send(json.dumps(self.desk.counted()).encode())

    def _send(self, content: bytes) -> None:
        self.send_response_only(200)
        self.send_header("Date", format_datetime(self.desk.now, usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends."""
    models, rounds, port = map(int, sys.argv[1:4])
    Handler.desk = Desk(models, rounds)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"address": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
