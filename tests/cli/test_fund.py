"""numeri practice fund, as a person and as a program sees it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from numeri_cli.commands.context import Context
from numeri_cli.commands.practice.fund import fund as fund_record
from numeri_cli.home import Home
from numeri_cli.output.text.practice_fund import fund
from numeri_cli.practice.results.fund import OWN
from tests.support.runner import Numeri

pytestmark = pytest.mark.usefixtures("practice")


def shown(percent: str) -> float:
    return float(percent.replace("−", "-"))


def test_the_fund_fits_a_terminal_and_says_the_same_to_programs(numeri: Numeri) -> None:
    said = numeri("practice", "fund")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "over validation history, eras 55–60: 6 weeks, 28 days" in said.out
    assert "over live rounds once 13 have passed (0 have)" in " ".join(said.out.split())
    told = numeri("practice", "fund", "--json")
    assert told.code == 0
    funds = told.data["funds"]
    row = next(line for line in said.out.splitlines() if line.startswith("net return a year"))
    figures = [shown(found) for found in re.findall(r"([−\d.]+) %", row)]
    asked = [round(100 * one["figures"]["return_a_year"], 1) for one in funds]
    assert figures == pytest.approx(asked)
    ends = [shown(found) for found in re.findall(r": ([−\d.]+) % net since", said.out)]
    assert ends == pytest.approx([round(100 * one["net"][-1], 1) for one in funds])
    assert funds[2]["name"] == told.data["choice"]["name"]
    assert re.search(r"exposure to a style +(\d\.\d\d → 0\.00 +){2}\d\.\d\d → 0\.00", said.out)
    assert len(re.findall("[\u2801-\u28ff]", said.out)) > 3 * 60  # three curves of 68 characters
    assert told.data["page"] is None


def test_on_a_narrow_terminal_the_funds_stand_below_one_another() -> None:
    report = fund_record(Context(home=Home.find()))
    shown_at = {}
    for width in (60, 80, 120):
        console = Console(
            file=io.StringIO(), width=width, force_terminal=True, color_system=None, markup=False
        )
        with console.capture() as caught:
            console.print(fund(report))
        shown_at[width] = caught.get()
        assert max(map(len, shown_at[width].splitlines())) <= min(width, 80)
    assert shown_at[60].count("net return a year") == len(report.funds) == 3
    assert shown_at[80].count("net return a year") == 1
    figures = [re.findall(r"[−\d.]+ %", text) for text in shown_at.values()]
    assert sorted(figures[0]) == sorted(figures[1]) == sorted(figures[2])


@pytest.mark.parametrize("names", [("lighthouse", "beacon"), ("a" * 20, "b" * 20, "c" * 20)])
def test_with_models_of_ones_own_the_three_funds_stay_together_where_there_is_room(
    names: tuple[str, ...],
) -> None:
    report = fund_record(Context(home=Home.find()))
    own = [replace(report.funds[0], role=OWN, name=name) for name in names]
    report = replace(report, funds=(*report.funds, *own))
    apart = len(names) if len(names[0]) == 20 else 1  # long names need a table each
    for width, tables in ((60, 3 + apart), (80, 1 + apart), (120, 1 + apart)):
        console = Console(
            file=io.StringIO(), width=width, force_terminal=True, color_system=None, markup=False
        )
        with console.capture() as caught:
            console.print(fund(report))
        lines = caught.get().splitlines()
        assert max(map(len, lines)) <= min(width, 80)
        assert sum(line.startswith("net return a year") for line in lines) == tables
        assert all(sum(name in line for line in lines) >= 2 for name in names)
        together = ("meta model", "in-house", "best rival")
        assert any(all(role in line for role in together) for line in lines) == (width > 60)


def test_after_enough_rounds_the_fund_is_of_live_rounds(numeri: Numeri) -> None:
    assert numeri("practice", "advance", "--rounds", 13).code == 0
    said = numeri("practice", "fund")
    assert said.code == 0, said.err
    assert "over live rounds, eras 61–73: 13 weeks, 63 days" in said.out
    early = numeri("practice", "fund", "--from-era", 56, "--eras", 4, "--json").data
    assert (early["period"]["first_era"], early["period"]["last_era"]) == (56, 59)
    assert early["days"] == 20
    both = numeri("practice", "fund", "--from-era", 56).out
    assert "over validation history and 13 live rounds, eras 56–73: 18 weeks, 88 days" in both


def test_the_page_has_charts_with_words_and_their_numbers(numeri: Numeri) -> None:
    told = numeri("practice", "fund", "--html", "fund.html", "--json")
    assert told.code == 0
    page = Path(told.data["page"])
    assert page == Path("fund.html").absolute()
    text = page.read_text(encoding="utf-8")
    assert "src=" not in text.split("<script>")[0]  # nothing beside it is needed
    for chart in ("net-return", "drawdown"):
        label = re.search(rf'id="{chart}" role="img" aria-label="([^"]+)"', text)
        assert label is not None
        assert "meta model" in label[1]
        assert f'<script type="application/json" data-for="{chart}">' in text
    heads = re.findall(r'<th scope="row">(.*?)</th>', text)
    assert heads[0] == "net return a year"
    assert heads.count("60") == 2  # the last week, under each chart
    assert 'class="best"' not in text, "28 days tell no fund from another"
    row = re.search(r'<th scope="row">net return a year</th>(.*?)</tr>', text)
    assert row is not None
    returns = [one["figures"]["return_a_year"] for one in told.data["funds"]]
    cells = [shown(cell) for cell in re.findall(r"<td>(.*?) %</td>", row[1])]
    assert cells == pytest.approx([round(100 * one, 1) for one in returns])
    dates = told.data["dates"]
    assert len(dates) == 6
    assert f"<dd>{dates[0]} to {dates[-1]}</dd>" in text
    assert re.search(rf'<th scope="row">60</th><td>{dates[-1]}</td>', text)
    assert "± of the Sharpe: its standard error" in text
    assert 'download="fund.csv"' in text
    said = numeri("practice", "fund", "--html", "fund.html")
    assert f"page: {page}" in said.out.replace("\n", "")
    assert page.read_text(encoding="utf-8") == text


def test_a_period_that_cannot_be_is_refused(numeri: Numeri) -> None:
    said = numeri("practice", "fund", "--from-era", 3)
    assert said.code == 1
    assert "no fund can begin in era 3" in said.err
    assert "from 54" in said.err
    assert numeri("practice", "fund", "--eras", 0).code == 2


def test_without_a_tournament_the_cure_is_named(numeri: Numeri) -> None:
    assert numeri("practice", "reset", "--yes").code == 0
    said = numeri("practice", "fund")
    assert said.code == 1
    assert "numeri practice create" in said.err
