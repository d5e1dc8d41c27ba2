"""The meta model: as numerai-tools would make it."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numerai_tools.scoring import gaussian, stake_weight, tie_kept_rank

from numeri_cli.practice.metamodel import meta_model, stake_weighted
from tests.practice.small_worlds import small_world


def test_it_equals_the_official_library() -> None:
    generator = np.random.default_rng(0)
    predictions = generator.random((5, 400)).round(2)  # with ties
    stakes = [Decimal(text) for text in ("1460", "0.5", "12.25", "820", "0")]
    table = pd.DataFrame(predictions.T, columns=list("abcde"))
    expected = stake_weight(
        gaussian(tie_kept_rank(table)), pd.Series([float(one) for one in stakes], list("abcde"))
    )
    assert np.abs(stake_weighted(predictions, stakes) - expected.to_numpy()).max() < 1e-12


def test_the_published_meta_model_is_that_of_the_rivals_and_their_stakes() -> None:
    world = small_world()
    predictions = np.stack(list(world.rival_predictions(55).values()))
    stakes = [one.stake_nmr for one in world.participants()]
    gaussians = stake_weighted(predictions, stakes)
    published = world.meta_model(55)
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
