"""A validation as an HTML page."""

from __future__ import annotations

from pathlib import Path

from numeri_cli.report.content import Comparison, Origin, ReportContent
from numeri_cli.report.page import write_page
from numeri_cli.validation.result import Validation


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
