"""One run of an uploaded model as Numerai's runner makes it: what is checked there, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from numeri_cli.hosted.answers import values_of
from numeri_cli.hosted.causes import Circumstances, of_end, of_trouble
from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.pickle_contents import look_into
from numeri_cli.hosted.sandbox import Call, Run, SandboxLimits, prepared, run_model
from numeri_cli.hosted.tables import lay_out

_LOG_LINES = 50


@dataclass(frozen=True)
class RunnerVerdict:
    """What a run came to.

    predictions: a CSV with id and prediction; None where it failed
    reason: why it failed, a sentence; log: what the model printed, and that sentence
    """

    predictions: bytes | None
    reason: str
    log: tuple[str, ...]


def run_once(
    pickle: Path,
    live: Path,
    benchmarks: Path | None,
    *,
    environment: Environment,
    limits: SandboxLimits | None = None,
) -> RunnerVerdict:
    """Open a pickle in the sandbox and call it with a round's data.

    The runner asks for a DataFrame without NaN whose first column lies within [0, 1]; ids, their
    order and the spread are the model's own business.
    Raises FileMissing, FileDamaged, FileForeign of the data, DiskError.
    """
    limits = limits or SandboxLimits()
    given = Circumstances(environment=environment, limits=limits, contents=look_into(pickle))
    with prepared(pickle) as folder:
        lay_out(folder, live, benchmarks)
        run = run_model(folder, (Call(name="live"),), environment=environment, limits=limits)
    printed = tuple(run.words.splitlines()[-_LOG_LINES:])
    reason, predictions = _judged(run, given)
    return RunnerVerdict(predictions, reason, (*printed, reason) if reason else printed)


def _judged(run: Run, given: Circumstances) -> tuple[str, bytes | None]:
    """Why a run failed, or the CSV that it made."""
    for step in ("load", "live"):
        outcome = run.steps.get(step)
        trouble = None if outcome is None else of_trouble(outcome, run, given)
        if trouble is not None:
            return trouble.message, None
    live = run.steps.get("live")
    if live is None:
        ended = of_end(run, given)
        return ended.message if ended else "the model takes neither one nor two arguments", None
    answer = live.answer or {}
    values = values_of(answer) if answer.get("kind") == "DataFrame" else None
    if values is None or not len(values):
        return f"the model returned no DataFrame of numbers but a {answer.get('kind')}", None
    if np.isnan(values).any():
        return "the predictions hold NaN", None
    if values.min() < 0 or values.max() > 1:
        return "the predictions are not within [0, 1]", None
    rows = zip(answer["ids"], values.tolist(), strict=True)
    lines = ["id,prediction", *(f"{_quoted(str(one))},{value!r}" for one, value in rows)]
    return "", ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    """An id as a field of a CSV, whatever is in it."""
    plain = text.isascii() and text.isalnum()
    return text if plain else '"' + text.replace('"', '""') + '"'
