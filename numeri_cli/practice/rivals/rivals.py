"""The other participants: how they hand in what they forecast, when, and what they stake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from numeri_cli.practice.market.random_streams import Purpose, stream
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.rivals.technique import (
    FitData,
    Forecaster,
    LiveView,
    ScoreArray,
    Technique,
    TrainingHistory,
)
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize

SCORE_UNIT = 1e-9  # neutralized scores are rounded to it, so that no thread decides a rank


class Attendance(StrEnum):
    """Whether a rival's forecast for a round came in time."""

    on_time = "on-time"
    late = "late"
    missing = "missing"


@dataclass(frozen=True, kw_only=True)
class RivalRecord:
    """What the leaderboard may know of a rival."""

    name: str
    technique: str
    stake_nmr: Decimal


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One participant.

    technique: how it forecasts; target, seed: what it learns with
    neutral: proportion of what all features explain that is taken out of the forecast
    number: its place in the field; late, missing: share of the rounds in which it is
    """

    name: str
    description: str
    stake_nmr: Decimal
    technique: Technique
    target: str
    seed: int
    number: int
    neutral: float = 0.0
    late: float = 0.0
    missing: float = 0.0

    @property
    def record(self) -> RivalRecord:
        """What the leaderboard may know."""
        return RivalRecord(name=self.name, technique=self.description, stake_nmr=self.stake_nmr)

    def train(self, settings: WorldSettings, history: TrainingHistory) -> bytes:
        """Learn from the train eras, less the purge before validation."""
        eras = range(1, settings.rival_eras + 1)
        return self.technique.fit(
            FitData(history=history, eras=eras, target=self.target, seed=self.seed)
        )

    def attendance(self, settings: WorldSettings, era: int) -> Attendance:
        """How it keeps the time in the round of a live era."""
        draw = stream(settings.seed, Purpose.attendance, era * 1024 + self.number).random()
        if draw < self.missing:
            return Attendance.missing
        return Attendance.late if draw < self.missing + self.late else Attendance.on_time


def submitted_scores(
    rivals: Sequence[Rival], forecasters: Sequence[Forecaster], *, view: LiveView
) -> ScoreArray:
    """(rivals, rows) what each submits, before ranking within the era."""
    scores = np.stack([forecaster.scores(view) for forecaster in forecasters])
    neutral = [index for index, rival in enumerate(rivals) if rival.neutral]
    for part in view.parts if neutral else ():
        # all at once: one least squares with several right sides costs little more than one
        columns = gaussianize(scores[neutral, part].T)
        explained = columns - neutralize(columns, view.features[:, part].T)
        left = columns - explained * [rivals[index].neutral for index in neutral]
        scores[neutral, part] = np.rint(left / SCORE_UNIT).T
    return scores
