"""More than a year of a tournament, written through its store, and the same as plain lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

import numpy as np

from numeri_cli.practice.calendar import SHOWN_AFTER_OPENING
from numeri_cli.practice.participants import accounts
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.settlement import ModelInRound
from numeri_cli.practice.rounds.state import open_round
from numeri_cli.practice.tournament import Tournament

LAGS = {20: 5, 60: 13}  # weeks until a score is final
NAMES = {20: ("v2_corr20", "mmc", "corr_w_meta_model"), 60: ("corr60", "mmc60")}
UNIT = Decimal("1e-18")
STAKES = {0: ("lighthouse", 26), 3: ("beacon", 39), 40: ("lighthouse", 60)}  # by week
LATECOMER = "beacon"  # a score is rarer, so that counts differ from model to model


@dataclass
class PastYear:
    """What happened, in weeks since the first round opened.

    finals: (model, score, week it was final, value); earned, staked: (model, week, NMR), staked
    in the course of the week that begins then, earned when it begins
    """

    tournament: Tournament
    first_round: int
    weeks: int = 0
    finals: list[tuple[str, str, int, float]] = field(default_factory=list)
    earned: list[tuple[str, int, Decimal]] = field(default_factory=list)
    staked: list[tuple[str, int, Decimal]] = field(default_factory=list)
    entries: dict[int, list[ModelInRound]] = field(default_factory=dict)

    @classmethod
    def of(cls, tournament: Tournament) -> PastYear:
        """Nothing but the stakes everybody begins with."""
        made = cls(tournament, tournament.state().live_round)
        for model in made.models():
            made.staked.append((model.name, 0, model.stake_nmr))
        return made

    def models(self) -> tuple[accounts.ParticipantModel, ...]:
        with self.tournament.store.reading() as connection:
            return accounts.all_models(connection)

    def go_on(self, weeks: int, *, random: np.random.Generator) -> None:
        """Let weeks pass: stakes change, rounds close, scores are final and paid."""
        for _ in range(weeks):
            self._stake()
            self._close()
            self.weeks += 1
            live = self.first_round + self.weeks
            opening = self.tournament.state().calendar.opening(live)
            for days, lag in LAGS.items():
                if self.weeks >= lag:
                    self._settle(live - lag, days, random)
            with self.tournament.store.writing() as connection:
                clock = opening + SHOWN_AFTER_OPENING
                open_round(connection, live, clock=clock, by_hand=True)

    def mean(self, model: str, name: str, *, now: int | None = None) -> float | None:
        """Of the scores that were final in the 52 weeks up to week `now`."""
        last = self.weeks if now is None else now
        values = [
            value
            for who, score, week, value in self.finals
            if (who, score) == (model, name) and last - 52 < week <= last
        ]
        return sum(values) / len(values) if values else None

    def ranks(self, mean_of: Callable[..., float | None]) -> dict[str, int]:
        """Of who has a mean."""
        means = {model.name: mean_of(model.name) for model in self.models()}
        known = {name: mean for name, mean in means.items() if mean is not None}
        return {name: 1 + sum(m > mean for m in known.values()) for name, mean in known.items()}

    def paid(self, model: str, weeks: int) -> Decimal:
        """Payouts less burns of the last so many weeks."""
        return sum(
            (nmr for who, week, nmr in self.earned if who == model and week > self.weeks - weeks),
            start=Decimal(0),
        )

    def base(self, model: str, weeks: int) -> Decimal:
        """The stake before so many weeks, and what was staked since; nothing is withdrawn here."""
        before = sum(
            (nmr for who, week, nmr in self.earned if who == model and week <= self.weeks - weeks),
            start=Decimal(0),
        )
        return before + sum((nmr for who, _, nmr in self.staked if who == model), start=Decimal(0))

    def _stake(self) -> None:
        name, nmr = STAKES.get(self.weeks, ("", 0))
        if name:
            before = next(model.stake_nmr for model in self.models() if model.name == name)
            self.tournament.set_stake(name, Decimal(nmr))
            self.staked.append((name, self.weeks, nmr - before))

    def _close(self) -> None:
        number = self.first_round + self.weeks
        self.entries[number] = [
            ModelInRound(
                model_id=model.id,
                model_name=model.name,
                submission_id=None,
                filename=None,
                at_risk_nmr=(model.stake_nmr / 13).quantize(UNIT, rounding=ROUND_DOWN),
            )
            for model in self.models()
            if model.name != "harbour" and (model.name != LATECOMER or self.weeks % 3 == 0)
        ]

    def _settle(self, number: int, days: int, random: np.random.Generator) -> None:
        entries = self.entries[number]
        # everybody was better at first: who counts too much of the past has another mean
        drift = 0.02 * (number - self.first_round < 10)
        scores = {name: drift + 0.02 * random.normal(size=len(entries)) for name in NAMES[days]}
        with self.tournament.store.writing() as connection:
            settlement.record_scores(
                connection,
                number,
                horizon_days=days,
                entries=entries,
                scores=scores,
                moment=self.tournament.state().calendar.opening(self.first_round + self.weeks),
            )
        for at, entry in enumerate(entries):
            for name, values in scores.items():
                self.finals.append((entry.model_name, name, self.weeks, float(values[at])))
            if days == 60:
                share = 3 * Decimal(repr(float(scores["corr60"][at])))
                share += 15 * Decimal(repr(float(scores["mmc60"][at])))
                clipped = max(Decimal(-1), min(Decimal(1), share))
                nmr = (entry.at_risk_nmr * clipped).quantize(UNIT, rounding=ROUND_DOWN)
                self.earned.append((entry.model_name, self.weeks, nmr))
