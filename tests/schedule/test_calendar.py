"""Moments of the week, and their two spellings."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeri_cli.schedule.calendar import (
    Cadence,
    Moment,
    cron_times,
    following,
    last_opening,
    local_moments,
    may_close_within,
    offsets,
    on_calendar,
    rhythm,
)

MOMENTS = st.sets(
    st.builds(Moment, st.integers(0, 6), st.integers(0, 23), st.integers(0, 59)),
    min_size=1,
    max_size=30,
)
NOVEMBER = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
CADENCES: tuple[Cadence, ...] = ("weekly", "daily")


def expanded(text: str) -> list[int]:
    """The numbers of a field such as "0,3-6"."""
    numbers: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        numbers += range(int(low), int(high or low) + 1)
    return numbers


@given(MOMENTS)
def test_crontab_fields_fire_at_exactly_the_moments_given(moments: set[Moment]) -> None:
    fired = []
    for line in cron_times(moments):
        minutes, hours, day, month, weekdays = line.split(" ")
        assert (day, month) == ("*", "*")
        fired += [
            Moment((weekday - 1) % 7, hour, minute)
            for weekday in expanded(weekdays)
            for hour in expanded(hours)
            for minute in expanded(minutes)
        ]
    assert sorted(fired) == sorted(moments)


@given(MOMENTS, st.integers(-12 * 60, 14 * 60))
def test_a_shift_and_the_opposite_shift_cancel(moments: set[Moment], minutes: int) -> None:
    shift = timedelta(minutes=minutes)
    assert {moment.shifted(shift).shifted(-shift) for moment in moments} == moments


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", ["0 12,14,18 * * 6", "0 8 * * 0"]),
        ("America/Los_Angeles", ["0 4,5,6,7,10,11 * * 6", "0 0,1 * * 0"]),
        ("Asia/Kolkata", ["30 17,19,23 * * 6", "30 13 * * 0"]),
        ("Pacific/Chatham", ["45 0,1,2,3,6,7,20,21 * * 0"]),
        ("Pacific/Kiritimati", ["0 2,4,8,22 * * 0"]),
    ],
)
def test_saturday_is_the_weekday_it_is_in_the_zone(zone: str, expected: list[str]) -> None:
    shifts = offsets([ZoneInfo(zone)], start=NOVEMBER)
    lines = cron_times(local_moments(rhythm("weekly").moments, shifts))
    assert sorted(lines) == sorted(expected)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("UTC", [0]),
        ("Europe/Berlin", [1, 2]),
        ("Australia/Lord_Howe", [10.5, 11]),
        ("Pacific/Chatham", [12.75, 13.75]),
        ("America/St_Johns", [-3.5, -2.5]),
    ],
)
def test_every_offset_of_the_year_ahead_is_found(zone: str, hours: list[float]) -> None:
    found = offsets([ZoneInfo(zone)], start=NOVEMBER)
    assert list(found) == [timedelta(hours=hour) for hour in hours]


def test_several_zones_give_the_offsets_of_all() -> None:
    found = offsets([ZoneInfo("UTC"), ZoneInfo("Asia/Kolkata")], start=NOVEMBER)
    assert list(found) == [timedelta(), timedelta(hours=5.5)]


def test_systemd_is_told_the_moments_in_utc() -> None:
    assert on_calendar(rhythm("daily").moments) == (
        "Tue..Sat *-*-* 12,13,14:00,30:00 UTC",
        "Sat *-*-* 18:00:00 UTC",
        "Sun *-*-* 08:00:00 UTC",
    )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
@pytest.mark.parametrize("cadence", CADENCES)
def test_systemd_reads_the_expressions_as_the_same_moments(cadence: Cadence) -> None:
    moments = rhythm(cadence).moments
    elapses: set[Moment] = set()
    for expression in on_calendar(moments):
        command = ["systemd-analyze", "calendar", "--iterations=64", expression]
        shown = subprocess.run(
            command, check=True, capture_output=True, text=True, env={"TZ": "UTC", "LC_ALL": "C"}
        ).stdout
        for text in re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", shown):
            time = datetime.fromisoformat(text)
            elapses.add(Moment(time.weekday(), time.hour, time.minute))
    assert elapses == set(moments)


@pytest.mark.parametrize("cadence", CADENCES)
def test_a_firing_stops_waiting_before_the_next_begins(cadence: Cadence) -> None:
    times = rhythm(cadence)
    for moment in times.moments:
        start = datetime(2026, 11, 16, tzinfo=UTC) + timedelta(
            days=moment.weekday, hours=moment.hour, minutes=moment.minute
        )
        gap = following(times.moments, after=start) - start
        assert times.wait < gap


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants the bounds naive
def test_the_next_firing_is_one_of_the_moments_within_a_week(after: datetime) -> None:
    moments = rhythm("weekly").moments
    time = following(moments, after=after)
    assert timedelta() < time - after <= timedelta(days=7)
    assert Moment(time.weekday(), time.hour, time.minute) in moments


LATEST_DELAY = timedelta(hours=2, minutes=55)  # that the daily lines still meet
OPENINGS = [  # of three weeks, Tuesday to Saturday
    NOVEMBER.replace(hour=12) + timedelta(days=day)
    for day in range(-8, 14)
    if 1 <= (NOVEMBER + timedelta(days=day)).weekday() <= 5
]


def windows(cadence: Cadence) -> list[tuple[datetime, datetime]]:
    """The earliest and the latest closing of every round of a cadence, by its opening."""
    of_cadence = [one for one in OPENINGS if cadence == "daily" or one.weekday() == 5]
    return [(one, one + timedelta(hours=26 if one.weekday() == 5 else 1)) for one in of_cadence]


@pytest.mark.parametrize("cadence", CADENCES)
@pytest.mark.parametrize("minutes", [30, 90, 600])
def test_at_every_half_hour_of_a_week_it_is_known_whether_a_round_may_be_about_to_close(
    cadence: Cadence, minutes: int
) -> None:
    span, found = timedelta(minutes=minutes), set()
    for half_hour in range(7 * 48):
        now = NOVEMBER + timedelta(minutes=30 * half_hour)
        # a round that is open now, however late it opened, and closes in time to count
        meant = any(
            opens <= now < closes + LATEST_DELAY and closes <= now + span
            for opens, closes in windows(cadence)
        )
        assert may_close_within(cadence, span, now=now) is meant, now
        found.add(meant)
    assert found == {True, False}


def test_the_last_opening_is_that_of_the_cadence() -> None:
    saturday = datetime(2026, 11, 14, 12, tzinfo=UTC)
    assert last_opening("weekly", now=NOVEMBER) == saturday
    assert last_opening("daily", now=NOVEMBER) == datetime(2026, 11, 17, 12, tzinfo=UTC)
    assert last_opening("weekly", now=saturday) == saturday
    assert last_opening("daily", now=saturday + timedelta(days=2, hours=20)) == saturday
