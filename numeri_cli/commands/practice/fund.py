"""numeri practice fund: what the meta model, the in-house model and the best rival earn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.practice.results.fund import FundReport, fund_report


def fund(
    context: Context,
    *,
    from_era: int | None = None,
    eras: int | None = None,
    beside: Sequence[str] = (),
    page: Path | None = None,
    write_page: Callable[[FundReport, Path], None] | None = None,
) -> FundReport:
    """Trade each of them, week by week.

    from_era: the first week; eras: so many weeks; live rounds' where neither is given
    beside: models of one's own, each as a fund beside the others
    write_page: writes the HTML page; page: where to, among this home's reports where None
    Raises PracticeMissing, PracticeSettings, ModelUnknown, UsageProblem, DiskError.
    """
    report = fund_report(
        context.practice, from_era=from_era, eras=eras, beside=beside, listener=context.listener
    )
    if write_page is None:
        return report
    where = page or context.home.reports("practice") / "fund.html"
    write_page(report, where)
    return replace(report, page=where)
