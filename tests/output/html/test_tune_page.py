"""The page of a search: every trial, the front, what matters, and names that are no HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from numeri_cli.output.html.tune import write_tuning_page
from tests.support.browser import Browser, grave, with_axe, with_its_width
from tests.support.searches import sample_search


def test_the_page_shows_verdict_history_front_importance_and_every_trial(tmp_path: Path) -> None:
    page = sample_search()
    written = write_tuning_page(page, tmp_path / "tune.html").read_text()
    for title in (
        "What it is worth",
        "The held-out eras",
        "CORR of every trial",
        "Sharpe of every trial",
        "The front",
        "Which parameters matter",
        "CORR by learning_rate",
        "Every trial",
    ):
        assert f">{title}</h2>" in written, title
    assert page.tuning.verdict in written
    table = written[written.index('id="trials"') :]
    rows = re.findall(r'<th scope="row">(\d+)</th>', table)
    assert sorted(map(int, rows)) == list(range(30))
    assert rows[0] == str(page.tuning.chosen)
    assert "<b>charisma</b>" not in written
    assert "that are no number" in table


def test_a_search_without_a_done_trial_has_a_page_all_the_same(tmp_path: Path) -> None:
    page = sample_search()
    bare = replace(
        page.tuning, trials=page.tuning.trials[5:6], outcomes=(), chosen=None, front=(), done=0
    )
    path = write_tuning_page(replace(page, tuning=bare, held_out=None), tmp_path / "tune.html")
    assert "Every trial" in path.read_text()


def test_on_a_phone_every_chart_is_drawn_within_the_width(tmp_path: Path, browser: Browser) -> None:
    page = write_tuning_page(sample_search(), tmp_path / "tune.html")
    seen = browser.look(with_its_width(with_axe(page), 390), width=1400)
    assert grave(seen.dom) == []
    assert 'data-scroll="390"' in seen.dom
    assert f'data-drawn="{page.read_text().count("data-for=")}"' in seen.dom
