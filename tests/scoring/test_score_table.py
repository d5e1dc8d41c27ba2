"""The table of scores: the only list of them, and all that a new one takes."""

from __future__ import annotations

import ast
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import numeri_cli
from numeri_cli.commands.diagnostics.comparison import figure_labels
from numeri_cli.commands.validate.summary import summary_of
from numeri_cli.output.html.validation import write_report
from numeri_cli.output.text.validate import validate as validation_shown
from numeri_cli.records import Diagnostics, DiagnosticsEra
from numeri_cli.scoring.score_table import SCORES, Score, score_named
from tests.support.validations import card_of, sample_validation

PACKAGE = Path(numeri_cli.__file__).parent
TOY = Score(
    name="toy",
    label="TOY",
    compute=lambda one: float(np.mean(one.gaussian(one.predicted) > 1)) + one.place,
    source="made up here",
    meaning="The share of ids far above the middle.",
    in_detail=True,
    has_curve=True,
)


def test_a_new_score_is_a_row_and_is_seen_in_scorecard_terminal_and_page(tmp_path: Path) -> None:
    made = sample_validation("lighthouse", "beacon", table=(*SCORES, TOY))
    values = card_of(made, "beacon").score("toy")
    assert 1.1 < values.min() <= values.max() < 1.2
    text = io.StringIO()
    shown = validation_shown(summary_of(made, report=tmp_path / "report.html"))
    Console(file=text, width=80).print(shown)
    assert re.search(rf"TOY mean +0\.\d{{4}} +{values.mean():.4f} \*", text.getvalue())
    assert "TOY Sharpe" in text.getvalue()
    page = write_report(made, tmp_path / "report.html").read_text()
    assert '<th scope="row">TOY mean</th>' in page
    assert "Cumulative TOY" in page
    assert "lighthouse − beacon, TOY" in page
    assert "<dt>TOY</dt><dd>The share of ids far above the middle.</dd>" in page
    assert "toy" not in [score.name for score in SCORES]


def test_without_its_row_nothing_is_seen_of_a_score(tmp_path: Path) -> None:
    page = write_report(sample_validation("lighthouse", "beacon"), tmp_path / "report.html")
    assert "TOY" not in page.read_text()


def spelled_labels(source: str) -> set[str]:
    """Labels of scores that stand as whole strings in a program."""
    strings = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return strings & {score.label for score in SCORES}


def test_no_other_file_spells_a_label_of_a_score() -> None:
    assert spelled_labels('X = {"mmc": "MMC"}') == {"MMC"}
    own = PACKAGE / "scoring" / "score_table.py"
    assert len(spelled_labels(own.read_text())) == len(SCORES)
    others = [path for path in PACKAGE.rglob("*.py") if path != own]
    found = {str(path): spelled_labels(path.read_text()) for path in others}
    assert {path: labels for path, labels in found.items() if labels} == {}


def test_every_row_has_a_name_of_its_own_words_and_a_source() -> None:
    assert len({score.name for score in SCORES}) == len(SCORES)
    assert all(score.label and score.source for score in SCORES)
    with pytest.raises(KeyError, match="sharpe"):
        score_named("sharpe")


def test_what_the_server_tells_of_a_score_has_its_place_in_the_records() -> None:
    fields = {field.name for field in dataclasses.fields(Diagnostics)}
    assert set(figure_labels()) <= fields
    assert figure_labels()["corr_sharpe"] == "CORR Sharpe"
    assert figure_labels()["max_exposure"] == "max exposure"
    eras = {field.name for field in dataclasses.fields(DiagnosticsEra)} - {"era"}
    assert eras == {score.name for score in SCORES if score.server_figures}
