"""A page in a terminal: what is meant to be copied is whole, however narrow the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from numeri_cli.commands.guide import guide
from numeri_cli.output.console import InertConsole
from numeri_cli.output.text.guide import guide_pages
from tests.support.sources import PACKAGE


def shown(topic: str, width: int) -> str:
    """The page as a terminal of that width shows it, without colours."""
    console = Console(
        file=(output := io.StringIO()), width=width, force_terminal=True, color_system=None
    )
    console.print(guide_pages(guide(topic)), crop=False, overflow="ignore")
    return output.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_line_of_a_block_is_never_broken(width: int) -> None:
    page = (PACKAGE / "guide" / "cron-and-watchdog.md").read_text(encoding="utf-8")
    [line] = [one for one in page.splitlines() if one.startswith("30 * * * *")]
    assert line in shown("cron-and-watchdog", width)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_key_in_a_table_is_never_broken(width: int) -> None:
    text = shown("profile", width)
    for key in ("no_progress_seconds", "early_stopping_eras", "backoff_start_seconds"):
        assert key in text
    assert "unconfirmed" in shown("exit-codes-and-json", width)


def test_sentences_are_broken_between_words_at_the_terminals_width() -> None:
    lines = shown("security", 60).splitlines()
    assert any(len(line.rstrip()) > 50 for line in lines)
    prose = [line for line in lines if line.startswith("What Numeri trusts")]
    assert [len(line.rstrip()) <= 60 for line in prose] == [True]


def test_a_page_in_a_pipe_says_numeri_in_sentences_as_it_does_in_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/numeri"])
    written = io.StringIO()
    InertConsole(written).print(guide_pages(guide("tutorial")), crop=False, overflow="ignore")
    assert "`numeri explain CORR`" in written.getvalue()
    assert ".venv/bin/numeri" not in written.getvalue()
