"""The mean of each score over the rounds that resolved within a year; never over two scores."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from numeri_cli.commands.score_rows import config_of
from numeri_cli.ledger.scores import Kind, KnownRules
from numeri_cli.published import Published

YEAR = timedelta(days=365)
DAYS_A_BUSINESS_DAY = 7 / 5
_ROUNDS_LOOKED_AT = 100  # to know how often one opens
_Of = tuple[int | None, str | None]  # a round's days of a score, and what the server calls it
_Told = Callable[[], Mapping[int, tuple[int, date | None]]]  # by round, day and date of a score


@dataclass(frozen=True)
class MeanScore(Published):
    """The mean of one score over a model's resolved rounds of the last year.

    standard_error: Newey–West over `lags` rounds that share days; None where there are too few
    """

    score: str
    version: str
    name: str | None
    days: int | None
    rounds: int
    mean: float
    standard_error: float | None
    lags: int


class YearOfRounds:
    """Which rounds count, and what is known of their scores; asked for many models.

    now: by the server's clock; since: a round has to have closed then or later
    """

    def __init__(self, rules: Mapping[int, KnownRules], *, now: datetime) -> None:
        self._rules, self.since = rules, now - YEAR
        self._within = {number for number, one in rules.items() if one.deadline >= self.since}
        self._known: dict[Kind, dict[int, _Of]] = {}
        self._by_kind: dict[Kind, dict[int | None, set[int]]] = {}
        self._pieces: dict[Kind, tuple[range, range] | None] = {}
        self._lags: dict[int | None, int] = {}

    def means(
        self, kind: Kind, values: Sequence[tuple[int, float]], *, told: _Told
    ) -> tuple[MeanScore, ...]:
        """The means of one score of a model, one for each horizon that it had, the shortest first.

        values: round and value where it is the last, the newest round first
        told: by round the day and the date of the score: all that is known where nobody told of
        the round's times or of the score's days
        """
        by_days = self._by_days(kind, values, told=told)
        return tuple(
            self._mean(kind, days, by_days[days])
            for days in sorted(by_days, key=lambda one: one or 0)
        )

    def longest_mean(
        self, kind: Kind, values: Sequence[tuple[int, float]], *, told: _Told
    ) -> float | None:
        """The last of `means`, without its error, which a hundred models' table does not show."""
        by_days = self._by_days(kind, values, told=told)
        if not by_days:
            return None
        return _mean_of(by_days[max(by_days, key=lambda one: one or 0)])

    def in_one_piece(self, kind: Kind) -> tuple[range, range] | None:
        """The year's rounds where they have one horizon and no gap, and older known ones.

        None where it takes a look at each round.
        """
        if kind not in self._pieces:
            self._pieces[kind] = self._pieces_of(kind)
        return self._pieces[kind]

    def _pieces_of(self, kind: Kind) -> tuple[range, range] | None:
        by_days = self._rounds_by_days(kind)
        told = [rounds for days, rounds in by_days.items() if days is not None]
        if len(told) != 1:
            return None
        rounds = range(min(told[0]), max(told[0]) + 1)
        older = range(min(self._rules), min(self._within))
        gaps = len(rounds) > len(told[0]) or not self._rules.keys() >= {*older}
        return None if gaps else (rounds, older)

    def _by_days(
        self, kind: Kind, values: Sequence[tuple[int, float]], *, told: _Told
    ) -> dict[int | None, dict[int, float]]:
        """By the days that a score looks ahead: the values of the year's rounds."""
        found = dict(values)
        by_days: dict[int | None, dict[int, float]] = {}
        untold = found.keys() - self._rules.keys()
        for days, rounds in self._rounds_by_days(kind).items():
            numbers = rounds & found.keys()
            if days is None:
                untold |= numbers
            elif numbers:
                by_days[days] = {number: found[number] for number in numbers}
        for number in untold:
            day, on = told()[number]
            if number in self._rules or (on is not None and on >= self.since.date()):
                by_days.setdefault(day, {})[number] = found[number]
        return by_days

    def _rounds_by_days(self, kind: Kind) -> dict[int | None, set[int]]:
        """The year's known rounds by the days that the score looks ahead; None: nobody told."""
        if kind not in self._by_kind:
            by_days: defaultdict[int | None, set[int]] = defaultdict(set)
            of = self._of(kind)
            for number in self._within:
                by_days[of[number][0] if number in of else None].add(number)
            self._by_kind[kind] = by_days
        return self._by_kind[kind]

    def _of(self, kind: Kind) -> dict[int, _Of]:
        """By round, a score's days and the server's name for it, as far as they were told."""
        if kind not in self._known:
            found = ((at, config_of(rules, *kind)) for at, rules in self._rules.items())
            self._known[kind] = {
                at: (one.total_score_days, one.name) for at, one in found if one is not None
            }
        return self._known[kind]

    def _mean(self, kind: Kind, days: int | None, by_number: Mapping[int, float]) -> MeanScore:
        """Rounds are in the order of their numbers, a round that is missing in between as NaN."""
        import numpy as np  # a table of a hundred models needs neither

        from numeri_cli.scoring.paired_test import compare

        first, last = min(by_number), max(by_number)
        values = np.array([by_number.get(at, np.nan) for at in range(first, last + 1)])
        if days not in self._lags:
            self._lags[days] = overlapping(days=days, rules=self._rules)
        lags = self._lags[days]
        test = compare(values, np.zeros(len(values)), lags=lags)
        # over few rounds more than overlap the sum of covariances says next to nothing
        is_known = len(by_number) >= 2 * (lags + 1) and test.standard_error > 0
        of = self._of(kind)
        newest_first = sorted(by_number, reverse=True)
        return MeanScore(
            score=kind[0],
            version=kind[1],
            name=next((of[at][1] for at in newest_first if at in of and of[at][1]), None),
            days=days,
            rounds=len(by_number),
            mean=_mean_of(by_number),
            standard_error=test.standard_error if is_known else None,
            lags=lags,
        )


def _mean_of(by_number: Mapping[int, float]) -> float:
    return math.fsum(by_number.values()) / len(by_number)


def overlapping(*, days: int | None, rules: Mapping[int, KnownRules]) -> int:
    """How many later rounds share days with a round: 60 business days at a round a week are 12.

    days: business days that a score looks ahead; 60 where nobody told
    """
    gap = timedelta(weeks=1)
    newest = sorted(rules)[-_ROUNDS_LOOKED_AT:]
    if len(newest) > 1 and rules[newest[-1]].deadline > rules[newest[0]].deadline:
        passed = rules[newest[-1]].deadline - rules[newest[0]].deadline
        gap = passed / (newest[-1] - newest[0])
    return round(timedelta(days=(days or 60) * DAYS_A_BUSINESS_DAY) / gap)
