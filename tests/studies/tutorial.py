"""The README's first command and the tutorial, typed as they stand, in the default world.

    python -m tests.studies.tutorial [--json FILE]

Each block is given to a shell in a fresh home, with the program of this environment. What is shown
has to be what the page says, to the last figure; ids, the place of the home and the name of the
report apart. `tests/guide/test_blocks.py` does the same in a small world without figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.shown_blocks import (
    PageBlock,
    blocks_of,
    lines_not_shown,
    same_for_everybody,
)
from tests.support.sources import PACKAGE, ROOT


def typed(block: PageBlock, home: Path) -> str:
    """What a shell shows of the block's commands on standard output."""
    programs = Path(sys.executable).parent
    environment = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", block.text],
        cwd=home / "work",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{block.text}\nended with {done.returncode}: {done.stderr}")
    return done.stdout


def first_command() -> PageBlock:
    """The README's first run; the installation before it is this environment."""
    blocks = blocks_of((ROOT / "README.md").read_text(encoding="utf-8"))
    block = next(one for one in blocks if "numeri run" in one.text)
    return PageBlock("sh", block.text.rpartition(".venv/bin/")[2], block.shown)


def main() -> None:
    """Type everything, compare, write down."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    tutorial = (PACKAGE / "guide" / "tutorial.md").read_text(encoding="utf-8")
    blocks = [one for one in blocks_of(tutorial) if one.language == "sh"]
    steps: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "work").mkdir()
        for place, block in enumerate(blocks):
            began = time.monotonic()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            shown = same_for_everybody(
                typed(block, home), home=str(home), folder=str(home / "work")
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            wanted = [block.shown, *([first_command().shown] if not place else [])]
            missing = [
                line
                for one in wanted
                for line in lines_not_shown(same_for_everybody(one, home=str(home)), shown)
            ]
            steps.append(
                {
                    "typed": block.text.splitlines(),
                    "not_shown": missing,
                    "wall_s": round(time.monotonic() - began, 1),
                    "cpu_s": round(
                        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1
                    ),
                    "shown": shown.splitlines(),
                }
            )
            print(f"{place + 1}: {len(missing)} lines are not shown {missing}", flush=True)
    if options.json:
        report = {"study": "tutorial", "cores": os.cpu_count(), "steps": steps}
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    raise SystemExit(any(step["not_shown"] for step in steps))


if __name__ == "__main__":
    main()
