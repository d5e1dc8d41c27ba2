from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numerai_tools import scoring as library

from numeri_cli.errors import PredictionsValues
from numeri_cli.scoring.ensemble import combine
from tests.support import oracle


def test_members_are_gaussianized_averaged_neutralized_and_ranked() -> None:
    generator = np.random.default_rng(0)
    raw = generator.random((200, 3)) * [1, 100, 1e-6]
    features = generator.integers(0, 5, (200, 6)).astype(np.int8)
    index = oracle.ids(200)
    gaussian = library.gaussian(library.tie_kept_rank(pd.DataFrame(raw, index=index)))
    mean = gaussian.mean(axis=1).to_frame("p")
    neutral = library.neutralize(mean, pd.DataFrame(features, index=index), 0.5)
    expected = library.tie_kept_rank(neutral)["p"].to_numpy()
    np.testing.assert_allclose(combine(raw, features, proportion=0.5), expected, atol=1e-12)


def test_without_neutralization_one_booster_keeps_its_order() -> None:
    raw = np.random.default_rng(1).random(50)
    for made in (combine(raw, None, proportion=0.5), combine(raw[:, None], None, proportion=0)):
        np.testing.assert_array_equal(np.argsort(made), np.argsort(raw))
        assert 0 < made.min() < made.max() < 1


def test_members_that_all_say_the_same_give_a_half_everywhere() -> None:
    features = np.random.default_rng(2).integers(0, 5, (30, 3))
    assert combine(np.ones((30, 2)), features, proportion=1).tolist() == [0.5] * 30


def test_a_booster_that_gives_no_number_is_refused_by_name_of_the_fact() -> None:
    raw = np.array([[0.1, np.nan], [0.2, 0.3]])
    with pytest.raises(PredictionsValues, match="1 predictions that are no number"):
        combine(raw, None, proportion=0)
