"""The practice tournament: a world made with all its rivals, and a year of its rounds.

`python tests/benchmarks/practice.py` makes the default world; `--scale v5.3` one as large as the
real data (18 GB of disk under TMPDIR), whose rivals nothing asks for. Each is a command as a
person types it, in a process of its own; there is no peer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.measure import Case, Figures, Outputs, Side, main

YEAR = 52


@dataclass
class Played:
    """A home and what the last command in it took."""

    home: Path
    peak_mb: float = 0.0
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def practice(self, *words: str) -> None:
        """Run one command to its end."""
        process = subprocess.Popen(
            [sys.executable, "-m", "numeri_cli", "practice", *words, "--quiet"],
            env=self.environment | {"NUMERI_HOME": str(self.home)},
            stdout=subprocess.DEVNULL,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"practice {' '.join(words)} ended with {process.returncode}")
        self.peak_mb = used.ru_maxrss / 1024

    def figures(self) -> Figures:
        """Of the command's process, not of this one; and what it left on the disk."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return {
            "peak_mb": self.peak_mb,
            "disk_gb": sum(path.stat().st_size for path in files) / 1e9,
        }


def _fresh(folder: Path) -> Played:
    count = len(list(folder.glob("home-*")))
    return Played(folder / f"home-{count}")


def _created(folder: Path) -> Played:
    played = _fresh(folder)
    played.practice("create")
    return played


def _create(played: Played, *, words: Sequence[str]) -> Outputs:
    played.practice("create", *words)
    return {}


def _advance(played: Played) -> Outputs:
    played.practice("advance", "--rounds", str(YEAR))
    return {"rounds": np.array(YEAR)}


def cases_of_scale(scale: str) -> Sequence[Case]:
    """Nothing is advanced in a world of full size: its rivals would train for hours."""
    words = ("--scale", scale) if scale != "default" else ()
    create = Side(_fresh, partial(_create, words=words), figures=Played.figures)
    cases = [Case("create", create, None, repeats=1)]
    if scale == "default":
        cases.append(
            Case("a year", Side(_created, _advance, figures=Played.figures), None, repeats=1)
        )
    return cases


if __name__ == "__main__":
    main(cases_of_scale)
