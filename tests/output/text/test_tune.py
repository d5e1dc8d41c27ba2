"""A search in the terminal: whole at eighty columns, without what matters least at sixty."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from numeri_cli.output.text.tune import MOST_SHOWN, tuning
from tests.support.searches import sample_search


def shown_at(width: int) -> str:
    console = Console(width=width, force_terminal=True, color_system=None, markup=False)
    with console.capture() as said:
        console.print(tuning(sample_search().tuning))
    return said.get()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_screen_but_what_is_copied(width: int) -> None:
    lines = shown_at(width).splitlines()
    copied = ("search:", "profile:", "/home", "  numeri")
    assert [line for line in lines if len(line) > width and not line.startswith(copied)] == []


def test_the_least_important_parameters_go_first_and_the_luck_stays() -> None:
    wide, narrow = shown_at(120), shown_at(60)
    assert "neutralize.proportion" in wide
    assert "neutralize.proportion" not in narrow
    for column in ("learning_rate", "by luck", "held out", "gain"):
        assert column in narrow
    assert "error" in wide


def test_the_taken_trial_is_first_and_the_verdict_stands_below() -> None:
    shown = shown_at(120)
    record = sample_search().tuning
    first = next(line for line in shown.splitlines() if " * " in line)
    assert first.split()[0] == str(record.chosen)
    assert f"{record.done - MOST_SHOWN} more on the page" in shown
    assert "The gain in CORR is within noise" in shown
    assert "profile: /home/me/lighthouse-tuned.toml" in shown


def test_training_the_taken_trial_is_advised_where_it_gained_more_than_noise() -> None:
    advice = "numeri train lighthouse --profile lighthouse-tuned.toml"
    record = sample_search().tuning
    console = Console(width=120, color_system=None, markup=False)
    for within_noise in (True, False):
        with console.capture() as said:
            console.print(tuning(replace(record, within_noise=within_noise)))
        assert (advice in said.get()) is not within_noise


def test_a_search_that_has_nothing_yet_says_so() -> None:
    bare = replace(
        sample_search().tuning, trials=(), outcomes=(), chosen=None, done=0, snippet=None,
        verdict="No trial is done yet.",
    )  # fmt: skip
    console = Console(width=80, color_system=None, markup=False)
    with console.capture() as said:
        console.print(tuning(bare))
    assert "No trial is done yet." in said.get()
