"""On a terminal lines are broken between words; what is meant to be copied is never broken."""

from __future__ import annotations

import io

import pytest
from rich.console import Group
from rich.text import Text

from numeri_cli.output.console import InertConsole, whole
from numeri_cli.output.text.tables import grid, table

PATH = "/a/folder/with/a/name/that/is/longer/than/any/terminal/that/a/person/has/ever/opened.toml"


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def shown(view: object, *, columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    file = Terminal()
    InertConsole(file).print(view, crop=False, overflow="ignore")
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_sentence_is_broken_between_words_and_a_command_in_it_is_one(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = "`numeri run --tournament practice --wait 50m`"
    sentence = f"the round is open and nothing is in it yet, so that {command} is what to type now"
    lines = shown(Text(sentence), columns=columns, monkeypatch=monkeypatch)
    assert " ".join(lines) == sentence
    assert max(map(len, lines)) <= columns
    assert any(command in line for line in lines)


@pytest.mark.parametrize("columns", [1, 60, 80, 120])
def test_a_path_and_a_line_of_a_crontab_are_whole_however_narrow(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"0 12 * * 6 NUMERI_HOME=/home numeri run --profile {PATH} >> log 2>&1"
    view = Group(Text(f"wrote {PATH}, which is new"), Text(line, no_wrap=True))
    lines = shown(view, columns=columns, monkeypatch=monkeypatch)
    assert lines[-1] == line
    assert any(PATH in one for one in lines[:-1])


@pytest.mark.parametrize("columns", [1, 60, 80])
def test_a_path_with_spaces_is_whole(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/Users/somebody/Library/Application Support/numeri/reports/lighthouse-88d97e91.html"
    lines = shown(Text(f"report: {whole(path)}"), columns=columns, monkeypatch=monkeypatch)
    assert path in lines
    bare = shown(Text(f"report: {path}"), columns=columns, monkeypatch=monkeypatch)
    assert path not in bare, "else nothing is tested"


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_no_cell_of_a_table_is_broken_within_a_word_or_cut(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table("model", "id")
    rows.add_row("lighthouse", "5d1c3f0e-0a4f-4c53-9f52-6f0c7c2a9a10")
    told = grid(11, 0)
    told.add_row("mend", Text(f"{PATH} is open to others; `chmod go-w {PATH}` closes it"))
    text = "\n".join(shown(Group(rows, told), columns=columns, monkeypatch=monkeypatch))
    assert "5d1c3f0e-0a4f-4c53-9f52-6f0c7c2a9a10" in text
    assert f"`chmod go-w {PATH}`" in text
    assert "…" not in text
    words = {"is", "open", "to", "others;", "closes", "it"}
    assert words <= set(text.split())


def test_a_pipe_has_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    file = io.StringIO()
    sentence = "a word and " * 30 + "another"
    InertConsole(file).print(Text(sentence), crop=False, overflow="ignore")
    assert file.getvalue() == f"{sentence}\n"
