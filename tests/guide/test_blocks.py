"""Whoever types what the README and the tutorial say sees what they show.

Here it is a small world, so that figures and the names of rivals are not compared; the script
`tests/studies/tutorial.py` does that in the default one.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from numeri_cli.practice.market.universe import WorldSettings
from tests.support.runner import KEY_VARIABLES, Numeri
from tests.support.served import served
from tests.support.shown_blocks import (
    PageBlock,
    blocks_of,
    commands_of,
    lines_not_shown,
    same_for_everybody,
    without_figures,
    write_block,
)
from tests.support.sources import PACKAGE, ROOT, TESTS
from tests.support.tournaments import fresh_tournament

README = (ROOT / "README.md").read_text(encoding="utf-8")
TUTORIAL = (PACKAGE / "guide" / "tutorial.md").read_text(encoding="utf-8")
PAGES = {path.name: path for path in [*(PACKAGE / "guide").glob("*.md"), ROOT / "README.md"]}
SMALL = WorldSettings(seed=3, stocks=120, eras=180, features=16, rivals=6)
INSTALLING = ("python3 -m venv ", ".venv/bin/pip install ")
WEEKS = 2  # of a loop; the rest of half a year is passed over at once
LOOP = re.compile(r"for \w+ in \$\(seq (\d+)\); do (.+); done")
Type = Callable[[str], str]


@pytest.fixture
def type_(
    numeri: Numeri, home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Type:
    """Type a line as a shell takes it, with numeri in this process; what is shown."""
    fresh_tournament(home / "data" / "practice", settings=SMALL).close()
    programs = home.parent / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    (programs / "kept").mkdir()
    script = programs / "crontab"
    stand_in = f"{sys.executable} -I -S {TESTS / 'schedule' / 'stand_in_crontab.py'}"
    script.write_text(f'#!/bin/sh\nexec {stand_in} {programs / "kept"} any "$@"\n')
    script.chmod(0o755)

    def one(line: str) -> str:
        if loop := LOOP.fullmatch(line):
            shown = [one(loop[2]) for _ in range(WEEKS)]
            numeri("practice", "advance", "--rounds", str(int(loop[1]) // 2), "--quiet")
            return "".join(shown)
        shown = []
        for part in line.split(" && "):
            words = shlex.split(part)
            if part.startswith(INSTALLING):  # which is what CI began with
                continue
            if words[0].rpartition("/")[2] == "numeri":
                said = numeri(*words[1:])
                assert said.code == 0, f"{part}: {said.err}"
                shown.append(said.out)
            else:
                done = subprocess.run(["/bin/sh", "-c", part], capture_output=True, check=True)
                shown.append(done.stdout.decode())
        return "".join(shown)

    return one


def not_shown(block: PageBlock, type_: Type, home: Path) -> list[str]:
    """Lines that the page shows behind the block, and which typing it does not."""
    said = "".join(type_(line) for line in block.lines)
    seen = same_for_everybody(said, home=str(home), folder=str(Path.cwd())).replace("~/data/", "~/")
    wanted = same_for_everybody(block.shown, home="~/.local/share/numeri")
    return lines_not_shown(without_figures(wanted), without_figures(seen))


def test_a_planted_line_that_is_not_shown_is_found() -> None:
    assert lines_not_shown("…\na\nb\n", "0\na\nb\n") == []
    assert lines_not_shown("a\nb\n", "a\n0\nb\n") == ["b"]
    assert lines_not_shown("a\n…\nc\n", "a\nb\n") == ["c"]
    assert without_figures("CORR mean    0.0257 *   −0.01") == "CORR mean 0 0"
    assert without_figures("  1   beacon   +0.1\n  2   tin_whistle_4   +0.2\nNMR") == (
        "models by rank\nNMR"
    )


def test_the_tutorials_blocks_in_their_order_show_what_it_shows(type_: Type, home: Path) -> None:
    blocks = [one for one in blocks_of(TUTORIAL) if one.language == "sh"]
    assert len(blocks) == 10
    assert all(one.shown for one in blocks)
    for block in blocks:
        assert not_shown(block, type_, home) == [], block.text


def test_the_readmes_blocks_in_their_order_show_what_it_shows(
    type_: Type, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account of the real tournament is one of a practice server, in a folder of its own."""
    typed = []
    for block in blocks_of(README):
        if "--model YOUR_MODEL" in block.text:
            with served(home / "data" / "practice") as server, monkeypatch.context() as there:
                given = (server.keys[0], server.keys[1], "", server.address)
                for name, value in zip(KEY_VARIABLES, given, strict=True):
                    there.setenv(name, value)
                there.setattr("sys.stdin", io.StringIO())
                Path("account").mkdir()
                there.chdir("account")
                there.delenv("NUMERAI_MCP_AUTH")
                mine = PageBlock("sh", block.text.replace("YOUR_MODEL", "lighthouse"))
                assert not_shown(mine, type_, home) == []
        elif block.language == "sh":
            assert not_shown(block, type_, home) == [], block.text
        elif not write_block(block, Path.cwd()):
            continue
        typed.append(block)
    assert len(typed) >= 7


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_command_on_a_page_is_one_that_there_is(numeri: Numeri, name: str) -> None:
    """All its words are known: with one more, unknown option only that one is refused."""
    for words in commands_of(PAGES[name].read_text(encoding="utf-8")):
        said = numeri(*words, "--no-such-option")
        told = said.out if "--json" in words else said.err
        assert "No such option: --no-such-option" in told, f"{words}: {told}"
