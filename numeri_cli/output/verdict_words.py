"""Whether a model's CORR is more than noise, in one sentence for the terminal and for pages."""

from __future__ import annotations

import math

from numeri_cli.commands.validate.summary import SourceSummary
from numeri_cli.output.formats import number
from numeri_cli.scoring.score_table import CORR


def above_zero_words(source: SourceSummary) -> str:
    """Such as "Its CORR may be noise: it is 2.90 standard errors above zero, and …"."""
    view, eras = source.outlook, source.scores[CORR.name].eras
    t, limit = view.corr_t, view.corr_t_limit
    shares = f", as each of the {eras} eras shares days with {view.corr_lags} before it"
    why = shares if view.corr_lags else ""
    noise = f"Its {CORR.label} may be noise"
    if math.isnan(t):
        return f"{noise}: its standard error is not known"
    if math.isinf(limit):
        return f"{noise}: that is too few eras to tell{why}"
    side = "below" if t < 0 else "above"
    if abs(t) >= limit:
        known = f"{number(abs(t), 2)} standard errors, and {number(limit, 2)} would do"
        return f"Its {CORR.label} is {side} zero by more than noise: {known}"
    return (
        f"{noise}: it is {number(abs(t), 2)} standard errors {side} zero, and {number(limit, 2)}"
        f" would be needed{why}"
    )
