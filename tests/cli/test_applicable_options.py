"""Every option of every command either always applies or is refused where it says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from numeri_cli.cli.app import COMMANDS, application
from tests.support.runner import PROFILE, Numeri

SHARED = {"--tournament", "--profile", "--json", "--quiet", "--verbose"}
# By command: options that say something whatever else is asked for
ALWAYS = {
    "init": {"--model", "--force"},
    "login": {"--stdin"},
    "datasets": {"--all"},
    "download": {"--force"},
    "train": {"--force", "--cluster"},
    "predict": {"--data", "--raw"},
    "models export": {"--output", "--artifact"},
    "backtest": {"--window", "--purge", "--stride", "--force", "--cluster"},
    "tune": {
        "--aim",
        "--at-once",  # refused without a cluster
        "--benchmark",
        "--cluster",
        "--distribute",  # refused without a cluster, once it is known what is to be varied
        "--force",
        "--hold-out",
        "--hours",
        "--open",
        "--purge",
        "--seed",
        "--self-contained",
        "--stride",
        "--study",
        "--target",
        "--trials",
        "--window",
    },
    "neutralize": {"--data", "--features", "--output"},
    "validate": {
        "--data",
        "--target",
        "--features",
        "--benchmark",
        "--cluster",
        "--eras",
        "--per-era",
        "--open",
        "--self-contained",
    },
    "diagnostics": {"--model", "--target", "--benchmark"},
    "submit": {"--replace", "--late", "--dry-run"},
    "run": {"--train", "--wait", "--timeout", "--late", "--dry-run"},
    "status": {"--within"},
    "rounds": {"--limit", "--csv"},
    "submissions": {"--limit", "--csv"},
    "scores": {"--csv", "--html", "--open"},
    "payouts": {"--csv"},
    "account": {"--csv"},
    "stakes": {"--csv"},
    "leaderboard": {"--top", "--accounts", "--of", "--csv"},
    "models": {"--local"},
    "log": {"--run"},
    "notify": {"--test"},
    "listen": {"--port", "--host", "--wait"},
    "clean": {"--dry-run"},
    "doctor": {"--online"},
    "hosted check": {"--python", "--bare"},
    "hosted upload": {"--assign", "--no-check", "--python", "--bare"},
    "hosted logs": {"--pickle", "--limit"},
    "hosted assign": {"--also", "--webhook-off"},
    "hosted download": {"--pickle", "--output"},
    "practice create": {
        "--seed",
        "--stocks",
        "--eras",
        "--features",
        "--rivals",
        "--start",
        "--scale",
    },
    "practice serve": {"--port", "--clock", "--rate-limits", "--run-hosted"},
    "practice reset": {"--yes"},
    "practice leaderboard": {"--top", "--accounts", "--with"},
    "practice fund": {"--from-era", "--eras", "--html", "--open", "--with"},
    "schedule show": {"--daily", "--system"},
    "schedule install": {"--daily", "--system"},
    "schedule remove": {"--system"},
}
# By command and option: words among which the option says nothing
REFUSED = {
    ("train", "--distribute"): "train --distribute models",
    ("backtest", "--distribute"): "backtest lighthouse --distribute models",
    ("predict", "--output"): "predict lighthouse beacon --output a.csv",
    ("predict", "--artifact"): "predict lighthouse beacon --artifact X",
    ("neutralize", "--proportion"): "neutralize mine.csv --max-exposure 0.1 --proportion 0.5",
    ("neutralize", "--max-exposure"): "neutralize mine.csv --proportion 0.5 --max-exposure 0.1",
    ("validate", "--artifact"): "validate mine.csv --artifact X",
    ("validate", "--raw"): "validate mine.csv --raw",
    ("submit", "--model"): "submit lighthouse --model beacon",
    ("submit", "--artifact"): "submit mine.csv --model beacon --artifact X",
    ("submissions", "--download"): "submissions --download",
    ("scores", "--of"): "scores lighthouse --of beacon",
    ("status", "--daily"): "status --daily",
    ("status", "--notify"): "status --notify",
    ("hosted check", "--output"): "hosted check mine.pkl --output other.pkl",
    ("practice serve", "--bare"): "practice serve --bare",
    ("hosted upload", "--model"): "hosted upload lighthouse --model beacon",
    ("hosted upload", "--also"): "hosted upload model.pkl --also",
    ("hosted upload", "--webhook-off"): "hosted upload model.pkl --webhook-off",
    ("log", "--follow"): "log --json --follow",
    ("log", "--limit"): "log --run X --limit 3",
    ("practice advance", "--rounds"): "practice advance --until 2030-01-01 --rounds 2",
    ("practice advance", "--until"): "practice advance --rounds 2 --until 2030-01-01",
}
OTHER_WORDS = {"--proportion": "proportion", "--max-exposure": "exposure"}
MORE = (
    "submit lighthouse beacon --artifact X",
    "validate lighthouse beacon --artifact X",
    "log --tournament practice",
    "log --profile numeri.toml",
    "practice status --tournament numerai",
    "practice status --profile numeri.toml",
    "status --weekly",
    "status --verbose --quiet",
)


def options() -> set[tuple[str, str]]:
    """Every option of every command but those that all of them take."""
    root: Any = typer.main.get_command(application(None))
    found = set()
    for path in COMMANDS:
        command = root
        for word in path.split():
            command = command.commands[word]
        for parameter in command.params:
            names = [name for name in parameter.opts if name.startswith("--")]
            found |= {(path, name) for name in names if name not in SHARED}
    return found


def test_every_option_of_every_command_is_judged_here() -> None:
    judged = {(command, name) for command, names in ALWAYS.items() for name in names}
    known = options()
    assert len(known) > 50
    assert {one for one in known if one[0] in ALWAYS or one in REFUSED} == judged | set(REFUSED)
    assert {command for command, _ in known} <= {command for command, _ in judged | set(REFUSED)}


@pytest.fixture
def two_models(practice: Path) -> None:
    """A profile of two models, and a file that could be a prediction."""
    second = PROFILE.split("[models.lighthouse]")[1].replace("lighthouse", "beacon")
    Path("numeri.toml").write_text(f"{PROFILE}\n[models.beacon]{second}")
    Path("mine.csv").write_text("id,prediction\nn1,0.5\n")


@pytest.mark.usefixtures("two_models")
@pytest.mark.parametrize("words", [*REFUSED.values(), *MORE])
def test_an_option_that_says_nothing_is_refused_by_its_name(numeri: Numeri, words: str) -> None:
    said = numeri(*words.split())
    option = [word for word in words.split() if word.startswith("--")][-1]
    assert said.code == 2, said.err
    assert OTHER_WORDS.get(option, option) in said.err + said.out
