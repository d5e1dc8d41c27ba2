"""An account of 100 models with 260 rounds each: its scores brought, brought again, and shown.

    python tests/benchmarks/scores_sync.py [--json] [--scale small] [--case NAME]

The server (tests/support/desk_server.py) has nine scores of every round, on three days each, and
speaks from a process of its own. `numeri scores` is started three times: in a fresh home; three
days later, when every open round has three more days; and with the server gone. The peer collects
the same table with numerapi's `round_model_performances_v2` and `submission_scores`, model by
model; it keeps nothing, so the second time it collects everything again. `lost` counts days that
the server has and the ledger has not. The published limits are kept by the figures of
`most_in_a_minute`, which the server counts for each field.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measure import Case, Figures, Outputs, Side, main

HERE = Path(__file__).parent
REFERENCE = "numerapi 3.1.1, round_model_performances_v2 and submission_scores"
ROUNDS = 260
MODELS = {"default": 100, "v5.3": 100, "small": 5}
DAYS_BETWEEN = 3
LIMITS = {"submissionScores": 300, "v2RoundModelPerformances": 500, "rounds": 250, "account": 1000}
KEYS = {"NUMERAI_PUBLIC_ID": "P" * 32, "NUMERAI_SECRET_KEY": "S" * 64}


@dataclass
class Office:
    """A participant's folder and the server. `server` ends with this process, as its input does.

    told: what the server counted before the days passed
    """

    server: subprocess.Popen[bytes]
    folder: Path
    address: str
    models: int
    peak_mb: float = 0.0
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def ask(self, path: str) -> dict[str, Any]:
        """The server's counters."""
        with urllib.request.urlopen(self.address + path) as answer:  # noqa: S310  # ours
            found: dict[str, Any] = json.load(answer)
        return found

    def scores(self) -> None:
        """`numeri scores` as a process of its own; must end well."""
        self.call("scores")

    def call(self, *words: str) -> None:
        """A command as a process of its own; must end well."""
        note = self.folder / "peak"
        environment = os.environ | {
            **KEYS,
            "NUMERI_HOME": str(self.folder / "home"),
            "NUMERI_API_URL": self.address,
            "PYTHONPATH": str(HERE.parents[1]),
        }
        command = [
            sys.executable,
            str(HERE / "weighed.py"),
            str(note),
            "-m",
            "numeri_cli",
            *words,
        ]
        with (self.folder / "said").open("wb") as said:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, stdout=said, check=False
            )
        if done.returncode:
            sys.exit((self.folder / "said").read_text())
        self.peak_mb = float(note.read_text())


def load(name: str, models: int, before: str, folder: Path) -> Office:
    """A fresh folder and server; before: what has happened: nothing, "days" or "days, gone"."""
    mine = folder / name
    shutil.rmtree(mine, ignore_errors=True)
    mine.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable,
            str(HERE.parent / "support" / "desk_server.py"),
            str(models),
            str(ROUNDS),
            str(port),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert server.stdout is not None
    office = Office(server, mine, json.loads(server.stdout.readline())["address"], models)
    if before and name == "ours":
        office.scores()
    if before:
        office.ask(f"/pass?days={DAYS_BETWEEN if before == 'days' else 0}")
    if before == "gone":
        server.kill()
        server.wait()
    return office


def ours(office: Office) -> Outputs:
    """Brought and shown."""
    office.scores()
    return {}


def peer(office: Office) -> Outputs:
    """As its documentation shows it."""
    import numerapi
    from numerapi import base_api

    warnings.simplefilter("ignore", DeprecationWarning)
    base_api.API_TOURNAMENT_URL = office.address
    untyped: Any = numerapi.NumerAPI
    api = untyped(*KEYS.values(), verbosity="ERROR")
    money = {}
    for model_id in api.get_models().values():
        for row in api.round_model_performances_v2(model_id):
            money[model_id, row["roundNumber"]] = row["atRisk"]
        office.rows += [
            (
                model_id,
                row["roundNumber"],
                row["displayName"],
                row["version"],
                row["day"],
                row["value"],
                row["percentile"],
                str(money[model_id, row["roundNumber"]]),
            )
            for row in api.submission_scores(model_id)
        ]
    return {}


def proof_of_ledger(office: Office) -> Outputs:
    """The table that is in the ledger."""
    with sqlite3.connect(office.folder / "home" / "data" / "ledger.sqlite") as connection:
        rows = connection.execute(
            "SELECT model_id, round_number, display_name, version, day, value, percentile,"
            " at_risk_nmr FROM scores JOIN performances USING (tournament, model_id, round_number)"
        ).fetchall()
    return as_arrays(rows)


def proof_of_peer(office: Office) -> Outputs:
    """The table that was collected."""
    return as_arrays(office.rows)


def as_arrays(rows: list[tuple[Any, ...]]) -> Outputs:
    """Places as text, numbers as they are, in one order."""
    rows = sorted(rows, key=lambda row: row[:5])
    places = "".join("/".join(map(str, (*row[:5], row[7]))) for row in rows).encode()
    return {
        "places": np.frombuffer(places, dtype=np.uint8),
        "values": np.array([row[5:7] for row in rows]),
    }


def figures(office: Office) -> Figures:
    """What the server counted; of ours the peak, the size of the ledger and days that are lost."""
    counted = office.ask("/counted")
    most = counted["most_in_a_minute"]
    over = {name: count for name, count in most.items() if count > LIMITS.get(name, count)}
    if over:
        sys.exit(f"over the published limits: {over}")
    found = {
        "requests": float(counted["requests"]),
        "sent_mb": counted["bytes"] / 1e6,
        "most_in_a_minute": float(max(most.values(), default=0)),
    }
    return found if office.rows else found | figures_of_home(office)


def figures_of_home(office: Office) -> dict[str, float]:
    """Of the process itself, and of what it left."""
    ledger = office.folder / "home" / "data" / "ledger.sqlite"
    return {"peak_mb": office.peak_mb, "ledger_mb": ledger.stat().st_size / 1e6}


def cases(scale: str) -> Sequence[Case]:
    """First, three days later, and without a server."""
    models = MODELS[scale]

    def side(name: str, before: str) -> Side:
        if name == "ours":
            return Side(partial(load, name, models, before), ours, (), proof_of_ledger, figures)
        return Side(
            partial(load, name, models, before), peer, ("numerapi",), proof_of_peer, figures
        )

    def case(name: str, before: str, bound: dict[str, object]) -> Case:
        return Case(
            f"{models} models, {name}",
            ours=side("ours", before),
            peer=side("peer", before),
            repeats=1,
            reference=REFERENCE,
            remarks={"bound": bound},
        )

    gone = Case(
        f"{models} models, the server gone",
        ours=Side(partial(load, "ours", models, "gone"), ours, (), None, figures_of_home),
        peer=None,
        repeats=3,
        remarks={"bound": {"cpu_s": 1.0, "peak_mb": 150, "ledger_mb": 150}},
    )
    return [
        case("first sync", "", {"requests": models + 20}),
        case("three days later", "days", {"sent_mb": "a third of the first"}),
        gone,
    ]


if __name__ == "__main__":
    main(cases)
