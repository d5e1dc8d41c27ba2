"""The weekly calendar of practice rounds: which round belongs to a moment, and its own times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from numeri_cli.errors import PracticeSettings

WEEK = timedelta(days=7)
OPENS_AFTER_SATURDAY = timedelta(hours=12)
WINDOW = timedelta(hours=26)  # Saturday 12:00 to Sunday 14:00 UTC
LIFE_BUSINESS_DAYS = 64  # 2 days of lag, 60 of returns, 2 until the data are in
SCORING_STARTS_BUSINESS_DAYS = 4
MOST_SCORE_DAYS = LIFE_BUSINESS_DAYS - SCORING_STARTS_BUSINESS_DAYS
DAYS_PER_WEEK = 5
DEFAULT_START = datetime(2026, 1, 3, tzinfo=UTC)
START_YEARS = range(1970, 2201)  # room for centuries of rounds before the last year there is
SHOWN_AFTER_OPENING = timedelta(minutes=5)
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class RoundTimes:
    """The times of one round, aware UTC.

    closes_at: end of the submission window; data_datestamp: the Friday before, such as 20260102
    """

    number: int
    opens_at: datetime
    closes_at: datetime
    scored_at: datetime
    resolves_at: datetime
    data_datestamp: int

    def score_day(self, day: int) -> datetime:
        """When the score on the first `day` days of returns is known."""
        return add_business_days(self.closes_at, SCORING_STARTS_BUSINESS_DAYS + day)

    def days_scored(self, moment: datetime) -> int:
        """For how many days of returns scores are known at `moment`."""
        days = range(1, MOST_SCORE_DAYS + 1)
        return next((day - 1 for day in days if self.score_day(day) > moment), MOST_SCORE_DAYS)


@dataclass(frozen=True)
class Calendar:
    """Rounds a week apart; `first_round` opens at `first_opens_at`, a Saturday 12:00 UTC."""

    first_round: int
    first_opens_at: datetime

    @classmethod
    def starting(cls, start: datetime | None, *, first_round: int) -> tuple[Calendar, datetime]:
        """The calendar whose first round is open at `start` (aware) or opens next; and its clock.

        The clock shows `start` inside a window, else five minutes after the opening.
        Raises PracticeSettings for a year outside START_YEARS.
        """
        asked = start or DEFAULT_START
        if asked.year not in START_YEARS:
            raise PracticeSettings(
                f"a practice tournament cannot start in the year {asked.year}",
                hint=f"start between {START_YEARS[0]} and {START_YEARS[-1]}",
            )
        moment = asked.astimezone(UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        saturday = midnight - timedelta(days=(moment.weekday() - SATURDAY) % 7)
        opens_at = saturday + OPENS_AFTER_SATURDAY
        if moment >= opens_at + WINDOW:
            opens_at += WEEK
        clock = moment if moment >= opens_at else opens_at + SHOWN_AFTER_OPENING
        return cls(first_round, opens_at), clock

    def opening(self, number: int) -> datetime:
        """When round `number` opens."""
        return self.first_opens_at + WEEK * (number - self.first_round)

    def number_at(self, moment: datetime) -> int:
        """The round that opened last at or before `moment`."""
        return self.first_round + (moment - self.first_opens_at) // WEEK

    def held(self, moment: datetime, *, number: int) -> datetime:
        """`moment`, or the last before the round after `number` opens."""
        return min(moment, self.opening(number + 1) - timedelta(seconds=1))

    def round(self, number: int) -> RoundTimes:
        """All times of round `number`."""
        opens_at = self.opening(number)
        closes_at = opens_at + WINDOW
        friday = opens_at - timedelta(days=1)
        return RoundTimes(
            number=number,
            opens_at=opens_at,
            closes_at=closes_at,
            scored_at=add_business_days(closes_at, SCORING_STARTS_BUSINESS_DAYS),
            resolves_at=add_business_days(closes_at, LIFE_BUSINESS_DAYS),
            data_datestamp=int(friday.strftime("%Y%m%d")),
        )


def add_business_days(moment: datetime, days: int) -> datetime:
    """The same time of day, `days` Mondays to Fridays later."""
    weekday = moment.weekday()
    if weekday >= SATURDAY:  # counting begins on Monday: a weekend is as good as the Friday before
        moment -= timedelta(days=weekday - (SATURDAY - 1))
        weekday = SATURDAY - 1
    weeks, rest = divmod(weekday + days, 5)
    return moment + timedelta(days=7 * weeks + rest - weekday)
