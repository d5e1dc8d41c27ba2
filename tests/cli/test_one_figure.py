"""A score has one name and one number in the terminal, in JSON and on the page of the same run."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

from numeri_cli.output.formats import figure_text, number
from tests.support.runner import Numeri


def page_table(page: str, heading: str) -> dict[str, tuple[str, ...]]:
    """The rows of the table below a heading, by their first cell."""
    table = page[page.index(f'id="{heading}"') :].partition("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table)
    return {
        unescape(name): tuple(
            re.sub(r"<span.*?</span>", "", cell)
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells)
        )
        for name, cells in rows
    }


def test_every_score_is_the_same_number_with_the_same_name_everywhere(
    trained: Path, numeri: Numeri
) -> None:
    numeri("practice", "advance", "--rounds", "4")
    assert numeri("download", "validation").code == 0
    said = numeri("validate", "lighthouse", "--raw")
    assert said.code == 0, said.err
    told = numeri("validate", "lighthouse", "--raw", "--json").data
    page = Path(told["report"]).read_text()
    rows = page_table(page, "scores")
    assert len(told["lines"]) > 20
    assert list(rows) == [line["label"] for line in told["lines"]]
    for line in told["lines"]:
        figures = tuple(
            figure_text(value, line["places"], line["unit"]) for value in line["values"]
        )
        assert rows[line["label"]] == figures
        marked = [f"{text} *" if at == line["best"] else text for at, text in enumerate(figures)]
        shown = next(row for row in said.out.splitlines() if row.startswith(f"{line['label']}  "))
        assert shown.removeprefix(line["label"]).split() == " ".join(marked).split()
    for source, mean in zip(told["sources"], rows["CORR mean"], strict=True):
        assert number(source["scores"]["corr"]["mean"]) == mean
        tile = f"<dt>CORR mean</dt><dd>{mean} ± {number(source['outlook']['corr_error'])}</dd>"
        assert tile in page
    # each model's contract is there in full, and the curve begins before it is neutralized
    folder = next((trained / "data").rglob("model.json")).parent
    contract = json.loads((folder / "model.json").read_text())
    for text in (
        contract["features_digest"],
        contract["members"][0]["digest"],
        *contract["sources"].values(),
        f"lightgbm {contract['versions']['lightgbm']}",
        f"{contract['purge_eras']} eras",
        "n_estimators = 20",
        "as submitted, 0.5 taken out",
    ):
        assert text in page, text
    assert any(line["label"].endswith(" on ender_60") for line in told["lines"]) == bool(
        told["other_targets"]
    )
