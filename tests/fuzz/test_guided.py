"""Coverage-guided fuzzing of what reads model texts and answers, for some seconds each."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.api_questions import QUESTIONS
from tests.support.booster_texts import grown

pytestmark = [
    pytest.mark.guided,
    pytest.mark.skipif(find_spec("atheris") is None, reason="`pip install atheris` is not there"),
]
ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("NUMERI_FUZZ_SECONDS", "10"))
SEED = str(int(os.environ.get("NUMERI_FUZZ_SEED") or secrets.token_hex(3), 16))
MOST_MB = 1_500  # imports and all
Recorder = Callable[[str, object], None]


def sound_boosters() -> Iterator[bytes]:
    """Texts to begin from, each behind the byte that lets the sizes of its trees be made to fit."""
    for params in ({}, {"linear_tree": True}, {"boosting": "dart"}):
        text = grown(**params)
        yield b"s" + text[: text.index("feature_importances")].encode()


def sound_answers() -> Iterator[bytes]:
    """Answers to begin from, each behind the byte that says to which question."""
    for number, name in enumerate(sorted(QUESTIONS)):
        yield bytes([number]) + json.dumps({"data": QUESTIONS[name][1]}).encode()


@pytest.mark.parametrize("target", ["booster", "answers"])
def test_no_input_found_by_coverage_ends_the_process_or_leaves_our_errors(
    tmp_path: Path, target: str, record_property: Recorder
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seeds = {"booster": sound_boosters, "answers": sound_answers}[target]
    for number, content in enumerate(seeds()):
        (corpus / str(number)).write_bytes(content)
    options = (
        f"-max_total_time={SECONDS}", f"-seed={SEED}", f"-rss_limit_mb={MOST_MB}", "-timeout=20",
        "-max_len=8000", f"-artifact_prefix={tmp_path}/",
    )  # fmt: skip
    words = [sys.executable, "-m", "tests.fuzz.guided", target, str(corpus), *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    found = [path for path in tmp_path.iterdir() if path.is_file()]
    shown = "\n".join(repr(path.read_bytes()[:2_000]) for path in found)
    assert done.returncode == 0, f"seed {SEED}: {done.stderr[-3_000:]}\n{shown}"
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs, done.stderr[-1_000:]
    record_property("note", f"guided, {target}, seed {SEED}: {int(runs[1]):,} inputs")
    assert int(runs[1]) > 100
