"""The tournament's week, and how cron and systemd write it down.

A round opens Tuesday to Saturday at 12:00 UTC or later, and is open for one hour at least,
Saturday's for about 26.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from numeri_cli.published import Published

Cadence = Literal["weekly", "daily"]

_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TUESDAY, _SATURDAY, _SUNDAY = 1, 5, 6
_WEEK = timedelta(days=7)


@dataclass(frozen=True, order=True, slots=True)
class Moment(Published):
    """A minute of the week; weekday 0 is Monday."""

    weekday: int
    hour: int
    minute: int

    def shifted(self, offset: timedelta) -> Moment:
        """What a clock shows at this moment of UTC where it is `offset` ahead."""
        elapsed = timedelta(days=self.weekday, hours=self.hour, minutes=self.minute)
        minutes = (elapsed + offset) % _WEEK // timedelta(minutes=1)
        return Moment(minutes // 1440, minutes // 60 % 24, minutes % 60)

    def __str__(self) -> str:
        return f"{_DAY_NAMES[self.weekday]} {self.hour:02}:{self.minute:02}"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a cadence fires, in UTC, and how long each firing waits for a late round.

    A wait is shorter than the gap to the next firing, so that no firing finds the lock held.
    """

    moments: tuple[Moment, ...]
    wait: timedelta
    reason: str


# Saturday's round takes submissions for 26 hours: soon after a failure, in the evening, and on
# Sunday with six hours left for a person to mend what the watchdog reports.
_SATURDAY_RETRIES = (
    Moment(_SATURDAY, 14, 0),
    Moment(_SATURDAY, 18, 0),
    Moment(_SUNDAY, 8, 0),
)

# What is promised is an hour that the round is open, not when it begins. A firing every half hour,
# each waiting almost until the next, meets every round that opens by 14:55.
_LATE_OPENINGS = tuple((hour, minute) for hour in (12, 13, 14) for minute in (0, 30))
_OPENING_HOUR = 12
_LATEST_DELAY = timedelta(hours=2, minutes=55)  # that the firings of a day still meet
_WINDOW, _SATURDAY_WINDOW = timedelta(hours=1), timedelta(hours=26)

_RHYTHMS: dict[Cadence, Rhythm] = {
    "weekly": Rhythm(
        moments=(Moment(_SATURDAY, 12, 0), *_SATURDAY_RETRIES),
        wait=timedelta(minutes=50),
        reason="Saturday's round opens at 12:00 UTC and closes on Sunday at 14:00 UTC: the first"
        " firing submits, the three later ones are for a machine or network that was down",
    ),
    "daily": Rhythm(
        moments=tuple(
            sorted(
                {
                    *(
                        Moment(weekday, hour, minute)
                        for weekday in range(_TUESDAY, _SATURDAY + 1)
                        for hour, minute in _LATE_OPENINGS
                    ),
                    *_SATURDAY_RETRIES,
                }
            )
        ),
        wait=timedelta(minutes=25),
        reason="a round opens Tuesday to Saturday at 12:00 UTC or later, and may close after one"
        " hour (Saturday's after 26): a firing every half hour until 14:30 meets one that opens by"
        " 14:55, and is there again for a machine or network that was down",
    ),
}


def rhythm(cadence: Cadence) -> Rhythm:
    """The firings of a cadence."""
    return _RHYTHMS[cadence]


def last_opening(cadence: Cadence, *, now: datetime) -> datetime:
    """When a round of the cadence last opened, or was to open; it may have opened later that day.

    now: aware
    """
    first = _SATURDAY if cadence == "weekly" else _TUESDAY
    noon = now.astimezone(UTC).replace(hour=_OPENING_HOUR, minute=0, second=0, microsecond=0)
    days = (noon - timedelta(days=back) for back in range(8))
    return next(day for day in days if day <= now and first <= day.weekday() <= _SATURDAY)


