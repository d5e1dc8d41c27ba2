"""Times of answers that no server can mean, so that days can be added to what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from numeri_cli.api.answers import Fields
from numeri_cli.errors import ApiChanged


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
)
def test_a_time_that_nobody_can_mean_is_no_time(text: str) -> None:
    fields = Fields.of({"closeTime": text}, kind="Round")
    with pytest.raises(ApiChanged, match="closeTime"):
        fields.time("closeTime")


@pytest.mark.parametrize("text", ["2016-12-01T00:00:00Z", "2190-01-01", "2026-03-27T00:00:00Z"])
def test_a_time_of_the_tournament_is_one(text: str) -> None:
    moment = Fields.of({"closeTime": text}, kind="Round").time("closeTime")
    assert moment.tzinfo is UTC
    assert moment + timedelta(weeks=5200) > datetime(2026, 1, 1, tzinfo=UTC)
