"""The fund: the portfolio that trades the meta model, and the same portfolio on two other models.

A week's tranche: the era's prediction is ranked and gaussianized; a least-squares fit on beta,
countries, sectors and the era's styles is taken out of it, so that its weights sum to 0 and are
neutral to each of these; it is scaled to 1 long and 1 short. Twelve tranches, one a week, make the
book, each a twelfth of the fund's value and held for 60 business days. `portfolio` keeps the books.

Era w's prediction is known before the first day of week w; its tranche earns from that week's third
day on, the first that target_ender_60 counts too, to the sixtieth. On its first day the fund also
buys the tranches of the eleven eras before, as far as there are predictions, so that it starts
fully invested. Nothing is asked of returns that are not drawn, nor of targets not resolved when
they would have been needed. 5 basis points of every amount traded and 2 % a year are paid; what
cash earns and borrowed stocks cost is left out.

The funds: the meta model, weighted by what was at risk in the round, in history by the first
stakes; the organiser's own LightGBM; and the rival whose mean CORR on target_ender_20 was highest
over all eras resolved when the fund began. The 20-day target resolves soonest and overlaps least.
Where asked for, a model of the participant's, too.
Where none was submitted in time, the newest one before is traded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.market.market import DAYS_PER_ERA, RETURN_UNIT
from numeri_cli.practice.market.targets import LAG_DAYS, RiskModel
from numeri_cli.practice.market.universe import FloatArray
from numeri_cli.practice.results.fund_choice import (
    FundPeriod,
    RivalChoice,
    best_rival,
    chosen_period,
    in_time,
)
from numeri_cli.practice.results.own_predictions import OwnPredictions, own_predictions
from numeri_cli.practice.results.portfolio import (
    BookExposure,
    FundFigures,
    FundTerms,
    PortfolioTrack,
    scaled,
    trade,
    tranche,
)
from numeri_cli.practice.tournament import Tournament
from numeri_cli.practice.world.world import World
from numeri_cli.progress import SILENT, Listener
from numeri_cli.published import Published
from numeri_cli.scoring.ranks import gaussianize

Source = Callable[[int], FloatArray | None]

IN_HOUSE = "v53_lgbm_ender60"
OWN = "own"  # the role of the participant's model


@dataclass(frozen=True, kw_only=True)
class FundExposures(Published):
    """The largest of all weeks.

    before: had the prediction been traded as it is, of the same gross
    after: of the book when it was traded; drifted: of the book just before the next trade
    """

    before: BookExposure
    after: BookExposure
    drifted: BookExposure


@dataclass(frozen=True, kw_only=True)
class Fund(Published):
    """One fund; net: (days,) its cumulated net return since the start, as a share."""

    role: str
    name: str
    figures: FundFigures
    exposures: FundExposures
    net: FloatArray


@dataclass(frozen=True, kw_only=True)
class FundReport(Published):
    """Funds side by side.

    older: so many tranches from before the period are in the first book
    opened: by week, when its round opened, None in history
    dates: by week, the Saturday of its era, reckoned back from the first round in history
    page: the HTML page, where one was written
    """

    period: FundPeriod
    terms: FundTerms
    choice: RivalChoice
    older: int
    days: int
    opened: tuple[date | None, ...]
    funds: tuple[Fund, ...]
    page: Path | None = None
    dates: tuple[date, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """What each fund is called above its column: its role, and several of one's own by name."""
        several = sum(one.role == OWN for one in self.funds) > 1
        return tuple(one.name if several and one.role == OWN else one.role for one in self.funds)


def fund_report(
    tournament: Tournament,
    *,
    from_era: int | None = None,
    eras: int | None = None,
    beside: Sequence[str] = (),
    terms: FundTerms | None = None,
    listener: Listener = SILENT,
) -> FundReport:
    """Run the funds over the live rounds, or over validation history until enough have passed.

    from_era, eras: over other weeks; terms: other than the usual ones
    beside: models of the participant's, each as a fund of its own; then all begin with the first
    round in which each of these took part
    Raises PracticeSettings where there is nothing to trade, ModelUnknown.
    """
    own = [own_predictions(tournament, name) for name in dict.fromkeys(beside)]
    from_era = _beginning(own, asked=from_era)
    world = tournament.field_world()
    period = chosen_period(world, from_era=from_era, eras=eras)
    terms = terms or FundTerms()
    market = _FundMarket.of(world, period=period, terms=terms)
    choice = best_rival(world, before_era=period.first_era)
    sources: dict[tuple[str, str], Source] = {
        ("meta model", "stake-weighted meta model"): world.meta_model,
        ("in-house", IN_HOUSE): lambda era: world.benchmark_predictions(era)[IN_HOUSE],
        ("best rival", choice.name): lambda era: in_time(world, era).get(choice.name),
    }
    sources |= {(OWN, one.name): one.of for one in own}
    with listener.task("Running the funds", total=len(sources), unit="funds") as task:
        funds = []
        for (role, name), source in sources.items():
            funds.append(market.fund(source, role=role, name=name))
            task.advance(1)
    calendar, first_live = tournament.state().calendar, world.settings.eras + 1
    weeks = range(period.first_era, period.last_era + 1)
    dates = tuple(calendar.opening(era).date() for era in weeks)
    return FundReport(
        period=period,
        terms=terms,
        choice=choice,
        older=market.older,
        days=len(market.returns),
        opened=tuple(
            day if era >= first_live else None for era, day in zip(weeks, dates, strict=True)
        ),
        dates=dates,
        funds=tuple(funds),
    )


