"""Behind TAB a shell offers commands, options, models, files, feature sets and targets."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from numeri_cli.cli.completion import VARIABLE, Offered, offered
from numeri_cli.scoring.score_table import SCORES

PROGRAM = Path(sys.executable).with_name("numeri")
HEAVY = ("pandas", "numpy", "lightgbm", "pyarrow", "httpx", "scipy")
LOOKS_UP_SECONDS = 120.0


def environment(**more: str) -> dict[str, str]:
    """What a shell has in which the program is installed."""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", **more}


def script_for(shell: str) -> Path:
    """What `--show-completion` prints in that shell, in the current directory."""
    done = subprocess.run(
        ["numeri", "--show-completion", shell],
        env=environment(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"),
        capture_output=True,
        check=True,
    )
    path = Path(f"numeri.{shell}").absolute()
    path.write_bytes(done.stdout)
    return path


def of_bash(script: Path) -> Callable[[str], list[str]]:
    def ask(line: str) -> list[str]:
        words = line.split(" ")
        command = (
            f"source {script}; COMP_WORDS=({line} ); COMP_CWORD={len(words) - 1};"
            ' $(complete -p numeri | sed "s/.* -F \\([^ ]*\\) .*/\\1/") numeri;'
            ' printf "%s\\n" "${COMPREPLY[@]}"'
        )
        return run("bash", "--norc", "-c", command)

    return ask


def of_fish(script: Path) -> Callable[[str], list[str]]:
    def ask(line: str) -> list[str]:
        lines = run("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
        return [one.split("\t")[0] for one in lines]

    return ask


def run(*words: str) -> list[str]:
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture
def line(trained: Path) -> Path:
    """A folder with two models and a file, and a home with data."""
    profile = Path("numeri.toml")
    profile.write_text(profile.read_text(encoding="utf-8") + "\n[models.beacon]\n")
    Path("own.parquet").touch()
    return profile


@pytest.mark.usefixtures("line")
@pytest.mark.parametrize(("shell", "asked"), [("bash", of_bash), ("fish", of_fish)])
def test_a_shell_offers_commands_models_files_sets_and_targets(
    shell: str, asked: Callable[[Path], Callable[[str], list[str]]]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    ask = asked(script_for(shell))
    assert ask("numeri tra") == ["train"]
    assert sorted(ask("numeri validate ")) == [
        "beacon",
        "beacon@backtest",
        "lighthouse",
        "lighthouse@backtest",
        "own.parquet",
    ]
    assert ask("numeri validate --features fnc") == ["fncv3_features"]
    assert ask("numeri validate --target target_ender_6") == ["target_ender_60"]


@pytest.mark.usefixtures("line")
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes_what_is_typed() -> None:
    script = script_for("zsh")
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        ["zsh", "-f", "-i"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(TERM="xterm", PROMPT="", COLUMNS="80"),
        start_new_session=True,
    ) as shell:
        os.close(terminal)
        try:
            typed(ours, f"autoload -Uz compinit; compinit -u -D; source {script}; echo re''ady\n")
            seen(ours, "ready")
            typed(ours, "numeri tra\t")
            seen(ours, "train")
            typed(ours, "ligh\t")
            seen(ours, "lighthouse")
            typed(ours, "\x15numeri validate --features fn\t")
            seen(ours, "fncv3_features")
            typed(ours, "\x15numeri validate --target target_ender_6\t")
            seen(ours, "target_ender_60")
            typed(ours, "\x15numeri validate own\t")
            seen(ours, "own.parquet")
        finally:
            shell.kill()
            os.close(ours)


def typed(terminal: int, text: str) -> None:
    os.write(terminal, text.encode())


def seen(terminal: int, words: str) -> None:
    """Read until these words stand there; what comes afterwards is another look's."""
    os.set_blocking(terminal, False)
    shown, until = "", time.monotonic() + LOOKS_UP_SECONDS
    while words not in shown:
        assert time.monotonic() < until, shown
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except BlockingIOError:
            time.sleep(0.02)


@pytest.mark.usefixtures("line")
def test_what_is_offered_follows_the_line(home: Path) -> None:
    def values(name: str, incomplete: str = "", **given: object) -> list[str]:
        return [one.value for one in offered(name, given, incomplete)]

    other = Path("other.toml")
    other.write_text('tournament = "practice"\n[models.harbour]\n')
    assert values("models", profile=other) == ["harbour"]
    assert values("model", "BEA") == ["beacon"]
    assert values("tournament") == ["numerai", "practice"]
    assert values("data", "va") == ["validation"]
    assert values("target", tournament="numerai") == []
    models = home / "data/models/practice/lighthouse"
    artifacts = sorted(one.name for one in models.iterdir())
    (models / ".unfinished").mkdir()
    assert values("artifact", models=["lighthouse"]) == artifacts != []
    assert values("artifact", models=["beacon"]) == []
    assert {score.label for score in SCORES} < set(values("word"))
    assert {"v2_corr20", "lead", "at risk"} <= set(values("word"))  # of tables
    assert "security" in values("topic")
    assert values("output") == []


def test_nothing_is_offered_rather_than_an_error_shown() -> None:
    Path("numeri.toml").write_text("this is no TOML")
    assert offered("models", {}, "") == []
    assert offered("target", {"tournament": "atlantis"}, "") == []
    Path("numeri.toml").unlink()
    assert offered("models", {}, "") == [Offered("lighthouse")]


@pytest.mark.usefixtures("line")
def test_nothing_heavy_is_loaded_for_a_tab() -> None:
    script = (
        "import sys\nfrom numeri_cli.cli.app import main\n"
        "try:\n    main([])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    words = {VARIABLE: "complete_bash", "COMP_WORDS": "numeri models export l", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(**words),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["lighthouse", "[]"]
