"""A year of cron in every zone of the world: is the machine up when a round opens?"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.schedule.base import SCHEDULERS, plan
from numeri_cli.schedule.calendar import Cadence, following, rhythm

START = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
SATURDAY = 5
DAYS = {"weekly": {SATURDAY}, "daily": {1, 2, 3, 4, SATURDAY}}


def openings(cadence: Cadence) -> Iterator[datetime]:
    """When the rounds of a year open: 12:00 UTC, from TOURNAMENT's calendar."""
    first = START.replace(hour=12)
    for day in range(365):
        time = first + timedelta(days=day)
        if time.weekday() in DAYS[cadence]:
            yield time


def numbers(field: str) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        low, _, high = part.partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


class Daemon:
    """What cron does with the lines: compare each with the local minute.

    After the clock went back it does not repeat the lines of the hour (Vixie cron and its heirs),
    so a minute counts only the first time it is shown.
    """

    def __init__(self, lines: tuple[str, ...], zone: zoneinfo.ZoneInfo) -> None:
        self.zone = zone
        fields = [line.split(" ")[:5] for line in lines if not line.startswith("#")]
        assert all(line[2:4] == ["*", "*"] for line in fields)
        self.lines = [(numbers(m), numbers(h), numbers(w)) for m, h, _, _, w in fields]

    def fires(self, time: datetime) -> bool:
        local = time.astimezone(self.zone)
        weekday = (local.weekday() + 1) % 7
        return local.fold == 0 and any(
            local.minute in m and local.hour in h and weekday in w for m, h, w in self.lines
        )


def daemon(cadence: Cadence, zone: zoneinfo.ZoneInfo, start: datetime = START) -> Daemon:
    schedule = plan(
        cadence,
        SCHEDULERS["cron"],
        profile=Path("/home/somebody/numeri.toml"),
        log=Path("/home/somebody/schedule.log"),
        program=("/usr/bin/numeri",),
        environment={},
        zones=[zone],
        now=start,
    )
    return Daemon(schedule.lines, zone)


@pytest.mark.parametrize("cadence", ["weekly", "daily"])
def test_cron_fires_at_every_opening_of_the_year_in_every_zone(cadence: Cadence) -> None:
    names = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
    assert len(names) > 400
    times = list(openings(cadence))
    assert len(times) == {"weekly": 52, "daily": 261}[cadence]
    known: dict[tuple[timedelta | None, ...], str] = {}
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        course = tuple(time.astimezone(zone).utcoffset() for time in times)
        if known.setdefault(course, name) != name:
            continue  # the same clock all year under another name
        cron = daemon(cadence, zone)
        missed = [time for time in times if not cron.fires(time)]
        assert not missed, name
    assert len(known) > 50


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
]


@pytest.mark.parametrize("cadence", ["weekly", "daily"])
@pytest.mark.parametrize("name", ZONES)
def test_every_firing_of_the_year_is_wanted_under_some_offset(name: str, cadence: Cadence) -> None:
    zone = zoneinfo.ZoneInfo(name)
    cron = daemon(cadence, zone)
    quarters = [START + timedelta(minutes=15 * step) for step in range(366 * 96)]
    shifts = {time.astimezone(zone).utcoffset() or timedelta() for time in quarters[::4]}
    slips = {later - earlier for later in shifts for earlier in shifts}
    fired = [time for time in quarters if cron.fires(time)]
    wanted = {"weekly": {(5, 12), (5, 14), (5, 18), (6, 8)}}
    wanted["daily"] = wanted["weekly"] | {
        (day, hour) for day in range(1, 6) for hour in (12, 13, 14)
    }
    minutes = {"weekly": {0}, "daily": {0, 30}}[cadence]
    for time in fired:
        meant = [time + slip for slip in slips]
        assert any(
            (m.weekday(), m.hour) in wanted[cadence] and m.minute in minutes for m in meant
        ), time
    # once for each offset, and no more
    assert len(fired) <= len(slips) * {"weekly": 4, "daily": 32}[cadence] * 53


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("late_minutes", [0, 25, 50, 59, 100, 170])
def test_daily_lines_meet_a_round_that_opens_late_and_is_open_for_an_hour(
    name: str, late_minutes: int
) -> None:
    """One firing of the year's lines waits when the round opens, or fires while it is open."""
    cron = daemon("daily", zoneinfo.ZoneInfo(name))
    wait = rhythm("daily").wait
    missed = []
    for opening in openings("daily"):
        opens = opening + timedelta(minutes=late_minutes)
        minutes = (opens - wait + timedelta(minutes=step) for step in range(60 + 25))
        if not any(cron.fires(minute) for minute in minutes):
            missed.append(opens)
    assert not missed


def test_systemds_daily_timer_meets_a_round_that_opens_fifty_minutes_late() -> None:
    moments = rhythm("daily").moments
    for opening in openings("daily"):
        opens = opening + timedelta(minutes=50)
        fires = following(moments, after=opens - rhythm("daily").wait)
        assert fires < opens + timedelta(hours=1)


def test_the_simulation_finds_a_line_made_for_one_half_of_the_year() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    fixed = plan(
        "weekly",
        SCHEDULERS["cron"],
        profile=Path("/numeri.toml"),
        log=Path("/log"),
        program=("/usr/bin/numeri",),
        environment={},
        zones=[zoneinfo.ZoneInfo("Etc/GMT-1")],
        now=START,
    )
    missed = [time for time in openings("weekly") if not Daemon(fixed.lines, zone).fires(time)]
    assert len(missed) > 25


@pytest.mark.parametrize("month", range(1, 13))
def test_the_month_of_installation_makes_no_difference(month: int) -> None:
    zone = zoneinfo.ZoneInfo("Pacific/Auckland")
    assert daemon("daily", zone, START.replace(month=month)).lines == daemon("daily", zone).lines
