"""Numbers, amounts, times and sizes as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from numeri_cli.output.formats import moment, nmr, number, percent, size, told_nmr


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.1235"), (-0.5, "−0.5000"), (-0.00001, "0.0000"), (float("nan"), "–")],
)
def test_a_number_is_written_for_people(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "+0.50"), (-0.5, "−0.50"), (0.001, "0.00"), (-0.001, "0.00")]
)
def test_a_signed_number_has_its_sign_unless_it_rounds_to_zero(value: float, text: str) -> None:
    assert number(value, 2, signed=True) == text


def test_what_is_not_there_is_a_dash() -> None:
    assert number(None) == moment(None) == "–"
    assert number(float("inf"), 0) == "inf"


def test_shares_amounts_times_and_sizes_are_short() -> None:
    assert percent(-0.1234) == "−12.3 %"
    assert nmr(Decimal("-12.500")) == "−12.5"
    assert nmr(Decimal("1E+2")) == "100"
    assert moment(datetime(2026, 1, 3, 12, 5, tzinfo=UTC)) == "Sat 3 Jan 12:05 UTC"
    assert size(14_200_000) == "14.2 MB"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("103.741721384502347614", "103.7417"),
        ("50.000000000000000000", "50"),
        ("-0.000000000000000001", "0"),
        ("0", "0"),
        ("-1.23459", "−1.2345"),
    ],
)
def test_an_amount_in_a_sentence_has_at_most_four_places_and_never_more_than_there_is(
    amount: str, text: str
) -> None:
    assert told_nmr(Decimal(amount)) == text
