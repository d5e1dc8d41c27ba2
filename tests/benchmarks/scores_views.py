"""What each command of the desk costs, once 100 models with 260 rounds each are in the ledger.

    python tests/benchmarks/scores_views.py [--json] [--models 100]

The scores are brought once from the server of tests/support/desk_server.py. Then the server is
gone, and each command is started as a process of its own: CPU of that process and its children,
its peak memory, and the size of what it printed or wrote.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.scores_sync import Office, load

BOUND = {"cpu_s": 1.0, "peak_mb": 150}  # of `numeri scores`, as issue 14 wants it
COMMANDS = (
    ("scores",),
    ("scores", "--json"),
    ("scores", "--csv", "table.csv"),
    ("payouts",),
    ("payouts", "--json"),
    ("payouts", "--csv", "table.csv"),
    ("account", "--json"),
)


def measured(office: Office, words: tuple[str, ...]) -> dict[str, object]:
    """One call, without the server."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    office.call(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    table = office.folder / "table.csv"
    written = table if "--csv" in words else office.folder / "said"
    return {
        "benchmark": " ".join(words),
        "ours": {
            "cpu_s": round(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, 3),
            "peak_mb": round(office.peak_mb, 1),
            "written_mb": round(written.stat().st_size / 1e6, 3),
        },
        "peer": None,
        "equal": None,
    }


def main() -> None:
    """Bring the scores once, then show them in every way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--models", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="numeri-benchmark-") as folder:
        office = load("ours", options.models, "gone", Path(folder))
        found = [measured(office, words) for words in COMMANDS]
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for one in found:
        print(one["benchmark"], one["ours"])


if __name__ == "__main__":
    main()
