"""A validation as an HTML page."""

from __future__ import annotations

import hashlib
from pathlib import Path

from numeri_cli.commands.validate.result import Validation
from numeri_cli.output.html.content import (
    Comparison,
    Origin,
    ReportContent,
)
from numeri_cli.output.html.page import write_page


def report_path(folder: Path, validation: Validation) -> Path:
    """Where a validation's page lies in a folder: the same sources and data, the same file."""
    names = "-".join(source.name for source in validation.sources)
    marks = (names, validation.target, validation.data.name, *validation.eras[:1])
    key = hashlib.sha256("\n".join((*marks, *validation.eras[-1:])).encode()).hexdigest()[:8]
    words = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in names)
    return folder / f"{words[:60]}-{key}.html"


def write_report(validation: Validation, path: Path, *, self_contained: bool = False) -> Path:
    """The validation as an HTML page. Raises DiskError."""
    facts = [
        ("data", validation.data.name),
        ("target", validation.target),
        ("eras", f"{validation.eras[0]}–{validation.eras[-1]}, {len(validation.eras)} scored"),
    ]
    if validation.unresolved:
        facts.append(("without a target yet", f"{len(validation.unresolved)} eras"))
    if validation.features:
        facts.append(("features behind FNC", f"{validation.features:,}"))
    if validation.payout:
        facts.append(("paid for an era", validation.payout.formula))
    pairs = [pair for score in ("corr", "mmc") for pair in validation.differences(score)]
    content = ReportContent(
        title=" · ".join(source.name for source in validation.sources),
        cards=validation.cards,
        facts=tuple(facts),
        origins=tuple(Origin(source.name, source.contract) for source in validation.sources),
        comparisons=tuple(
            Comparison(one.score, one.first, one.second, one.test) for one in pairs if one.test.eras
        ),
        warnings=validation.warnings,
        benchmark=validation.benchmark,
        payout=validation.payout,
        churn=tuple(source.churn for source in validation.sources),
    )
    return write_page(content, path, self_contained=self_contained)
