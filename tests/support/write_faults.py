"""Commands whose writes are spoilt, from what they begin, and what must hold afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from numeri_cli.errors import ExitCode
from tests.support.bench import Bench, numeri
from tests.support.said import Said
from tests.support.strace import Fault, Traced, traced

ERRORS = ("ENOSPC", "EIO", "EINTR")
ENDINGS = (ExitCode.done, ExitCode.refused, ExitCode.trouble)


def untrain(bench: Bench, home: Path) -> None:
    """No model, no data: everything is to do."""
    for name in ("models", "datasets"):
        shutil.rmtree(home / "data" / name)


def without_data(bench: Bench, home: Path) -> None:
    """No data; the model is there."""
    shutil.rmtree(home / "data" / "datasets")


COMMANDS: dict[str, Callable[[Bench, Path], None]] = {
    "run": without_data,
    "train": untrain,
    "download": without_data,
}


def spoilt(bench: Bench, home: Path, fault: Fault, command: str, *, record: Path) -> Traced:
    """A command in a new home in which one write fails; what it led to is judged.

    record: the file for strace's own words
    """
    bench.wipe()
    shutil.rmtree(home)
    shutil.copytree(bench.template, home)
    COMMANDS[command](bench, home)
    done = traced(command, "--json", record=record, fault=fault)
    require_said(done.said, fault)
    require_mended(bench, home, command)
    return done


def require_said(said: Said, fault: Fault) -> None:
    """It ended as a command of ours does: no traceback, one object, an error of the tree."""
    told = f"{fault}: {said}"
    assert "Traceback" not in said.out + said.err, told
    assert said.code in ENDINGS, told
    if not said.out:  # standard output was what failed, which does not end the work
        assert "standard output" in said.err, told
        return
    answer = json.loads(said.out)
    assert (answer["error"] or {}).get("code") != "unexpected", told
    assert "did not expect" not in said.out + said.err, told


def require_mended(bench: Bench, home: Path, command: str) -> None:
    """Nothing is half; the same command comes through now, and one submission counts."""
    bench.require_no_halves(home)
    for words in (command, "run"):
        again = numeri(words, "--json")
        assert again.code == 0, again.out
    bench.require_no_halves(home)
    bench.require_exactly_one(home)
