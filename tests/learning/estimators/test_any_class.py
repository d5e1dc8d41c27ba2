from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.estimators.any_class import (
    FittedEstimator,
    dump_estimator,
    estimator_class,
    fit_estimator,
    load_estimator,
    make_estimator,
)

OWN_CLASS = """
import numpy as np

class Mean:
    def __init__(self, scale=1.0, random_state=None):
        self.scale, self.random_state = scale, random_state

    def fit(self, X, y, sample_weight=None, groups=None):
        self.seen = (X.dtype.name, X.shape, len(y), len(sample_weight), sorted(set(groups)))
        self.mean = float(np.mean(y)) * self.scale
        return self

    def predict(self, X):
        return np.full(len(X), self.mean)

class Flat:
    def fit(self, X, y):
        return self
    def predict(self, X):
        return np.zeros((len(X), 2))

class Mute:
    def fit(self, X, y):
        return self
"""
ROWS = np.arange(20, dtype=np.float32).reshape(10, 2)
LABELS = np.linspace(0, 1, 10, dtype=np.float32)
GROUPS = np.repeat(np.arange(2, dtype=np.int32), 5)


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    (tmp_path / "my_models_of_this_test.py").write_text(OWN_CLASS)
    return tmp_path


def fitted(kind: type, weights: bool = False, **params: object) -> FittedEstimator:
    return fit_estimator(
        make_estimator(kind, params, seed=4),
        ROWS,
        LABELS,
        weights=np.ones(10, dtype=np.float32) if weights else None,
        groups=GROUPS,
        name=kind.__name__,
    )


def test_a_class_of_scikit_learn_is_found_fitted_and_kept() -> None:
    member = fitted(estimator_class("sklearn.linear_model:Ridge"), alpha=0.5)
    content = dump_estimator(member)
    digest = hashlib.sha256(content).hexdigest()
    again = load_estimator(content, name="Ridge", digest=digest, source=Path("ridge.joblib"))
    np.testing.assert_array_equal(again.predict(ROWS), member.predict(ROWS))
    assert np.corrcoef(member.predict(ROWS), LABELS)[0, 1] > 0.99


def test_a_class_beside_the_profile_gets_seed_weights_and_groups(beside: Path) -> None:
    kind = estimator_class("my_models_of_this_test:Mean", beside=beside)
    member = fitted(kind, weights=True, scale=2.0)
    assert member.estimator.random_state == 4
    assert member.estimator.seen == ("float32", (10, 2), 10, 10, [0, 1])
    np.testing.assert_allclose(member.predict(ROWS), 1.0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lightgmb", "no estimator is called"),
        ("sklearn.linear_model:Rigde", "no class 'Rigde'"),
        ("no_such_package:Model", "cannot be imported"),
        ("sklearn.linear_model:ridge_regression", "no class"),
        ("my_models_of_this_test:Mute", "no method predict"),
    ],
)
def test_what_is_no_estimator_is_refused(beside: Path, name: str, said: str) -> None:
    with pytest.raises(EstimatorInvalid, match=said):
        estimator_class(name, beside=beside)


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterUnknown, match="'alhpa'") as refusal:
        make_estimator(estimator_class("sklearn.linear_model:Ridge"), {"alhpa": 1}, seed=1)
    assert "alpha" in refusal.value.hint


def test_what_the_class_says_against_its_data_is_passed_on() -> None:
    with pytest.raises(EstimatorInvalid, match=r"Ridge fails: .*alpha"):
        fitted(estimator_class("sklearn.linear_model:Ridge"), alpha=-1.0)


def test_predictions_of_another_shape_are_refused(beside: Path) -> None:
    member = fitted(estimator_class("my_models_of_this_test:Flat", beside=beside))
    with pytest.raises(EstimatorInvalid, match=r"shape \(10, 2\) for 10 rows"):
        member.predict(ROWS)


def test_a_changed_file_is_never_opened(tmp_path: Path) -> None:
    """The content would write a file when unpickled; with the right digest it does."""
    mark = tmp_path / "opened"
    content = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    with pytest.raises(ArtifactDamaged, match="not the file that was trained here"):
        load_estimator(content, name="x", digest="0" * 64, source=Path("x.joblib"))
    assert not mark.exists()
    digest = hashlib.sha256(content).hexdigest()
    load_estimator(content, name="x", digest=digest, source=Path("x.joblib"))
    assert mark.exists()
