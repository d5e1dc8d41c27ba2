"""The README's commands are the ones that are run; it is short, and what it leads to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
GUIDE = ROOT / "numeri_cli" / "guide"
MOST_LINES = 220


def test_ci_runs_the_readmes_test_command() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest -n 4"
    assert command in README.splitlines()
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_is_short_and_in_the_order_of_a_newcomers_questions() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    asked = (
        "Install",
        "Two commands",
        "Ten words",
        "Your account",
        "Change the model",
        "Your own model in ten lines",
        "From cron",
        "In a notebook",
        "Where things lie",
        "Uninstall",
        "Developing",
    )
    assert tuple(re.findall(r"^## (.+)$", README, re.MULTILINE)) == asked


def test_the_readme_explains_ten_words_and_every_one_has_a_page_of_numerais() -> None:
    table = README[README.index("## Ten words") : README.index("`numeri explain CORR`")]
    words = re.findall(
        r"^\| \[([\w ]+)\]\(https://docs\.numer\.ai/[^)]+\) \| .+ \|$", table, re.MULTILINE
    )
    assert words == [
        "round",
        "era",
        "target",
        "CORR",
        "MMC",
        "FNC",
        "exposure",
        "neutralize",
        "stake",
        "meta model",
    ]


def test_the_readme_leads_to_what_moved_to_the_guide() -> None:
    linked = set(re.findall(r"numeri_cli/guide/([\w-]+)\.md", README))
    assert {
        "tutorial",
        "profile",
        "formulas",
        "scores-and-payouts",
        "exit-codes-and-json",
        "cron-and-watchdog",
        "practice",
        "performance",
        "security",
        "how-it-works",
        "own-model",
        "commands",
        "notebook",
    } <= linked


def test_every_command_stands_on_the_page_of_commands() -> None:
    from numeri_cli.cli.app import application

    registered = {command.name for command in application(()).registered_commands}
    groups = {
        group.typer_instance.info.name
        for group in application(()).registered_groups
        if group.typer_instance
    }
    page = (GUIDE / "commands.md").read_text(encoding="utf-8")
    table = page[page.index("| command |") : page.index("Every command takes")]
    named = set(re.findall(r"`([a-z-]+)`", table))
    assert {str(name) for name in registered | groups} <= named


def test_every_exit_code_stands_in_the_guide() -> None:
    from numeri_cli.errors import ExitCode

    page = (GUIDE / "exit-codes-and-json.md").read_text(encoding="utf-8")
    table = page[page.index("| exit |") : page.index("Of several models")]
    numbers = {int(number) for number in re.findall(r"\b(\d+)\b", table)}
    assert {int(code) for code in ExitCode} <= numbers


def paths_of(text: str) -> set[str]:
    """The files and folders that a page names or leads to."""
    named = re.findall(r"`([\w./-]+/[\w./-]*|[\w-]+\.md)`|\]\(([^:)#]+)\)", text)
    found = {path for pair in named for path in pair if path and not path.endswith("/X")}
    return {path for path in found if not path.startswith(("~", "/", ".venv/"))}


def lost(text: str, *shelves: Path) -> set[str]:
    """The paths that a page names and which are in none of these folders."""
    ways = {path: [shelf / path for shelf in shelves] for path in paths_of(text)}
    return {
        path
        for path, places in ways.items()
        if not any(place.exists() or place.with_suffix(".py").exists() for place in places)
    }


def test_every_path_in_the_readme_and_in_contributing_leads_to_something() -> None:
    assert lost("`cli/nowhere` and [a page](nowhere.md)", ROOT) == {"cli/nowhere", "nowhere.md"}
    assert "numeri_cli/guide/how-it-works.md" in paths_of(README)
    assert {"schedule/base.py", "../README.md"} <= paths_of(CONTRIBUTING)
    for text in (README, CONTRIBUTING):
        assert lost(text, ROOT, ROOT / "numeri_cli", ROOT / ".github") == set()


@pytest.mark.parametrize("path", sorted(GUIDE.glob("*.md")), ids=lambda path: path.stem)
def test_every_link_of_a_page_leads_to_a_page(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (GUIDE / link).is_file()] == []
