"""The meta model: as numerai-tools would make it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numerai_tools.scoring import gaussian, stake_weight, tie_kept_rank

from numeri_cli.practice.rivals.meta_model import meta_model, stake_weighted
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.settlement import predictions_of
from numeri_cli.practice.tournament import Tournament
from tests.support.small_worlds import small_world


def test_it_equals_the_official_library() -> None:
    generator = np.random.default_rng(0)
    predictions = generator.random((5, 400)).round(2)  # with ties
    stakes = [Decimal(text) for text in ("1460", "0.5", "12.25", "820", "0")]
    table = pd.DataFrame(predictions.T, columns=list("abcde"))
    expected = stake_weight(
        gaussian(tie_kept_rank(table)), pd.Series([float(one) for one in stakes], list("abcde"))
    )
    assert np.abs(stake_weighted(predictions, stakes) - expected.to_numpy()).max() < 1e-12


def test_the_published_meta_model_is_that_of_the_rivals_on_time_and_their_stakes() -> None:
    world = small_world()
    timely = {
        era: [one is Attendance.on_time for one in world.attendance(era).values()]
        for era in range(49, 61)
    }
    era = next(era for era, row in timely.items() if not all(row))
    predictions = np.stack(list(world.rival_predictions(era).values()))
    staked = zip(world.participants(), timely[era], strict=True)
    stakes = [one.stake_nmr if on_time else Decimal(0) for one, on_time in staked]
    gaussians = stake_weighted(predictions, stakes)
    published = world.meta_model(era)
    assert np.corrcoef(published, gaussians)[0, 1] > 0.95
    assert (np.argsort(published) == np.argsort(np.round(gaussians, 12))).mean() > 0.95
    assert 0 < published.min() < published.max() < 1


def test_whoever_stakes_all_is_the_meta_model() -> None:
    predictions = np.random.default_rng(1).random((3, 100))
    stakes = [Decimal(0), Decimal("7.000000000000000001"), Decimal(0)]
    expected = np.argsort(predictions[1])
    assert (np.argsort(meta_model(predictions, stakes)) == expected).all()


def test_it_needs_a_stake() -> None:
    with pytest.raises(ValueError, match="stake"):
        meta_model(np.ones((1, 3)), [Decimal(0)])


def test_where_nobody_staked_the_published_one_is_the_one_that_scores_are_made_with(
    tournament: Tournament,
) -> None:
    number = tournament.status().round_number
    with tournament.store.writing() as connection:
        connection.execute("UPDATE models SET stake_nmr = '0'")
    tournament.advance()
    world = tournament.world()
    with tournament.store.reading() as connection:
        entries = settlement.entries_of(connection, number)
    stakes = [entry.at_risk_nmr for entry in entries]
    assert entries
    assert not any(stakes)
    said = predictions_of(world, tournament.folders, number=number, entries=entries)
    scored_with = settlement.meta_model(said, stakes)
    order = np.argsort(scored_with)
    assert (np.diff(world.meta_model(number)[order]) >= 0).all()
