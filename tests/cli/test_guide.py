"""The guide in the terminal: pages, and words in sentences."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from numeri_cli.output.pager import is_read_in_pager
from numeri_cli.scoring.score_table import SCORES, Score
from tests.support.runner import Numeri
from tests.support.sources import PACKAGE

TOPICS = sorted(path.stem for path in (PACKAGE / "guide").glob("*.md"))


def test_the_guide_lists_every_page(numeri: Numeri) -> None:
    said = numeri("guide")
    assert [line.split()[0] for line in said.out.splitlines()[2:-2]] == TOPICS
    assert {one["topic"] for one in numeri("guide", "--json").data["topics"]} == set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_in_a_pipe_is_the_page_as_it_was_written(numeri: Numeri, topic: str) -> None:
    text = (PACKAGE / "guide" / f"{topic}.md").read_text(encoding="utf-8")
    assert numeri("guide", topic).out.rstrip("\n") == text.rstrip("\n")
    assert numeri("guide", topic, "--json").data["text"] == text


def test_a_page_that_is_not_there_is_refused_and_the_nearest_named(numeri: Numeri) -> None:
    said = numeri("guide", "securety", "--json")
    assert said.code == 2
    assert said.problem["hint"] == "did you mean 'security'?"


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("scores", "scores-and-payouts"),
        ("Exit codes", "exit-codes-and-json"),
        ("watchdog", "cron-and-watchdog"),
        ("json", "exit-codes-and-json"),
        ("profile.md", "profile"),
    ],
)
def test_a_page_is_found_by_words_of_its_topic(numeri: Numeri, words: str, topic: str) -> None:
    text = (PACKAGE / "guide" / f"{topic}.md").read_text(encoding="utf-8")
    assert numeri("guide", words, "--json").data["text"] == text


def test_a_word_that_several_topics_have_is_refused_with_all_of_them(numeri: Numeri) -> None:
    said = numeri("guide", "how", "--json")
    assert said.code == 2
    assert said.problem["hint"] == "one of how-a-run-ends, how-it-works"


@pytest.mark.parametrize("row", SCORES, ids=lambda row: row.name)
def test_every_score_is_explained_by_its_label_and_by_its_name(numeri: Numeri, row: Score) -> None:
    for word in (row.label, row.name, row.label.lower()):
        [found] = numeri("explain", word, "--json").data["words"]
        assert (found["word"], found["source"]) == (row.label, row.source)
        assert found["lower_is_better"] is row.lower_is_better
        assert found["meaning"]


@pytest.mark.parametrize(
    "word",
    ["round", "era", "target", "exposure", "neutralize", "stake", "burn", "meta_model", "eras"],
)
def test_words_of_the_field_are_explained(numeri: Numeri, word: str) -> None:
    said = numeri("explain", word)
    assert said.code == 0
    assert len(said.out.split()) > 8


def test_without_a_word_all_are_explained_and_an_unknown_one_is_refused(numeri: Numeri) -> None:
    shown = numeri("explain").out
    assert all(score.label in shown for score in SCORES)
    refused = numeri("explain", "CORRR", "--json")
    assert (refused.code, refused.problem["hint"]) == (2, "did you mean 'CORR'?")


def test_a_long_text_is_read_in_the_users_pager_which_sees_no_keys(tmp_path: Path) -> None:
    pager, seen = tmp_path / "pager", tmp_path / "seen"
    pager.write_text(f"#!/bin/sh\ncat > {seen}; env >> {seen}\n")
    pager.chmod(pager.stat().st_mode | stat.S_IXUSR)
    environment = {"PAGER": str(pager), "PATH": os.environ["PATH"], "NUMERAI_SECRET_KEY": "hidden"}
    assert is_read_in_pager("a page\n", environment)
    assert "a page" in seen.read_text()
    assert "hidden" not in seen.read_text()
    assert not is_read_in_pager("a page\n", environment | {"PAGER": "no-such-program"})
    assert not is_read_in_pager("a page\n", environment | {"PAGER": "less 'unpaired"})


def test_on_a_terminal_a_page_is_set_and_goes_to_the_pager(tmp_path: Path) -> None:
    pager, seen = tmp_path / "pager", tmp_path / "seen"
    pager.write_text(f"#!/bin/sh\ncat > {seen}\necho the pager is read\n")
    pager.chmod(pager.stat().st_mode | stat.S_IXUSR)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "numeri_cli", "guide", "security"],
        cwd=PACKAGE.parent,
        env=os.environ | {"PAGER": str(pager), "TERM": "xterm", "LINES": "24", "COLUMNS": "60"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        assert process.wait(300) == 0
    assert os.read(ours, 4096) == b"the pager is read\r\n"
    os.close(ours)
    os.close(theirs)
    text = seen.read_text()
    assert "\x1b[" in text
    assert "# " not in text
