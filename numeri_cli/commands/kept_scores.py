"""One model's scores as the ledger has them, each part read when it is first looked at.

An account of a hundred models has a quarter of a million scores, of which a table shows a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TypeVar, overload

from numeri_cli.commands.score_means import MeanScore, YearOfRounds
from numeri_cli.commands.score_rows import RoundScore, place_of, round_score
from numeri_cli.ledger import scores as kept
from numeri_cli.ledger.accounts import KnownModel
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.ledger.scores import Kind, KnownRules

Row = TypeVar("Row")


class LaterRead(Sequence[Row]):
    """A list that is read when it is first looked at."""

    def __init__(self, read: Callable[[], Sequence[Row]]) -> None:
        self._read = read

    @cached_property
    def _rows(self) -> Sequence[Row]:
        return self._read()

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        return self._rows[place]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)


class RoundRows(LaterRead[RoundScore]):
    """Scores of some rounds; numbers: which rounds."""

    def __init__(
        self, read: Callable[[], Sequence[RoundScore]], *, numbers: Callable[[], frozenset[int]]
    ) -> None:
        super().__init__(read)
        self.numbers = numbers


class MeanRows(LaterRead[MeanScore]):
    """Means of all scores, or of one.

    of: the means of a score and version; longest: that of its longest horizon, None without one
    """

    def __init__(
        self,
        read: Callable[[], Sequence[MeanScore]],
        *,
        of: Callable[[Kind], Sequence[MeanScore]],
        longest: Callable[[Kind], float | None],
    ) -> None:
        super().__init__(read)
        self.of, self.longest = of, longest


class KeptScores:
    """What the ledger has of one model."""

    def __init__(
        self,
        ledger: Ledger,
        tournament: str,
        model: KnownModel,
        *,
        rules: Mapping[int, KnownRules],
        year: YearOfRounds,
    ) -> None:
        self._ledger, self._tournament, self._model = ledger, tournament, model
        self._rules, self._year = rules, year
        self._means: dict[Kind, tuple[MeanScore, ...]] = {}

    @cached_property
    def rows(self) -> tuple[RoundScore, ...]:
        """Every score of every round as it is now, the newest round first, CORR and MMC before all.

        A hundred thousand rows are put into this order in a tenth of a second.
        """
        found = sorted(
            kept.newest_scores(self._ledger, self._tournament, model_ids=(self._model.id,)),
            key=lambda one: (-one.round_number, place_of((one.display_name, one.version))),
        )
        return tuple(round_score(one, model=self._model.name, rules=self._rules) for one in found)

    @cached_property
    def _going_on(self) -> frozenset[int]:
        return kept.rounds_going_on(self._ledger, self._tournament, self._model.id)

    @property
    def open_rounds(self) -> RoundRows:
        """The rounds with a score that is not its last."""
        return self._of(lambda: self._going_on)

    @property
    def resolved_rounds(self) -> RoundRows:
        """The rounds in which every score is its last."""
        every = kept.scored_rounds
        return self._of(
            lambda: every(self._ledger, self._tournament, self._model.id) - self._going_on
        )

    def _of(self, numbers: Callable[[], frozenset[int]]) -> RoundRows:
        def read() -> tuple[RoundScore, ...]:
            wanted = numbers()
            return tuple(row for row in self.rows if row.round_number in wanted)

        return RoundRows(read, numbers=numbers)

    @property
    def means(self) -> MeanRows:
        """The means of a year of every score, CORR and MMC first."""

        def read() -> tuple[MeanScore, ...]:
            known = kept.kinds(self._ledger, self._tournament, self._model.id)
            every = sorted(known, key=place_of)
            return tuple(one for kind in every for one in self.means_of(kind))

        return MeanRows(read, of=self.means_of, longest=self._longest_mean)

    def means_of(self, kind: Kind) -> tuple[MeanScore, ...]:
        """The means of a year of one score, one for each horizon that it had."""
        if kind not in self._means:
            self._means[kind] = self._year.means(
                kind, self._values(kind), told=lambda: self._told(kind)
            )
        return self._means[kind]

    def _longest_mean(self, kind: Kind) -> float | None:
        pieces = self._year.in_one_piece(kind)
        if pieces is not None:
            mean, others = kept.mean_within(
                self._ledger,
                self._tournament,
                self._model.id,
                kind=kind,
                rounds=pieces[0],
                others=pieces[1],
            )
            if not others:
                return mean
        return self._year.longest_mean(kind, self._values(kind), told=lambda: self._told(kind))

    def _values(self, kind: Kind) -> list[tuple[int, float]]:
        return kept.final_values(self._ledger, self._tournament, self._model.id, kind=kind)

    def _told(self, kind: Kind) -> dict[int, tuple[int, date | None]]:
        """By round, day and date of one score."""
        rows = (row for row in self.rows if (row.score, row.version) == kind)
        return {row.round_number: (row.day, row.date) for row in rows}


def round_numbers(rows: Sequence[RoundScore]) -> frozenset[int]:
    """Which rounds these are of; they are not read for it where that is known."""
    if isinstance(rows, RoundRows):
        return rows.numbers()
    return frozenset(row.round_number for row in rows)


def means_of(means: Sequence[MeanScore], kind: Kind) -> Sequence[MeanScore]:
    """Those of one score and version; the others are not worked out for it."""
    if isinstance(means, MeanRows):
        return means.of(kind)
    return [one for one in means if (one.score, one.version) == kind]


def longest_mean(means: Sequence[MeanScore], kind: Kind) -> float | None:
    """The mean of a score and version at its longest horizon; no error is worked out for it."""
    if isinstance(means, MeanRows):
        return means.longest(kind)
    return next((one.mean for one in reversed(means) if (one.score, one.version) == kind), None)
