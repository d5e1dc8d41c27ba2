"""What is sent is what was meant: options that do not apply, files over what is accepted."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ROOT
from tests.support.trial import MODELS, Ground, Trial, numeri, profile

ANSWER_SECONDS = 60.0


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A tournament and homes with three trained models, made once for each process."""
    return Ground.make(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def trial(
    ground: Ground, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    """A server and a home of its own for each test."""
    with ground.fresh(tmp_path, home, monkeypatch) as trial:
        yield trial


DO_NOT_APPLY = [
    ("submit", MODELS[0], "--model", MODELS[1]),
    ("submit", "FILE", "--model", MODELS[0], "--artifact", "X"),
    ("submit", MODELS[0], MODELS[1], "--artifact", "X"),
    ("validate", "FILE", "--artifact", "X"),
    ("validate", "FILE", "--raw"),
    ("predict", MODELS[0], MODELS[1], "--artifact", "X"),
]


@pytest.mark.parametrize("words", DO_NOT_APPLY, ids=" ".join)
def test_an_option_that_does_not_apply_is_refused_by_name(
    trial: Trial, words: tuple[str, ...]
) -> None:
    trial.write_profile(models=MODELS)
    file = str(trial.predictions())
    said = numeri(*(file if word == "FILE" else word for word in words), "--json")
    assert said.code in (1, 2), said.out
    option = next(word for word in reversed(words) if word.startswith("--"))
    assert option in said.out + said.err
    assert trial.rows() == []


def held_ids(trial: Trial) -> list[str]:
    """Of all submissions of the first model."""
    return [row["id"] for row in trial.rows()]


def test_a_file_over_an_accepted_submission_needs_replace_in_a_pipe_and_names_it(
    trial: Trial,
) -> None:
    assert numeri("run").code == 0
    before = held_ids(trial)
    said = numeri("submit", trial.predictions(), "--model", MODELS[0], "--json")
    assert said.code == 1, said.out
    assert before[0] in said.out
    assert "--replace" in said.out
    assert held_ids(trial) == before


def test_a_wrong_file_is_refused_for_what_is_wrong_and_not_for_what_it_would_replace(
    trial: Trial,
) -> None:
    assert numeri("run").code == 0
    file = trial.predictions()
    file.write_text(file.read_text().replace("\n", "\nnobody,0.5\n", 1).partition("nobody")[0])
    said = numeri("submit", file, "--model", MODELS[0], "--json")
    assert said.code == 1
    assert said.problem["code"].startswith("predictions_"), said.out
    assert "--replace" not in said.out


def test_with_replace_the_file_is_what_counts(trial: Trial) -> None:
    assert numeri("run").code == 0
    before = held_ids(trial)
    file = trial.predictions()
    said = numeri("submit", file, "--model", MODELS[0], "--replace", "--json")
    assert said.code == 0, said.out
    assert before[0] in said.out
    assert len(held_ids(trial)) == 2
    row = next(row for row in trial.rows() if row["selected"])
    assert row["id"] == held_ids(trial)[1]
    kept = trial.tournament.folders.submission(row["id"], row["filename"])
    assert kept.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_in_a_terminal_it_asks_first(trial: Trial, answer: str) -> None:
    assert numeri("run").code == 0
    before = held_ids(trial)
    words = ("submit", str(trial.predictions()), "--model", MODELS[0])
    code, shown = in_terminal(*words, typed=f"{answer}\n")
    assert before[0] in shown, shown
    assert len(held_ids(trial)) == (2 if answer == "y" else 1)
    assert code == (0 if answer == "y" else 1)


def in_terminal(*words: str, typed: str) -> tuple[int, str]:
    """The exit code and all that a person sees who types this when asked."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "numeri_cli", *words])  # noqa: S606
    shown, answered, until = "", False, time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece.decode(errors="replace")
        if not answered and re.search(r"\?|\[y/n\]", shown, re.IGNORECASE):
            os.write(terminal, typed.encode())
            answered = True
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown


def test_a_file_without_a_profile_needs_the_model_named(trial: Trial) -> None:
    file = trial.predictions()
    Path("numeri.toml").unlink()
    said = numeri("submit", file, "--json")
    assert said.code in (1, 2), said.out
    assert "--model" in said.out + said.err
    assert trial.rows() == []
    said = numeri("submit", file, "--model", MODELS[0], "--json")
    assert said.code == 0, said.out
    [row] = trial.rows()
    assert row["selected"] == 1


def artifact_ids(trial: Trial) -> list[str]:
    """What was trained of the first model."""
    folder = trial.home / "data" / "models" / trial.key / MODELS[0]
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".")


def test_a_pinned_artifact_is_submitted_after_a_training_too(trial: Trial) -> None:
    [pinned] = artifact_ids(trial)
    text = profile().replace(
        f"[models.{MODELS[0]}]\n", f'[models.{MODELS[0]}]\nartifact = "{pinned}"\n'
    )
    Path("numeri.toml").write_text(text.replace("n_estimators = 3", "n_estimators = 5"))
    trained = numeri("train", "--json")
    assert trained.code == 0, trained.out
    assert len(artifact_ids(trial)) == 2
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["artifact"] == pinned


def test_submit_sends_the_artifact_that_it_is_told(trial: Trial) -> None:
    [first] = artifact_ids(trial)
    trial.write_profile()
    text = Path("numeri.toml").read_text().replace("n_estimators = 3", "n_estimators = 5")
    Path("numeri.toml").write_text(text)
    assert numeri("train").code == 0
    said = numeri("submit", MODELS[0], "--artifact", first, "--json")
    assert said.code == 0, said.out
    assert said.model["artifact"] == first
