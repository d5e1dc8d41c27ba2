"""Numbers, amounts, times and sizes as text for people; the terminal and pages write them alike."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

ABSENT = "–"  # where there is no figure
_MINUS = "−"
_SHOWN_PLACES = Decimal("0.0001")


def number(value: float | None, places: int = 4, *, signed: bool = False) -> str:
    """A figure with a true minus sign; a dash where there is none, None or NaN.

    signed: a plus sign before what is above zero; what rounds to zero never has a sign
    """
    if value is None or math.isnan(value):
        return ABSENT
    text = f"{value:.{places}f}"
    if not text.strip("-0."):
        return text.removeprefix("-")
    return f"+{text}" if signed and value > 0 else text.replace("-", _MINUS)


def percent(share: float, places: int = 1) -> str:
    """A share in per cent, such as "12.3 %"."""
    return f"{number(100 * share, places)} %"


def figure_text(value: float | None, places: int, unit: str = "") -> str:
    """A figure with its unit: of "%" the value is a share, and places are those of the per cent."""
    is_share = unit == "%" and value is not None and not math.isnan(value)
    return percent(value, places) if is_share and value is not None else number(value, places)


def nmr(amount: Decimal) -> str:
    """All digits of an amount but zeros at its end."""
    return f"{amount.normalize():f}".replace("-", _MINUS)


def told_nmr(amount: Decimal) -> str:
    """An amount in a sentence: at most four places, cut and not rounded, no zeros at its end.

    All digits are in JSON and CSV.
    """
    return nmr(amount.quantize(_SHOWN_PLACES, rounding=ROUND_DOWN) + 0)


def moment(value: datetime | None) -> str:
    """Such as "Sat 3 Jan 12:05 UTC"."""
    if value is None:
        return ABSENT
    utc = value.astimezone(UTC)
    return f"{utc:%a} {utc.day} {utc:%b %H:%M} UTC"


def size(size_bytes: float) -> str:
    """Such as "14.2 MB"."""
    from rich.filesize import decimal

    return decimal(int(size_bytes))
