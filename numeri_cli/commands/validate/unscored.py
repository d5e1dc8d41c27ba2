"""Eras that have predictions of a source and yet give it no score, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numeri_cli.errors import PredictionsValues
from numeri_cli.scoring.ranks import known
from numeri_cli.scoring.scorecard import EraScores
from numeri_cli.scoring.scores import MOST_LOST


@dataclass(frozen=True, kw_only=True)
class UnscoredEras:
    """How many of the eras of one source have predictions and yet no score.

    eras: with predictions; thin: too few of whose rows are predicted; alike: whose predictions,
    or whose targets, are all the same
    """

    name: str
    eras: int
    thin: int
    alike: int

    @classmethod
    def of(cls, name: str, scored: Sequence[EraScores], *, place: int) -> UnscoredEras:
        """place: of the source among the predictions of these eras"""
        predicted = [era for era in scored if era.predicted[place]]
        blank = [era for era in predicted if not known(era.scores[:, place]).any()]
        thin = sum(era.predicted[place] < (1 - MOST_LOST) * era.ids for era in blank)
        return cls(name=name, eras=len(predicted), thin=thin, alike=len(blank) - thin)

    @property
    def reasons(self) -> str:
        """Each with the number of its eras."""
        told = (
            (self.thin, f"less than {1 - MOST_LOST:.0%} of the rows are predicted"),
            (self.alike, "all predictions, or all targets, are the same"),
        )
        return ", ".join(f"in {count} of them {why}" for count, why in told if count)

    def require_any(self) -> None:
        """Raise PredictionsValues where not one era gives a score."""
        if self.thin + self.alike == self.eras:
            raise PredictionsValues(
                f"none of {self.eras} eras gives {self.name} a score: {self.reasons}",
                hint="predict every row of an era, each for itself: a score is about their order",
            )

    def warning(self) -> str | None:
        """What to say of those that give none; None where each gives one."""
        count = self.thin + self.alike
        return f"{self.name} has no score in {count} eras: {self.reasons}" if count else None
