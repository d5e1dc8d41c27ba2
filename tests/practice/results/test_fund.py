"""The fund: neutral, honest about costs, blind to the future."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import PracticeSettings
from numeri_cli.practice.market.market import RETURN_UNIT, Market
from numeri_cli.practice.market.targets import LAG_DAYS, RiskModel
from numeri_cli.practice.market.universe import FloatArray, WorldSettings
from numeri_cli.practice.results.fund import FundReport, filled_forward, fund_report
from numeri_cli.practice.results.fund_choice import FundPeriod, best_rival, chosen_period
from numeri_cli.practice.results.portfolio import (
    BookExposure,
    FundFigures,
    FundTerms,
    PortfolioTrack,
    scaled,
    trade,
    tranche,
)
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.tournament import Tournament
from numeri_cli.scoring.scores import corr
from tests.support.tournaments import SETTINGS, fresh_tournament

FREE = FundTerms(cost_basis_points=0, fee_a_year=0)


class Tape:
    """A market of its own: styles of 40 weeks and log returns from day 2 of the first week on."""

    weeks = 40

    def __init__(self) -> None:
        market = Market.of(WorldSettings(seed=3, stocks=300, eras=60, features=24))
        self.stocks, self.risk = market.stocks, RiskModel.of(market.stocks)
        state, styles, returns = market.first_state(), [], []
        for _ in range(self.weeks + 14):
            styles.append(market.characteristics(state)[: market.plan.styles])
            week, state = market.week(state)
            returns.append(week)
        self.styles = styles
        self.returns = np.concatenate(returns)[LAG_DAYS:] * RETURN_UNIT

    def trade(
        self, predictions: FloatArray, terms: FundTerms, *, neutral: bool = True
    ) -> PortfolioTrack:
        """Trade a prediction a week; predictions: (weeks, stocks)."""
        weights = [
            tranche(one, risk=self.risk, styles=styles, gross=terms.gross)
            for one, styles in zip(predictions, self.styles, strict=False)
        ]
        return trade(
            np.stack(weights),
            self.returns[: 5 * len(weights)].astype(np.float64),
            terms=terms,
            older=np.empty((0, self.stocks.count)),
            neutral=self.neutral if neutral else lambda _, book: book,
        )

    def neutral(self, place: int, book: FloatArray) -> FloatArray:
        """What is neutral of a book in a week."""
        left: FloatArray = self.risk.neutral(self.styles[place], book[None])[0]
        return left


@pytest.fixture(scope="module")
def tape() -> Tape:
    """A market of 300 stocks."""
    return Tape()


def noise(tape: Tape, seed: int) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((tape.weeks, tape.stocks.count))


def test_a_tranche_is_neutral_to_market_country_sector_and_styles(tape: Tape) -> None:
    stocks, styles = tape.stocks, tape.styles[0]
    tilted = noise(tape, 1)[0] + stocks.beta + (stocks.country == 1) + styles[0]
    weights = tranche(tilted, risk=tape.risk, styles=styles, gross=2.0)
    assert abs(weights @ stocks.beta) < 1e-9
    assert np.abs(styles @ weights).max() < 1e-9
    for codes in (stocks.country, stocks.sector):
        for code in np.unique(codes):
            assert abs(weights[codes == code].sum()) < 1e-9
    assert weights[weights > 0].sum() == pytest.approx(1)
    assert weights[weights < 0].sum() == pytest.approx(-1)
    assert np.corrcoef(weights, tilted)[0, 1] > 0.5
    before = BookExposure.of(scaled(tilted - tilted.mean(), 2.0), stocks, styles)
    assert min(before.market, before.country, before.sector, before.style) > 0.01


def test_exposures_are_the_net_weights_by_factor(tape: Tape) -> None:
    weights = np.zeros(tape.stocks.count)
    weights[:2] = 0.3, -0.1
    found = BookExposure.of(weights, tape.stocks, tape.styles[0])
    beta, country, sector = tape.stocks.beta, tape.stocks.country, tape.stocks.sector
    assert found.market == pytest.approx(abs(0.3 * beta[0] - 0.1 * beta[1]))
    assert found.country == pytest.approx(0.2 if country[0] == country[1] else 0.3)
    assert found.sector == pytest.approx(0.2 if sector[0] == sector[1] else 0.3)
    assert found.style == pytest.approx(
        max(abs(0.3 * style[0] - 0.1 * style[1]) for style in tape.styles[0])
    )
    assert BookExposure.largest(
        [found, BookExposure(market=0, country=1, sector=0, style=0)]
    ) == replace(found, country=1)


def test_the_book_is_neutral_again_after_every_trade(tape: Tape) -> None:
    predictions = noise(tape, 2)

    def style(track: PortfolioTrack) -> float:
        exposures = [
            BookExposure.of(book, tape.stocks, tape.styles[place])
            for place, book in enumerate(track.held)
        ]
        largest = BookExposure.largest(exposures)
        return max(largest.market, largest.country, largest.sector, largest.style)

    assert style(tape.trade(predictions, FREE)) < 1e-9
    assert style(tape.trade(predictions, FREE, neutral=False)) > 1e-3


def test_a_fund_that_knows_the_future_earns_a_lot(tape: Tape) -> None:
    future = np.stack([tape.returns[5 * w : 5 * w + 60].sum(axis=0) for w in range(tape.weeks)])
    market = np.expm1(tape.returns[: 5 * tape.weeks]).mean(axis=1)
    figures = FundFigures.of(tape.trade(future, FundTerms()), market)
    assert figures.return_a_year > 0.4
    assert figures.sharpe > 8
    wrong = FundFigures.of(tape.trade(-future, FundTerms()), market)
    assert wrong.return_a_year < -0.4
    assert wrong.drawdown > 0.25


def test_a_fund_on_noise_earns_nothing_beyond_costs_and_fee(tape: Tape) -> None:
    tracks = [tape.trade(noise(tape, seed), FundTerms()) for seed in range(24)]
    earned = np.array([track.before.mean() for track in tracks]) * 260
    error = earned.std(ddof=1) / len(earned) ** 0.5
    assert abs(earned.mean()) < 3 * error
    lost = np.array([(track.net - track.before).mean() for track in tracks]) * 260
    assert (lost < -0.02).all()
    turnover = np.mean([track.traded.sum() for track in tracks]) / len(tracks[0].net) * 260
    assert lost.mean() == pytest.approx(-0.02 - turnover * 5e-4, rel=1e-3)


def test_costs_and_fee_are_booked_to_the_cent() -> None:
    """Two stocks, two tranches of a week each in the book; worked out by hand."""
    terms = FundTerms(tranches=2, cost_basis_points=10, fee_a_year=0.026)  # 1e-4 a day
    weights = np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]])
    returns = np.zeros((13, 2))
    returns[0, 0] = np.log(1.1)  # the first stock gains a tenth on the first day
    returns[5, 1] = np.log(0.8)  # the second loses a fifth on the sixth
    track = trade(
        weights, returns, terms=terms, older=np.empty((0, 2)), neutral=lambda _, book: book
    )
    first = 1 + 0.05 - 0.001 - 0.0001
    second = first * (1 - 1e-4) ** 4
    bought = second / 2  # the second tranche
    third = second + (bought - 0.5) * -0.2 - 2 * bought * 0.001 - second * 1e-4
    fourth = third * (1 - 1e-4) ** 4
    last = fourth - 0.001 * (0.55 + 0.4) - fourth * 1e-4  # the first tranche is sold
    values = np.cumprod(1 + track.net)
    assert values[[0, 4, 5, 9, 10]] == pytest.approx([first, second, third, fourth, last])
    assert values[-1] == pytest.approx(last * (1 - 1e-4) ** 2)
    assert track.traded == pytest.approx([1.0, 1.0, 0.95 / fourth])
    assert track.cost.nonzero()[0].tolist() == [0, 5, 10]
    assert track.fee == pytest.approx(1e-4)
    assert track.net == pytest.approx(track.before - track.cost - track.fee)
    assert track.held[1] == pytest.approx([0.55 / second - 0.5, 0.5 - 0.5 / second])
    assert track.drifted[0] == pytest.approx([0.55 / second, -0.5 / second])


def test_older_tranches_leave_when_their_time_is_over() -> None:
    terms = replace(FREE, tranches=3)
    older = np.array([[3.0, -3.0], [6.0, -6.0]])
    track = trade(
        np.zeros((4, 2)), np.zeros((20, 2)), terms=terms, older=older, neutral=lambda _, book: book
    )
    assert track.held[:, 0] == pytest.approx([3, 2, 0, 0])


def test_where_nothing_is_handed_in_the_newest_prediction_is_traded_again() -> None:
    first, second = np.array([1.0, 2.0]), np.array([4.0, 3.0])
    rows = filled_forward([None, first, None, None, second], count=2)
    assert rows.tolist() == [[0, 0], [1, 2], [1, 2], [1, 2], [4, 3]]


def test_figures_are_those_of_a_year_of_260_days() -> None:
    net = np.array([0.01, -0.02, 0.015, 0.0])
    zero = np.zeros(4)
    track = PortfolioTrack(
        net=net,
        before=net,
        cost=zero,
        fee=zero,
        traded=np.array([0.5]),
        held=np.ones((1, 2)),
        drifted=np.ones((1, 2)),
    )
    figures = FundFigures.of(track, -net)
    assert figures.return_a_year == pytest.approx(0.00125 * 260)
    assert figures.volatility_a_year == pytest.approx(np.std(net) * 260**0.5)
    assert figures.sharpe == pytest.approx(figures.return_a_year / figures.volatility_a_year)
    assert figures.drawdown == pytest.approx(0.02)
    assert figures.turnover_a_year == pytest.approx(0.5 * 65)
    assert figures.market_correlation == pytest.approx(-1)
    assert np.isnan(FundFigures.of(replace(track, net=zero), zero).sharpe)


def test_what_comes_later_changes_no_position_before(tape: Tape) -> None:
    predictions, day = noise(tape, 3), 93
    known = tape.trade(predictions, FundTerms())
    truth = tape.returns
    tape.returns = np.where(np.arange(len(truth))[:, None] < day, truth, 10 * truth)
    other = tape.trade(predictions, FundTerms())
    tape.returns = truth
    assert np.array_equal(known.net[:day], other.net[:day])
    assert np.array_equal(known.held[: day // 5 + 1], other.held[: day // 5 + 1])
    assert not np.allclose(known.held[day // 5 + 1 :], other.held[day // 5 + 1 :])


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tournament]:
    """No round has passed."""
    made = fresh_tournament(tmp_path_factory.mktemp("young") / "practice")
    yield made
    made.close()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FundReport, Tournament]]:
    """Thirteen live rounds have passed; and what the fund from era 58 on was after three."""
    made = fresh_tournament(tmp_path_factory.mktemp("grown") / "practice")
    made.advance(3)
    early = fund_report(made, from_era=58)
    made.advance(10)
    yield early, made
    made.close()


def test_before_any_round_the_fund_runs_over_history(young: Tournament) -> None:
    report = fund_report(young)
    period = report.period
    assert (period.first_era, period.last_era) == (55, 60)
    assert (period.live_weeks, period.live_rounds, period.is_live) == (0, 0, False)
    assert (report.older, report.days) == (6, 28)  # era 49 is the first that rivals predict
    assert set(report.opened) == {None}
    assert [one.role for one in report.funds] == ["meta model", "in-house", "best rival"]
    assert all(len(one.net) == report.days for one in report.funds)


def test_when_enough_rounds_have_passed_it_runs_over_these(
    grown: tuple[FundReport, Tournament],
) -> None:
    report = fund_report(grown[1])
    period = report.period
    assert (period.first_era, period.last_era, period.is_live) == (61, 73, True)
    assert (report.older, report.days) == (11, 63)
    assert [f"{day}" for day in report.opened[:2]] == ["2026-01-03", "2026-01-10"]
    for one in report.funds:
        after = one.exposures.after
        assert max(after.market, after.country, after.sector, after.style) < 1e-9
        assert one.exposures.before.style > 0.01
        assert one.exposures.drifted.style > 1e-6
        assert 0 < one.figures.gross <= 2.000001
        parts = one.figures.before_a_year - one.figures.cost_a_year - one.figures.fee_a_year
        assert one.figures.return_a_year == pytest.approx(parts)


def test_the_past_of_a_fund_does_not_change_when_time_passes(
    grown: tuple[FundReport, Tournament],
) -> None:
    early, tournament = grown
    late = fund_report(tournament, from_era=58)
    assert late.choice == early.choice
    assert late.days == early.days + 50
    for before, after in zip(early.funds, late.funds, strict=True):
        assert np.array_equal(before.net, after.net[: early.days])


def test_the_rival_is_chosen_by_what_was_known(grown: tuple[FundReport, Tournament]) -> None:
    world = grown[1].world()
    choice = best_rival(world, before_era=61)
    assert (choice.first_era, choice.last_era) == (49, 56)  # 56 + 5 weeks: known when 61 opens
    scores: dict[str, list[float]] = {}
    for era in range(49, 57):
        for name, kept in world.attendance(era).items():
            if kept is Attendance.on_time:
                prediction = world.rival_predictions(era)[name]
                score = corr(prediction, world.target(era, "target_ender_20"))
                scores.setdefault(name, []).append(score)
    means = {name: np.mean(some) for name, some in scores.items() if len(some) >= 4}
    assert choice.name == max(means, key=lambda name: means[name])
    assert choice.corr_mean == pytest.approx(means[choice.name])


def test_the_field_is_gathered_for_a_fund_where_it_is_not_there_yet(
    young: Tournament, tmp_path: Path
) -> None:
    fresh = Tournament.create(tmp_path / "practice", SETTINGS, field=False)
    assert not fresh.world().has_field
    report, usual = fund_report(fresh), fund_report(young)
    assert fresh.world().has_field
    assert report.choice == usual.choice
    assert all(
        np.array_equal(one.net, other.net)
        for one, other in zip(report.funds, usual.funds, strict=True)
    )
    fresh.close()


def test_the_meta_model_is_weighted_by_what_was_at_risk(tmp_path: Path) -> None:
    """Where only the best rival had something at risk, the fund of the meta model is its fund."""
    terms = FundTerms(tranches=1)
    crowded, lonely = (fresh_tournament(tmp_path / name) for name in ("crowded", "lonely"))
    best = best_rival(lonely.field_world(), before_era=61).name
    with lonely.store.writing() as connection:
        connection.execute("UPDATE models SET stake_nmr = '0' WHERE name <> ?", (best,))
    for tournament in (crowded, lonely):
        tournament.advance(1)
    crowd, _, rival = fund_report(crowded, from_era=61, terms=terms).funds
    alone, _, same = fund_report(lonely, from_era=61, terms=terms).funds
    assert not np.allclose(crowd.net, rival.net)
    assert np.array_equal(same.net, rival.net)
    assert alone.net == pytest.approx(same.net)
    crowded.close()
    lonely.close()


def test_a_period_that_cannot_be_is_refused_with_what_can(
    grown: tuple[FundReport, Tournament],
) -> None:
    world = grown[1].world()
    for era in (53, 74):
        with pytest.raises(PracticeSettings) as refused:
            chosen_period(world, from_era=era, eras=None)
        assert "from 54" in refused.value.hint
        assert "to 73" in refused.value.hint
    with pytest.raises(PracticeSettings):
        chosen_period(world, from_era=None, eras=0)
    assert chosen_period(world, from_era=54, eras=3) == FundPeriod(
        first_era=54, last_era=56, live_weeks=0, live_rounds=13
    )
    assert chosen_period(world, from_era=59, eras=4) == FundPeriod(
        first_era=59, last_era=62, live_weeks=2, live_rounds=13
    )
    assert fund_report(grown[1], from_era=54, eras=3).days == 15
