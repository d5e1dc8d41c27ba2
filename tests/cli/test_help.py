"""Every command explains itself, quickly, without the libraries that work needs."""

from __future__ import annotations

import inspect
import platform
import re
import subprocess
import sys
from importlib.metadata import version

import pytest
import typer

from numeri_cli.cli.app import COMMANDS as APP_COMMANDS
from numeri_cli.cli.app import application, main
from numeri_cli.cli.help_text import OTHERS, in_sections
from tests.support.runner import Numeri

HEAVY = ("pandas", "numpy", "lightgbm", "pyarrow", "httpx", "rich", "scipy", "optuna")


def commands(group: typer.Typer, *before: str) -> list[tuple[str, ...]]:
    """Every command's words, groups included."""
    found: list[tuple[str, ...]] = [before]
    for command in group.registered_commands:
        assert command.name is not None
        found.append((*before, command.name))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        name = inner.typer_instance.info.name
        assert isinstance(name, str)
        found += commands(inner.typer_instance, *before, name)
    return found


GROUPS = {(), ("practice",), ("schedule",), ("hosted",), ("hosted", "webhook")}
COMMANDS = [words for words in commands(application(())) if words not in GROUPS]


def test_the_commands_of_the_plan_are_there() -> None:
    named = {" ".join(words) for words in COMMANDS}
    asked = (
        "init login logout datasets download train predict neutralize validate submit run status"
    )
    assert named >= set(asked.split()) | {"rounds"}
    assert named >= {
        f"practice {word}" for word in ("status", "advance", "serve", "reset", "create")
    }


@pytest.mark.parametrize("words", [*sorted(GROUPS), *COMMANDS], ids="-".join)
def test_help_works_and_shows_one_example(numeri: Numeri, words: tuple[str, ...]) -> None:
    said = numeri(*words, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.lstrip().startswith(f"Usage: {' '.join(('numeri', *words))} ")
    if words not in GROUPS:
        examples = re.findall(rf"(?m)^ *(numeri {' '.join(words)}\b.*)$", said.out)
        assert len(examples) == 1, said.out
        for option in ("--tournament", "--profile", "--json", "--quiet", "--verbose"):
            assert option in said.out
    assert numeri(*words, "-h").out == said.out


@pytest.mark.parametrize("words", COMMANDS, ids="-".join)
def test_the_example_is_a_command_that_parses(words: tuple[str, ...], numeri: Numeri) -> None:
    """Everything in it is known: with one more, unknown option only that one is refused."""
    example = re.findall(rf"(?m)^ *(numeri {' '.join(words)}\b.*)$", numeri(*words, "--help").out)
    said = numeri(*example[0].split()[1:], "--no-such-option")
    assert said.code == 2
    assert "No such option: --no-such-option" in said.err


def test_help_imports_none_of_the_heavy_libraries() -> None:
    """Typer itself brings pydantic once it parses a command, but not for the list of them."""
    for words in (["--help"], ["--version"], ["run", "--help"], ["practice", "create", "--help"]):
        unwanted = (*HEAVY, "pydantic") if len(words) == 1 else HEAVY
        script = (
            "import sys; from numeri_cli.cli.app import main; code = main(sys.argv[1:]);"
            f"print([name for name in {unwanted} if name in sys.modules], code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == "[] 0", done.stdout


def test_without_a_command_the_help_is_shown_as_a_refusal(numeri: Numeri) -> None:
    for group in sorted(GROUPS):
        said = numeri(*group)
        assert said.code == 2
        assert said.out == ""
        assert said.err == numeri(*group, "--help").out


@pytest.mark.parametrize(
    ("words", "sentence", "cure"),
    [
        (["nope"], "No such command 'nope'", "`numeri --help`"),
        (["practice", "nope"], "No such command 'nope'", "`numeri practice --help`"),
        (["run", "--nope"], "No such option: --nope", "`numeri run --help`"),
        (["rounds", "--limit", "0"], "--limit", "`numeri rounds --help`"),
        (["run", "--wait"], "requires an argument", "`numeri run --help`"),
        (["schedule", "show", "--system", "windows"], "--system", "`numeri schedule show --help`"),
    ],
)
def test_words_that_are_no_command_are_refused_with_the_help_to_read(
    numeri: Numeri, words: list[str], sentence: str, cure: str
) -> None:
    said = numeri(*words)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert sentence in said.err
    assert said.err.splitlines()[-1] == f"hint:  {cure}"
    told = numeri(*words[:-1], "--json", words[-1])
    assert (told.code, told.err) == (2, "")
    assert told.json["error"]["code"] == "usage"


def test_the_version_comes_first_then_those_of_what_matters(numeri: Numeri) -> None:
    said = numeri("--version")
    assert (said.code, said.err) == (0, "")
    first, python, *others = said.out.splitlines()
    assert re.fullmatch(r"numeri \d+\.\d+\S*", first)
    assert python.startswith(f"Python {platform.python_version()} on ")
    found = dict(line.split() for line in others)
    for name in ("lightgbm", "numpy", "pandas", "pyarrow", "httpx", "typer", "catboost"):
        assert found[name] == version(name)


def test_every_command_stands_in_a_section_of_the_help_with_its_whole_sentence(
    numeri: Numeri,
) -> None:
    """At any width; a planted command without a section comes under a heading of its own."""
    assert list(in_sections(["run", "new"], {"A round": ("submit", "run")})) == [
        ("A round", ["run"]),
        (OTHERS, ["new"]),
    ]
    shown = " ".join(numeri("--help").out.split())
    assert f"{OTHERS}:" not in shown
    assert "..." not in shown.replace("[ARGS]...", "")
    for path, function in APP_COMMANDS.items():
        if " " not in path:
            sentence = " ".join(str(inspect.getdoc(function)).partition("\n\n")[0].split())
            assert f"{path} {sentence}" in shown
    for group in ("practice", "schedule", "models"):
        assert "..." not in numeri(group, "--help").out.replace("[ARGS]...", "")


def test_where_the_system_is_not_supported_one_sentence_says_so_first(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(["--version"], system="nt") == 0
    out, err = capfd.readouterr()
    assert re.match(r"numeri \d+\.\d+\S*\nPython 3", out)
    assert err.count("\n") == 1
    assert "Linux and macOS" in err
    assert main(["--version"], system="posix") == 0
    assert capfd.readouterr().err == ""
