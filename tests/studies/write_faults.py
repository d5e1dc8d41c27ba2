"""Every write, sync and renaming of run, train and download fails once: is it said, is it mended?

    python -m tests.studies.write_faults COMMAND [--json FILE] [--share 1/1]

COMMAND: run, train or download, from a home whose data are gone, of which `train` is untrained
One command is traced first: its system calls that write, each with the functions of ours that make
it. Then each of these places meets ENOSPC, EIO and EINTR, the first time it is passed, the second
and the last. Each time the command must end without a traceback, with an error of ours or done;
nothing may be half; the same command must come through afterwards, and one submission count.
FILE keeps what was found, after each run, and a later call goes on behind it. --share 2/3 takes
every third fault from the second on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.bench import Bench, trained_bench
from tests.support.strace import Fault, faults, traced, untraceable
from tests.support.write_faults import COMMANDS, ERRORS, spoilt

Row = dict[str, Any]


def study(command: str, file: Path, *, first: int, step: int) -> list[Row]:
    """Each fault in its turn; what was found is written down after each."""
    rows: list[Row] = json.loads(file.read_text()) if file.exists() else []
    known = {row["fault"] for row in rows}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        home = root / "home"
        (root / "work").mkdir()
        patch.setenv("NUMERI_HOME", str(home))
        patch.setenv("XDG_STATE_HOME", str(root / "state"))
        with trained_bench(root / "bench") as bench:
            patch.chdir(root / "work")
            bench.settle_in(home, patch)
            for fault in _possible(bench, home, command, root / "record")[first::step]:
                if _told(fault) in known:
                    continue
                rows.append(_row(bench, home, fault, command, record=root / "record"))
                file.write_text(json.dumps(rows, indent=1) + "\n")
    return rows


def _possible(bench: Bench, home: Path, command: str, record: Path) -> list[Fault]:
    COMMANDS[command](bench, home)
    sound = traced(command, "--json", record=record)
    if sound.said.code:
        raise SystemExit(f"{command} does not come through unspoilt: {sound.said}")
    times = ("only", "first", "second", "last")  # every place once before any place twice
    return sorted(
        faults(sound.passings, ERRORS),
        key=lambda fault: (times.index(fault.which) // 2, ERRORS.index(fault.error)),
    )


def _told(fault: Fault) -> str:
    return f"{fault.error} {fault.which} {fault.place.call} {' > '.join(fault.place.stack)}"


def _row(bench: Bench, home: Path, fault: Fault, command: str, *, record: Path) -> Row:
    """What a fault led to; wrong: what must not be, "" where all is well."""
    try:
        done = spoilt(bench, home, fault, command, record=record)
    except AssertionError as error:
        return {"fault": _told(fault), "struck": True, "code": None, "wrong": str(error)[:2_000]}
    struck = [one for one in done.passings if one.spoilt]
    return {
        "fault": _told(fault),
        "struck": bool(struck),
        "there": any(one.place == fault.place for one in struck),
        "code": done.said.code,
        "wrong": "",
    }


def main() -> int:
    """1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--share", default="1/1")
    given = parser.parse_args()
    if why := untraceable():
        sys.exit(why)
    first, step = map(int, given.share.split("/"))
    file = (given.json or Path(f"write_faults-{given.command}.json")).absolute()
    os.environ.pop("NUMERI_API_URL", None)
    rows = study(given.command, file, first=first - 1, step=step)
    wrong = [row for row in rows if row["wrong"]]
    endings = Counter(str(row["code"]) for row in rows)
    print(f"{given.command}: {len(rows)} faults, {sum(row['struck'] for row in rows)} struck")
    print(f"exit codes {dict(endings)}; wrong: {len(wrong)}")
    for row in wrong:
        print(f"{row['fault']}: {row['wrong'][:300]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
