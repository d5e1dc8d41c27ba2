"""Eras that have predictions of a source and yet give it no score, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from numeri_cli.commands.validate.validation import LeftOut, Reason
from numeri_cli.errors import PredictionsValues
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.scorecard import EraScores
from numeri_cli.scoring.scores import MOST_LOST

_THIN = f"less than {1 - MOST_LOST:.0%} of the rows are predicted"
_ALIKE = "all predictions, or all targets, are the same"


@dataclass(frozen=True, kw_only=True)
class UnscoredEras:
    """The eras of one source that have predictions and yet no score.

    eras: how many have predictions; absent: names of those with none
    thin: too few of whose rows are predicted; alike: whose predictions, or whose targets, are all
    the same
    """

    name: str
    eras: int
    absent: tuple[str, ...]
    thin: tuple[str, ...]
    alike: tuple[str, ...]

    @classmethod
    def of(cls, name: str, scored: Sequence[EraScores], *, place: int) -> UnscoredEras:
        """place: of the source among the predictions of these eras"""
        predicted = [era for era in scored if era.predicted[place]]
        blank = [era for era in predicted if not known(era.scores[:, place]).any()]
        thin = [era.name for era in blank if era.predicted[place] < (1 - MOST_LOST) * era.ids]
        return cls(
            name=name,
            eras=len(predicted),
            absent=tuple(era.name for era in scored if not era.predicted[place]),
            thin=tuple(thin),
            alike=tuple(era.name for era in blank if era.name not in thin),
        )

    def left_out(self) -> Iterator[LeftOut]:
        """Each reason that leaves eras out of this source's scores."""
        told: tuple[tuple[Reason, tuple[str, ...], str], ...] = (
            ("no prediction", self.absent, f"have no prediction of {self.name}"),
            ("too few rows", self.thin, f"are too thin for {self.name}: {_THIN}"),
            ("all the same", self.alike, f"give {self.name} no score: {_ALIKE}"),
        )
        for reason, eras, words in told:
            if eras:
                yield LeftOut(reason=reason, eras=eras, words=words, source=self.name)

    @property
    def reasons(self) -> str:
        """Each with the number of its eras."""
        told = (
            (self.thin, _THIN),
            (self.alike, _ALIKE),
        )
        return ", ".join(f"in {len(eras)} of them {why}" for eras, why in told if eras)

    def require_any(self) -> None:
        """Raise PredictionsValues where not one era gives a score."""
        if len(self.thin) + len(self.alike) == self.eras:
            raise PredictionsValues(
                f"none of {self.eras} eras gives {self.name} a score: {self.reasons}",
                hint="predict every row of an era, each for itself: a score is about their order",
            )

    def warning(self) -> str | None:
        """What to say of those that give none; None where each gives one."""
        count = len(self.thin) + len(self.alike)
        return f"{self.name} has no score in {count} eras: {self.reasons}" if count else None
