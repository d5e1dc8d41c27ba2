"""A year of rounds in which everything goes wrong: is every model in, once, with its own bytes?

    python -m tests.studies.soak [--rounds 52] [--seed 1] [--speed 60] [--out FOLDER]

A practice tournament stands behind a front (tests/support/front.py) that settles submissions late.
Its clock runs at 60 times the speed of a real one, or slower where a run on this machine takes so
long that six of them do not fit into the sound half of a window. Each round starts 20 minutes
before its close, and a cron fires `numeri run` for five models every two and a half of them. In
the first half of each window a proxy spoils random steps by every fault of tests/faults/matrix.py,
replies to createSubmission are lost and acted on later, and some runs meet a SIGKILL at a random
moment. A quarter of all runs sees a clock of its own that is wrong by up to 400 days. In ten of 52
rounds a second machine with a home and a host of its own does the same for the same account.

Afterwards every round and model must have exactly one selected submission, on time, of that
round's ids, with bytes that the ledger of one of the machines knows as sent. What was made twice
is counted: within the gap between the question and the answer of two machines, and outside of it,
where nothing may be. Results go to soak.json and soak.md. The exit code is 1 where one is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from numeri_cli.credentials import Keys
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament
from tests.studies.soak_machine import LATEST_ACT_SECONDS, MODELS, Machine, faults_known, now
from tests.studies.soak_verdict import Doubled, judge
from tests.support.front import Front
from tests.support.front_server import served, set_clock
from tests.support.tournaments import fresh_tournament
from tests.support.troubles import lost_reply

FASTEST, SLOWEST = 60.0, 4.0
RUNS_IN_SOUND_TIME = 6  # one machine's after another
WINDOW = timedelta(minutes=20)
CRON = timedelta(minutes=2.5)
SPOILT_SHARE = 0.5  # of the window
SETTLE_SECONDS = 0.4
ENDING_SECONDS = 30.0
ROUNDS_OF_TWO = 10 / 52
SETTINGS = WorldSettings(seed=1, stocks=150, eras=60, features=24, rivals=2)


@dataclass
class Findings:
    """What all rounds together came to."""

    wrong: list[str] = field(default_factory=list)
    doubled: list[Doubled] = field(default_factory=list)
    submissions: int = 0
    two_machine_rounds: list[int] = field(default_factory=list)
    late_acts: int = 0


@dataclass(frozen=True)
class Soak:
    """The tournament, its front, the machines."""

    tournament: Tournament
    front: Front
    machines: tuple[Machine, Machine]
    chance: random.Random
    findings: Findings
    speed: float

    def round(self, *, two: bool) -> None:
        """One window with everything in it, and the verdict."""
        status = self.tournament.status()
        number = status.round_number
        working = self.machines if two else self.machines[:1]
        if two:
            self.findings.two_machine_rounds.append(number)
        self.front.forget()
        set_clock(self.tournament, status.closes_at - WINDOW)
        self._spoil(working)
        began, fired, lifted = time.monotonic(), 0, False
        while (passed := timedelta(seconds=time.monotonic() - began) * self.speed) < WINDOW:
            is_spoilt = passed < WINDOW * SPOILT_SHARE
            if not is_spoilt and not lifted:
                self._lift(working)
                lifted = True
            if passed >= CRON * fired:
                fired += 1
                for one in working:
                    one.fire(now(), may_go_wrong=is_spoilt)
            for one in working:
                one.look()
            time.sleep(0.02)
        for one in working:
            one.rest(seconds=ENDING_SECONDS)
        self.front.settle_acts()
        self._judge(number, working)

    def _spoil(self, working: Sequence[Machine]) -> None:
        for one in working:
            one.spoil(self.chance.randint(3, 8))
        for _ in range(self.chance.randint(0, 2)):
            late = self.chance.choice((0.0, self.chance.uniform(0, LATEST_ACT_SECONDS)))
            self.front.trouble(lost_reply("createSubmission", act_after_seconds=late))

    def _lift(self, working: Sequence[Machine]) -> None:
        for one in working:
            one.lift()
        self.findings.late_acts += sum(one.happened for one in self.front.troubles)
        self.front.troubles.clear()

    def _judge(self, number: int, working: Sequence[Machine]) -> None:
        digests = {digest for one in working for digest in one.digests(number)}
        verdict = judge(self.tournament, self.front, number, models=MODELS, digests=digests)
        self.findings.wrong += verdict.wrong
        self.findings.doubled += verdict.doubled
        self.findings.submissions += verdict.submissions
        print(f"round {number}: {verdict.submissions} submissions", *verdict.wrong, flush=True)


def soak(folder: Path, *, rounds: int, seed: int, speed: float | None = None) -> dict[str, Any]:
    """Let so many rounds pass; everything that happened, for the JSON.

    speed: practice seconds a real second; as fast as this machine allows where None
    """
    began = time.monotonic()
    tournament = fresh_tournament(folder / "practice", settings=SETTINGS)
    for name in MODELS[3:]:
        tournament.add_model(name)
    front = Front(tournament, settle_seconds=SETTLE_SECONDS)
    keys = Keys(*tournament.participant_keys())
    chance = random.Random(seed)
    of_two = set(chance.sample(range(rounds), max(1, round(rounds * ROUNDS_OF_TWO))))
    with served(front) as [url]:
        first, second = (
            Machine(name, folder / name, keys, backend=url, seed=number)
            for number, name in enumerate(("first", "second"), start=1)
        )
        for one in (first, second):
            one.train()
        pace = speed or _affordable(max(one.try_out() for one in (first, second)))
    print(f"{pace:.0f} practice seconds a second", flush=True)
    done = Soak(tournament, front, (first, second), chance, Findings(), pace)
    with served(front, speed=pace) as [url]:
        for one in done.machines:
            one.proxy.backend = url
        for number in range(rounds):
            if number:
                tournament.advance()
            done.round(two=number in of_two)
        for one in done.machines:
            one.proxy.close()
    tournament.close()
    return _results(done, rounds=rounds, seed=seed, seconds=time.monotonic() - began)


def _affordable(run_seconds: float) -> float:
    """The speed at which enough runs of that length fit into the sound half of a window."""
    sound = WINDOW.total_seconds() * (1 - SPOILT_SHARE)
    return max(SLOWEST, min(FASTEST, sound / (RUNS_IN_SOUND_TIME * run_seconds)))


def _results(done: Soak, *, rounds: int, seed: int, seconds: float) -> dict[str, Any]:
    findings = done.findings
    tallies = [one.tally for one in done.machines]
    codes: Counter[int] = sum((one.codes for one in tallies), start=Counter())
    faults: Counter[str] = sum((one.faults for one in tallies), start=Counter())
    problems: Counter[str] = sum((one.problems for one in tallies), start=Counter())
    return {
        "rounds": rounds,
        "seed": seed,
        "models": len(MODELS),
        "model_rounds": rounds * len(MODELS),
        "two_machine_rounds": findings.two_machine_rounds,
        "submissions": findings.submissions,
        "wrong": findings.wrong,
        "doubled_in_the_gap": sum(one.in_gap for one in findings.doubled),
        "doubled_outside": [asdict(one) for one in findings.doubled if not one.in_gap],
        "runs": sum(one.runs for one in tallies),
        "killed": sum(one.killed for one in tallies),
        "clock_jumps": sum(one.jumped for one in tallies),
        "lost_replies_acted_on": findings.late_acts,
        "speed": round(done.speed, 1),
        "problems": dict(problems.most_common()),
        "exit_codes": {str(code): codes[code] for code in sorted(codes)},
        "unexpected": [words for one in tallies for words in one.unexpected],
        "faults_done": sum(faults.values()),
        "kinds_of_fault": len(faults),
        "kinds_there_are": faults_known(),
        "faults": dict(sorted(faults.items())),
        "home_mb": [round(one.size_mb(), 2) for one in done.machines],
        "seconds": round(seconds),
    }


def _table(results: dict[str, Any]) -> str:
    """The results for a reader."""
    command = f"python -m tests.studies.soak --rounds {results['rounds']} --seed {results['seed']}"
    lines = [
        "# A year of rounds in which everything goes wrong",
        "",
        f"`{command}`; what it does stands in tests/studies/soak.py.",
        "",
        "| | |",
        "|---|---|",
    ]
    for key, value in results.items():
        if key in ("faults", "seed"):
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(value, dict):
            shown = ", ".join(f"{name}: {count}" for name, count in value.items())
        lines.append(f"| {key.replace('_', ' ')} | {shown if value != [] else 'none'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run it, and keep what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=52)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="numeri-soak-") as name:
        results = soak(Path(name), rounds=options.rounds, seed=options.seed, speed=options.speed)
    (options.out / "soak.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    (options.out / "soak.md").write_text(_table(results))
    print(_table(results))
    if results["wrong"] or results["doubled_outside"] or results["unexpected"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
