"""Texts from outside are one line that no terminal, spreadsheet, page or program obeys."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import pytest

from numeri_cli.api.client import Client
from numeri_cli.errors import ApiRefused, ExitCode, FileForeign
from numeri_cli.inert_text import inert, inert_cell, visible
from numeri_cli.log import Log, Mask, read_log
from numeri_cli.output.bars import Bars
from numeri_cli.output.console import InertConsole
from numeri_cli.output.csv import write_csv
from numeri_cli.output.html.downloads import csv_of
from numeri_cli.output.html.page import Chart, Table, write_page
from numeri_cli.output.json import json_text
from numeri_cli.output.progress import Sentences
from numeri_cli.published import Published
from tests.support.scripted_server import KEYS, QUICK, Server, data, refusal

HOSTILE = "a\x1b[2J\x9b0mb\u202egpj.\u2066c\r\nerror: forged\x00\u2028\x7f"


def is_inert(text: str) -> bool:
    kinds = {unicodedata.category(letter)[0] for letter in text if letter != " "}
    return bool(kinds) and not kinds & {"C", "Z"}


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_what_could_be_obeyed_is_shown() -> None:
    assert not is_inert(HOSTILE)
    shown = visible(HOSTILE)
    assert is_inert(shown)
    for part in ("\\x1b[2J", "\\x9b", "\\u202e", "\\u2066", "\\r\\nerror", "\\x00", "\\u2028"):
        assert part in shown
    assert visible("Zürich – 東京 😀") == "Zürich – 東京 😀"


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    shown = inert("x" * 50_000_000)
    assert len(shown) < 2_100
    assert "50,000,000 characters" in shown


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "  =1+1", "=cmd|' /C calc'!A0", "\uff1d1+1", "-", "+a"],
)
def test_what_a_spreadsheet_would_execute_gets_an_apostrophe(text: str) -> None:
    assert inert_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-0.5", "+1", "-1e-7", "-12.3%", "-1,234.5", "", "alpha", "a=1", "−0.5"]
)
def test_numbers_and_plain_words_stay_as_they_are_in_a_cell(text: str) -> None:
    assert inert_cell(text) == text


@dataclass(frozen=True)
class _Row(Published):
    name: str
    value: float


def test_a_csv_holds_one_line_a_row_whatever_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_csv(path, ("name", "value"), [_Row(HOSTILE, -0.5), _Row("-1+cmd|' /C calc'!A0", 1.0)])
    content = path.read_text()
    assert content.count("\n") == 3
    assert is_inert(content.replace("\n", " "))
    rows = list(csv.reader(content.splitlines()))
    assert rows[1][1] == "-0.5"
    assert rows[2][0].startswith("'-1+cmd")


def test_json_on_a_terminal_is_inert_and_means_the_same() -> None:
    text = json_text("datasets", {"name": HOSTILE}, None, ExitCode.done)
    assert is_inert(text)
    assert json.loads(text)["data"]["name"] == HOSTILE
    assert "é" in json_text("datasets", {"name": "é\u202e"}, None, ExitCode.done)


def test_an_error_is_one_line_of_bounded_length() -> None:
    error = FileForeign(f"{HOSTILE} is no file", hint=f"look at {HOSTILE}")
    assert is_inert(error.message)
    assert is_inert(str(error))
    assert is_inert(error.hint)
    long = "y" * 10_000_000
    assert len(FileForeign(long).message) + len(FileForeign("x", hint=long).hint) < 5_000
    copied = FileForeign("x", hint=f"add {HOSTILE}:", lines="one line\nanother\n")
    assert copied.hint.endswith(":\none line\nanother\n")
    assert copied.hint.count("\n") == 3


@pytest.mark.parametrize("kind", [Sentences, Bars])
def test_what_is_said_is_one_line_of_bounded_length(kind: type[Sentences]) -> None:
    stream = io.StringIO()
    kind(InertConsole(stream), quiet=False, verbose=True).say(HOSTILE + "z" * 5_000_000)
    said = stream.getvalue().rstrip("\n")
    assert is_inert(said)
    assert len(said) < 3_000


def test_the_log_keeps_what_was_said_without_what_would_be_obeyed(tmp_path: Path) -> None:
    log = Log(tmp_path, command="run", mask=Mask(), trouble=pytest.fail)
    log.begin(HOSTILE)
    log.write("say", HOSTILE)
    lines = list(read_log(tmp_path))
    assert len(lines) == 2
    assert all(is_inert(line.words) for line in lines)
    assert all(is_inert(raw) for raw in (tmp_path / "numeri.jsonl").read_text().splitlines())


def test_what_a_server_says_is_inert_before_anything_keeps_it(server: Server) -> None:
    submission = {
        "id": "s1", "status": HOSTILE, "errorInfo": HOSTILE, "selected": False,
        "filename": HOSTILE, "filteredCount": 0, "submittedCount": 1, "insertedAt": None,
        "round": {"number": 1},
    }  # fmt: skip
    server.script = [
        data(submissions=[submission]),
        data(listDatasets=[HOSTILE, "v5.3/[/bold].parquet"]),
        refusal(HOSTILE),
    ]
    with Client(server.url, keys=KEYS, limits=QUICK) as client:
        (found,) = client.submissions("m")
        assert is_inert(found.status)
        assert found.error_info is not None
        assert is_inert(found.error_info)
        assert found.filename is not None
        assert is_inert(found.filename)
        names = client.list_datasets()
        assert is_inert(names[0])
        assert names[1] == "v5.3/[/bold].parquet"
        with pytest.raises(ApiRefused, match=r"\\x1b\[2J") as caught:
            client.list_datasets()
    assert is_inert(caught.value.message)


def test_a_page_shows_names_and_obeys_none(tmp_path: Path) -> None:
    name = 'a\u202e<a href="https://evil.example">x</a>\x1b'
    figure = go.Figure()
    figure.add_scatter(x=[1], y=[2], name=name, hovertemplate="%{y}<extra></extra>")
    figure.update_layout(height=100)
    table = Table(headers=("model", name), rows=((name, "−0.5\N{NO-BREAK SPACE}%"),))
    chart = Chart(id="one", title=name, words=name, figure=figure, table=table)
    path = write_page(
        "practice_fund.html.j2", tmp_path / "page.html", charts=[chart], self_contained=False,
        title=name, facts=[("account", name)], figures=table, notes=[name],
        places=[("one", name)], files=[csv_of(table, name=name, words=name)],
    )  # fmt: skip
    page = path.read_text()
    assert not {"\u202e", "\x1b"} & set(page)
    assert "\\u202e" in page
    assert "−0.5\N{NO-BREAK SPACE}%" in page
    (figures,) = [
        json.loads(part.partition("</script>")[0]) for part in page.split('data-for="one">')[1:]
    ]
    assert figures["data"][0]["name"].startswith("a\\u202e&lt;a href=")
    assert figures["data"][0]["hovertemplate"] == "%{y}<extra></extra>"
