"""Inputs that a coverage-guided fuzzer makes, for the code that reads model texts and answers.

python -m tests.fuzz.guided TARGET FOLDER [options of libFuzzer]

TARGET: booster or answers; FOLDER: of sound inputs to begin from, and of those found since.
Any exception but ours, a signal, an input of 20 s or a gigabyte more ends it with an exit code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["numeri_cli.booster_text", "numeri_cli.api"]):
    import numeri_cli.api.client
    import numeri_cli.booster_text  # noqa: F401 - before the others

import httpx
import numpy as np

from numeri_cli.api.client import Client
from numeri_cli.api.http.limits import Limits
from numeri_cli.errors import ArtifactDamaged, NumeriError
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from tests.support.api_questions import QUESTIONS
from tests.support.booster_texts import FEATURES
from tests.support.scripted_server import KEYS

ROWS = np.full((3, len(FEATURES)), 2.0)
_TREE = re.compile(rb"^Tree=\d+\n", re.M)
_SIZES = re.compile(rb"^tree_sizes=.*$", re.M)
_NAMES = sorted(QUESTIONS)


def booster(data: bytes) -> None:
    """A model's text behind a first byte, which says whether the trees' sizes are made to fit."""
    content = _with_sizes(data[1:]) if data[:1] > b"\x20" else data[1:]
    try:
        LightGBM({}).load(content, features=FEATURES, source=Path("model.txt")).predict(ROWS)
    except ArtifactDamaged:
        return


def _with_sizes(content: bytes) -> bytes:
    end = content.find(b"end of trees")
    starts = [one.start() for one in _TREE.finditer(content) if one.start() < end]
    if not starts:
        return content
    pairs = zip(starts, [*starts[1:], end], strict=True)
    sizes = b" ".join(str(stop - start).encode() for start, stop in pairs)
    return _SIZES.sub(b"tree_sizes=" + sizes, content, count=1)


def answers(data: bytes) -> None:
    """The body of an answer; the first byte says to which question."""
    name = _NAMES[(data[0] if data else 0) % len(_NAMES)]
    headers = {"Date": "Sat, 21 Mar 2026 12:05:00 GMT"}
    body = data[1:]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body))
    with Client(
        "https://tournament.test/", keys=KEYS, transport=transport, limits=Limits(attempts=1)
    ) as client:
        try:
            said = repr(QUESTIONS[name][0](client))
        except NumeriError as error:
            said = error.message
    said.encode()  # can be printed


TARGETS: dict[str, Callable[[bytes], None]] = {"booster": booster, "answers": answers}


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
