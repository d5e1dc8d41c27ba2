"""Rounds a week apart, from a Saturday on."""

from datetime import UTC, datetime, timedelta

import pytest

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.calendar import Calendar, add_business_days


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_default_round_opens_on_the_first_saturday_of_2026_at_noon() -> None:
    calendar, clock = Calendar.starting(None, first_round=301)
    times = calendar.round(301)
    assert times.opens_at == at("2026-01-03T12:00")
    assert times.closes_at == at("2026-01-04T14:00")
    assert times.data_datestamp == 20260102
    assert clock == at("2026-01-03T12:05")


@pytest.mark.parametrize(
    ("start", "opens", "clock"),
    [
        ("2026-01-03T00:00", "2026-01-03T12:00", "2026-01-03T12:05"),
        ("2026-01-03T12:00", "2026-01-03T12:00", "2026-01-03T12:00"),
        ("2026-01-04T13:59", "2026-01-03T12:00", "2026-01-04T13:59"),
        ("2026-01-04T14:00", "2026-01-10T12:00", "2026-01-10T12:05"),
        ("2026-01-07T09:00", "2026-01-10T12:00", "2026-01-10T12:05"),
    ],
)
def test_a_tournament_starts_in_the_window_that_is_open_or_opens_next(
    start: str, opens: str, clock: str
) -> None:
    calendar, shown = Calendar.starting(at(start), first_round=7)
    assert (calendar.opening(7), shown) == (at(opens), at(clock))


def test_a_start_in_another_zone_is_the_same_moment() -> None:
    start = datetime.fromisoformat("2026-01-03T21:30:00+09:00")
    _, clock = Calendar.starting(start, first_round=1)
    assert clock == at("2026-01-03T12:30")


def test_a_round_belongs_to_every_moment_until_the_next_opens() -> None:
    calendar, _ = Calendar.starting(None, first_round=10)
    opening = calendar.opening(12)
    assert calendar.number_at(opening - timedelta(seconds=1)) == 11
    assert calendar.number_at(opening) == 12
    assert calendar.number_at(opening + timedelta(days=7)) == 13


@pytest.mark.parametrize(
    ("moment", "days", "expected"),
    [
        ("2026-01-04T14:00", 1, "2026-01-05T14:00"),  # Sunday → Monday
        ("2026-01-03T14:00", 1, "2026-01-05T14:00"),  # Saturday → Monday
        ("2026-01-02T14:00", 1, "2026-01-05T14:00"),  # Friday → Monday
        ("2026-01-05T14:00", 4, "2026-01-09T14:00"),  # Monday → Friday
        ("2026-01-05T14:00", 5, "2026-01-12T14:00"),
        ("2026-01-04T14:00", 64, "2026-04-02T14:00"),
    ],
)
def test_business_days_skip_weekends(moment: str, days: int, expected: str) -> None:
    assert add_business_days(at(moment), days) == at(expected)


def test_the_60_day_returns_are_in_before_the_round_resolves() -> None:
    # era w's target ends with day 5w + 61, a Tuesday in the thirteenth week
    calendar, _ = Calendar.starting(None, first_round=1)
    times = calendar.round(1)
    last_return = times.opens_at + timedelta(days=2 + 12 * 7 + 1)
    assert last_return < times.resolves_at < calendar.opening(14)


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
def test_a_start_that_leaves_no_room_for_rounds_is_refused(year: int) -> None:
    start = datetime(year, 12, 31, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    with pytest.raises(PracticeSettings, match=f"in the year {year}") as caught:
        Calendar.starting(start, first_round=61)
    assert caught.value.hint == "start between 1970 and 2200"


@pytest.mark.parametrize("start", ["1970-01-01T00:00", "2200-12-31T23:59"])
def test_from_the_first_and_the_last_year_there_is_room_for_centuries(start: str) -> None:
    calendar, _ = Calendar.starting(at(start), first_round=61)
    assert calendar.round(61 + 52 * 500).resolves_at > calendar.opening(61)