def _beginning(own: Sequence[OwnPredictions], *, asked: int | None) -> int | None:
    """The first week; raises PracticeSettings where a model of one's own had nothing by then."""
    if not own:
        return asked
    last = max(own, key=lambda one: one.first_round)
    if asked is not None and asked < last.first_round:
        raise PracticeSettings(
            f"{last.name} had submitted nothing in time before round {last.first_round}",
            hint=f"--from-era {last.first_round}, or leave it out",
        )
    return last.first_round if asked is None else asked


def filled_forward(rows: Iterable[FloatArray | None], *, count: int) -> FloatArray:
    """(rows, count) each row, or the newest before where there is none; 0 before the first."""
    newest, made = np.zeros(count), []
    for row in rows:
        newest = newest if row is None else row
        made.append(newest)
    return np.stack(made)


@dataclass(frozen=True, kw_only=True)
class _FundMarket:
    """What all funds of a report share.

    styles: by era, (styles, stocks); returns: (days, stocks) log returns from the first day of
    profit on; market: (days,) of the mean stock
    """

    world: World
    period: FundPeriod
    terms: FundTerms
    risk: RiskModel
    styles: Mapping[int, FloatArray]
    returns: FloatArray
    market: FloatArray

    @classmethod
    def of(cls, world: World, *, period: FundPeriod, terms: FundTerms) -> _FundMarket:
        era_records = world.era_records
        first, last = period.first_era, period.last_era
        earliest = max(first - terms.tranches + 1, world.settings.train_eras + 1)
        # the last week's profit begins in it and ends in the next, if that has been
        following = min(last + 1, world.live_era - 1)
        drawn = era_records.archive.returns_from(first, following - first + 1)
        days = slice(LAG_DAYS, LAG_DAYS + DAYS_PER_ERA * period.weeks)
        returns = drawn[days].astype(np.float64) * RETURN_UNIT
        eras = range(earliest, last + 2)
        styles = {era: era_records.archive.read("styles", era) for era in eras}
        market: FloatArray = np.expm1(returns).mean(axis=1)
        risk = RiskModel.of(era_records.definition.market.stocks)
        return cls(
            world=world,
            period=period,
            terms=terms,
            risk=risk,
            styles=styles,
            returns=returns,
            market=market,
        )

    @property
    def older(self) -> int:
        """How many eras before the period are traded on its first day."""
        return self.period.first_era - min(self.styles)

    def fund(self, source: Source, *, role: str, name: str) -> Fund:
        """The fund of a model; source: of an era (stocks,) in the order of its file, or None."""
        terms, older = self.terms, self.older
        eras = range(min(self.styles), self.period.last_era + 1)
        rows = filled_forward(
            (self._plain(era, source(era)) for era in eras), count=self.risk.stocks.count
        )
        weights = np.stack(
            [
                tranche(row, risk=self.risk, styles=self.styles[era], gross=terms.gross)
                for era, row in zip(eras, rows, strict=True)
            ]
        )
        track = trade(
            weights[older:],
            self.returns,
            terms=terms,
            older=weights[:older],
            neutral=self._neutral,
        )
        exposures = self._exposures(scaled(rows[older:], terms.gross), track)
        net = np.asarray(np.cumprod(1 + track.net) - 1, dtype=np.float64)
        return Fund(
            role=role,
            name=name,
            figures=FundFigures.of(track, self.market),
            exposures=exposures,
            net=net,
        )

    def _plain(self, era: int, prediction: FloatArray | None) -> FloatArray | None:
        """(stocks,) gaussian, mean 0, in order of stocks instead of the file's."""
        if prediction is None:
            return None
        gaussian = gaussianize(prediction)
        plain = np.empty(len(gaussian))
        plain[self.world.era_records.order(era)] = gaussian - gaussian.mean()
        return plain

    def _neutral(self, place: int, book: FloatArray) -> FloatArray:
        left: FloatArray = self.risk.neutral(
            self.styles[self.period.first_era + place], book[None]
        )[0]
        return left

    def _exposures(self, before: FloatArray, track: PortfolioTrack) -> FundExposures:
        def largest(books: FloatArray, first: int) -> BookExposure:
            return BookExposure.largest(
                [
                    BookExposure.of(book, self.risk.stocks, self.styles[first + place])
                    for place, book in enumerate(books)
                ]
            )

        first = self.period.first_era
        return FundExposures(
            before=largest(before, first),
            after=largest(track.held, first),
            drifted=largest(track.drifted, first + 1),
        )
