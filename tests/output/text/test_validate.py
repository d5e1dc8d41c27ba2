"""The table of a validation says what its figures are by, and how sure a difference is."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from numeri_cli.commands.validate.summary import ValidationSummary, summary_of
from numeri_cli.output.html.verdict import verdicts
from numeri_cli.output.text.validate import validate
from numeri_cli.scoring.paired_test import noise_limit
from tests.support.validations import sample_validation


@pytest.fixture(scope="module")
def summary() -> ValidationSummary:
    validation = sample_validation("a", "b")
    assert validation.payout is not None
    paid = replace(validation.payout, rounds_held=13, rounds_a_week=1)
    return summary_of(replace(validation, payout=paid), report=Path("report.html"))


def lines_of(summary: ValidationSummary) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=200).print(validate(summary))
    return text.getvalue().splitlines()


def test_beside_a_t_stands_the_limit_that_it_has_to_pass(summary: ValidationSummary) -> None:
    for pair in summary.differences:
        begin = f"{pair.first} − {pair.second}: {pair.label} "
        [line] = [one for one in lines_of(summary) if one.startswith(begin)]
        assert f"(limit {noise_limit(pair.eras, pair.lags):.2f}); " in line
        assert pair.told_apart == (abs(pair.t) >= pair.t_limit)
    few = replace(summary.differences[0], eras=9, t_limit=noise_limit(9, 4))
    lines = lines_of(replace(summary, differences=(few,)))
    assert any("(too few eras for a limit); " in line for line in lines)


def test_what_a_year_pays_stands_in_per_cent_of_the_stake_as_on_the_page(
    summary: ValidationSummary,
) -> None:
    lines = lines_of(summary)
    tiles = [{one.name: one.value for one in each.tiles} for each in verdicts(summary)]
    for label, tile in (
        ("payout a year", "payout a year"),
        ("payout losing quarters", "losing quarters"),
    ):
        [line] = [one for one in lines if one.startswith(f"{label}  ")]
        assert line.removeprefix(label).split() == " ".join(one[tile] for one in tiles).split()
        assert "%" in line
    assert "payout a year and worst quarter: in % of the whole stake" in lines


def test_a_verdict_of_noise_gives_the_limit_and_why_it_is_so_high(
    summary: ValidationSummary,
) -> None:
    [first, _] = summary.sources
    view = replace(first.outlook, above_zero=False, corr_t=2.9, corr_t_limit=4.04, corr_lags=12)
    doubtful = replace(first, name="a", outlook=view)
    told = (
        "ts CORR may be noise: it is 2.90 standard errors above zero, and 4.04 would be needed,"
        " as each of the 40 eras shares days with 12 before it"
    )
    record = replace(summary, sources=(doubtful,))
    assert f"a: i{told}" in lines_of(record)
    assert f"I{told}." in verdicts(record)[0].sentence
    few = replace(doubtful, outlook=replace(view, corr_t_limit=float("inf")))
    assert "too few eras to tell" in verdicts(replace(summary, sources=(few,)))[0].sentence