def may_close_within(cadence: Cadence, span: timedelta, *, now: datetime) -> bool:
    """Whether a round of the cadence may be open and close before so long has passed.

    By the calendar alone, for who cannot ask the server: a round that opens late closes late.
    """
    opening = last_opening(cadence, now=now)
    closing = opening + (_SATURDAY_WINDOW if opening.weekday() == _SATURDAY else _WINDOW)
    return now < closing + _LATEST_DELAY and closing <= now + span


def offsets(zones: Iterable[tzinfo], *, start: datetime) -> tuple[timedelta, ...]:
    """Every offset from UTC that occurs in any of the zones in the year after `start`, ascending.

    start: aware; looked at once a day, since no offset has ever been for less
    """
    days = [start.astimezone(UTC) + timedelta(days=day) for day in range(367)]
    found = {day.astimezone(zone).utcoffset() or timedelta() for zone in zones for day in days}
    return tuple(sorted(found))


def local_moments(
    moments: Iterable[Moment], utc_offsets: Iterable[timedelta]
) -> tuple[Moment, ...]:
    """Every local minute of the week that one of the offsets maps to one of the UTC moments."""
    shifts = tuple(utc_offsets)
    return tuple(sorted({moment.shifted(shift) for moment in moments for shift in shifts}))


def cron_times(moments: Iterable[Moment]) -> tuple[str, ...]:
    """The five fields of as few crontab lines as fire at exactly these local moments."""
    return tuple(
        f"{_listed(minutes)} {_listed(hours)} * * {_cron_days(weekdays)}"
        for weekdays, hours, minutes in _grouped(moments)
    )


def on_calendar(moments: Iterable[Moment]) -> tuple[str, ...]:
    """systemd's OnCalendar expressions for these UTC moments."""
    return tuple(
        f"{_systemd_days(weekdays)} *-*-* {_listed(hours, width=2)}:"
        f"{_listed(minutes, width=2)}:00 UTC"
        for weekdays, hours, minutes in _grouped(moments)
    )


def following(moments: Iterable[Moment], *, after: datetime) -> datetime:
    """The first of these UTC moments later than `after` (aware)."""
    return min(time for time in _near(moments, after) if time > after)


def preceding(moments: Iterable[Moment], *, before: datetime) -> datetime:
    """The last of these UTC moments not later than `before` (aware)."""
    return max(time for time in _near(moments, before) if time <= before)


def _near(moments: Iterable[Moment], time: datetime) -> Iterator[datetime]:
    """When the moments are in the week of a time, in the one before and the one after."""
    midnight = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    for moment in moments:
        for days in (-7, 0, 7):
            yield monday + timedelta(
                days=moment.weekday + days, hours=moment.hour, minutes=moment.minute
            )


def _grouped(
    moments: Iterable[Moment],
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]]:
    """Moments as products of weekdays, hours and minutes; no product holds anything else."""
    weekdays: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for moment in moments:
        weekdays[moment.hour, moment.minute].add(moment.weekday)
    hours: defaultdict[tuple[int, tuple[int, ...]], set[int]] = defaultdict(set)
    for (hour, minute), days in weekdays.items():
        hours[minute, tuple(sorted(days))].add(hour)
    minutes: defaultdict[tuple[tuple[int, ...], tuple[int, ...]], set[int]] = defaultdict(set)
    for (minute, ordered), of_minute in hours.items():
        minutes[ordered, tuple(sorted(of_minute))].add(minute)
    for (ordered, of_day), of_hour in sorted(minutes.items()):
        yield ordered, of_day, tuple(sorted(of_hour))


def _listed(numbers: Iterable[int], *, width: int = 1) -> str:
    return ",".join(f"{number:0{width}}" for number in numbers)


def _cron_days(weekdays: Iterable[int]) -> str:
    days = sorted((weekday + 1) % 7 for weekday in weekdays)  # cron's 0 is Sunday
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in _runs(days))


def _systemd_days(weekdays: Iterable[int]) -> str:
    return ",".join(
        _DAY_NAMES[run[0]] if len(run) == 1 else f"{_DAY_NAMES[run[0]]}..{_DAY_NAMES[run[-1]]}"
        for run in _runs(sorted(weekdays))
    )


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    """Ascending numbers, cut wherever one is missing."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
