"""What a validation's eras would have paid, summed up, with the worst quarter."""

from __future__ import annotations

import numpy as np

from numeri_cli.commands.validate.outlook import paid_series, spans_of
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.output.formats import number
from numeri_cli.output.html.page import Chart, Table
from numeri_cli.output.html.style import add_line, coloured, era_figure
from numeri_cli.scoring.quarters import WEEKS
from numeri_cli.scoring.ranks import known


def cumulative_payout(validation: Validation) -> Chart | None:
    """The running sum of the payout in shares of the stake, each worst 13 weeks thick.

    None where the payout is not known, or no era is paid.
    """
    if not validation.payout_series or validation.payout is None:
        return None
    whole = validation.payout.turns_a_year is None
    label = "of what is at risk" if whole else "of the stake"
    figure = era_figure(f"cumulative payout, {label}", validation.cards)
    words, rows = [], []
    for card, colour in coloured(validation.cards):
        values, quarter = paid_series(validation, card)
        there = known(values)
        if not there.any() or validation.payout_summary(card) is None:
            continue
        share = 1.0 if whole else quarter / WEEKS * max(validation.step_weeks, 1.0)
        eras = [era for era, one in zip(card.eras, there, strict=True) if one]
        total = np.cumsum(values[there] * share)
        add_line(figure, eras, values=total, name=card.name, colour=colour)
        told = f"{card.name} comes to {number(total[-1], 3)} {label} in {len(eras)} eras"
        spans = spans_of(validation, values)
        if spans.worst is not None:
            first, last = spans.first[spans.worst], spans.last[spans.worst]
            inside = slice(eras.index(card.eras[first]), eras.index(card.eras[last]) + 1)
            figure.add_scatter(
                x=eras[inside],
                y=total[inside],
                name=f"worst {WEEKS} weeks of {card.name}",
                mode="lines",
                line={"color": colour, "width": 6},
                showlegend=False,
            )
            loss = number(float(spans.means[spans.worst]) * (1.0 if whole else quarter), 3)
            told += (
                f"; its worst {WEEKS} weeks, {eras[inside][0]}–{eras[inside][-1]}, come to {loss}"
            )
        words.append(told)
        paid = values[there] * share
        rows += [
            (card.name, era, number(one), number(sum_))
            for era, one, sum_ in zip(eras, paid, total, strict=True)
        ]
    return Chart(
        id="cumulative-payout",
        title="Cumulative payout",
        words=". ".join(words) + f". Thick: the worst {WEEKS} weeks. Nothing is compounded.",
        figure=figure,
        table=Table(headers=("prediction", "era", "payout", "cumulative"), rows=tuple(rows)),
    )
