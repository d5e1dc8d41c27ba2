from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.estimators.any_class import AnyClass, MatrixTrainer
from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings
from numeri_cli.learning.estimators.user_class import (
    FittedEstimator,
    estimator_class,
    fit_object,
    make_object,
)
from numeri_cli.model_spec import ModelSpec
from tests.support.data_versions import Sample, SampleMaker, labelled

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

class Base:
    def __init__(self, *, random_state=None, depth=3):
        self.random_state, self.depth = random_state, depth

class Hidden(Base):
    def __init__(self, *, objective="squares", **more):
        super().__init__(**more)

    def fit(self, X, y):
        self.weights = np.random.default_rng(self.random_state).normal(size=X.shape[1])
        return self

    def predict(self, X):
        return X @ self.weights

class Deaf(Hidden):
    def fit(self, X, y):
        self.weights = np.arange(X.shape[1])
        return self

class Open:
    def __init__(self, **more):
        self.more = more

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, 0]

class Named(Flat):
    def __init__(self, random_state=None, random_seed=None, seed=None, bagging_seed=None):
        self.given = random_state, random_seed

class Mute:
    def fit(self, X, y):
        return self
"""
ROWS = np.arange(20, dtype=np.float32).reshape(10, 2)
LABELS = np.linspace(0, 1, 10, dtype=np.float32)
ROWS_OF_TEN = np.arange(100, dtype=np.float32).reshape(10, 10)
GROUPS = np.repeat(np.arange(2, dtype=np.int32), 5)


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    (tmp_path / "my_models_of_this_test.py").write_text(OWN_CLASS)
    return tmp_path


def fitted(kind: type, weights: bool = False, **params: object) -> FittedEstimator:
    return fit_object(
        make_object(kind, params, seed=4),
        ROWS,
        LABELS,
        weights=np.ones(10, dtype=np.float32) if weights else None,
        groups=GROUPS,
        name=kind.__name__,
    )


@pytest.mark.core
def test_a_class_of_scikit_learn_is_found_fitted_and_kept(
    make_sample: SampleMaker, tmp_path: Path
) -> None:
    sample = make_sample()
    rows = labelled(sample, "train")
    ridge = AnyClass("sklearn.linear_model:Ridge", {"alpha": 0.5})
    settings = TrainingSettings(
        spec=ModelSpec(), features=sample.features, cache=tmp_path, unfinished=tmp_path
    )
    trainer = ridge.trainer(rows.rows, settings)
    assert isinstance(trainer, MatrixTrainer)
    task = MemberTask(label="x", target="target_ender_20", seed=1, rows=rows, weights=None)
    content = trainer.train(task).content
    digest = hashlib.sha256(content).hexdigest()
    again = ridge.load(
        content, features=sample.features, source=Path("ridge.joblib"), digest=digest
    )
    member = fit_object(
        make_object(estimator_class(ridge.name), ridge.params, seed=1),
        trainer.matrix,
        rows.labels,
        weights=None,
        groups=rows.rows.codes,
        name="Ridge",
    )
    np.testing.assert_array_equal(again.predict(ROWS_OF_TEN), member.predict(ROWS_OF_TEN))
    fitted_to_line = fitted(estimator_class("sklearn.linear_model:Ridge"), alpha=0.5)
    assert np.corrcoef(fitted_to_line.predict(ROWS), LABELS)[0, 1] > 0.99


def test_a_class_beside_the_profile_gets_seed_weights_and_groups(beside: Path) -> None:
    kind = estimator_class("my_models_of_this_test:Mean", module_folder=beside)
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
        estimator_class(name, module_folder=beside)


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterUnknown, match="'alhpa'") as refusal:
        make_object(estimator_class("sklearn.linear_model:Ridge"), {"alhpa": 1}, seed=1)
    assert "alpha" in refusal.value.hint


def test_what_the_class_says_against_its_data_is_passed_on() -> None:
    with pytest.raises(EstimatorInvalid, match=r"Ridge fails: .*alpha"):
        fitted(estimator_class("sklearn.linear_model:Ridge"), alpha=-1.0)


def test_predictions_of_another_shape_are_refused(beside: Path) -> None:
    member = fitted(estimator_class("my_models_of_this_test:Flat", module_folder=beside))
    with pytest.raises(EstimatorInvalid, match=r"shape \(10, 2\) for 10 rows"):
        member.predict(ROWS)


def opened(content: bytes, *, digest: str | None) -> FittedEstimator:
    estimator = AnyClass("nobody:Model", {})
    return estimator.load(content, features=(), source=Path("x.joblib"), digest=digest)


def test_a_changed_file_is_never_opened(tmp_path: Path) -> None:
    """The content would write a file when unpickled; with the right digest it does."""
    mark = tmp_path / "opened"
    content = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    with pytest.raises(ArtifactDamaged, match="not the file that was trained here"):
        opened(content, digest="0" * 64)
    with pytest.raises(ArtifactDamaged, match="not the file that was trained here"):
        opened(content, digest=None)
    assert not mark.exists()
    digest = hashlib.sha256(content).hexdigest()
    opened(content, digest=digest)
    assert mark.exists()


def members(sample: Sample, beside: Path, name: str) -> list[bytes]:
    """Of two seeds."""
    estimator = AnyClass(f"my_models_of_this_test:{name}", {}, beside)
    estimator.check("lighthouse", seeds=(1, 2), early_stopping=False)
    rows = labelled(sample, "train")
    settings = TrainingSettings(
        spec=ModelSpec(seeds=(1, 2)), features=sample.features, cache=beside, unfinished=beside
    )
    trainer = estimator.trainer(rows.rows, settings)
    tasks = [MemberTask(label="x", target="t", seed=n, rows=rows, weights=None) for n in (1, 2)]
    return [trainer.train(task).content for task in tasks]


def test_a_seed_reaches_a_class_that_hides_it_in_its_further_keywords(
    make_sample: SampleMaker, beside: Path
) -> None:
    kind = estimator_class("my_models_of_this_test:Hidden", module_folder=beside)
    assert make_object(kind, {}, seed=4).random_state == 4
    first, second = members(make_sample(), beside, "Hidden")
    assert first != second


@pytest.mark.parametrize("name", ["seed", "random_seed", "bagging_seed"])
def test_another_name_of_the_seed_is_not_fixed_for_several_seeds(beside: Path, name: str) -> None:
    estimator = AnyClass("my_models_of_this_test:Named", {name: 7}, beside)
    with pytest.raises(ParameterUnknown, match="2 `seeds` of lighthouse") as refusal:
        estimator.check("lighthouse", seeds=(1, 2), early_stopping=False)
    assert name in refusal.value.hint
    estimator.check("lighthouse", seeds=(1,), early_stopping=False)


def test_a_seed_under_another_name_is_the_only_one_that_the_class_gets(beside: Path) -> None:
    kind = estimator_class("my_models_of_this_test:Named", module_folder=beside)
    assert make_object(kind, {"random_seed": 7}, seed=4).given == (None, 7)
    assert make_object(kind, {"bagging_seed": 7}, seed=4).given == (4, None)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Flat", "3 times the same my_models_of_this_test:Flat: it has no parameter random_state"),
        ("Open", "it has no parameter random_state"),
    ],
)
def test_several_seeds_for_a_class_that_takes_none_are_refused(
    beside: Path, name: str, said: str
) -> None:
    estimator = AnyClass(f"my_models_of_this_test:{name}", {}, beside)
    with pytest.raises(ParameterUnknown, match=said):
        estimator.check("lighthouse", seeds=(1, 2, 3), early_stopping=False)
    estimator.check("lighthouse", seeds=(1,), early_stopping=False)


def test_a_seed_in_the_parameters_of_a_class_is_not_varied_without_a_word(beside: Path) -> None:
    estimator = AnyClass("my_models_of_this_test:Mean", {"random_state": 7}, beside)
    with pytest.raises(ParameterUnknown, match="2 `seeds` of lighthouse"):
        estimator.check("lighthouse", seeds=(1, 2), early_stopping=False)
    estimator.check("lighthouse", seeds=(1,), early_stopping=False)


def test_a_class_that_takes_a_seed_and_never_uses_it_is_refused_at_its_second_member(
    make_sample: SampleMaker, beside: Path
) -> None:
    with pytest.raises(EstimatorInvalid, match="Deaf predicts the same for the seeds 1 and 2"):
        members(make_sample(), beside, "Deaf")


@pytest.mark.parametrize("name", ["n_jobs", "thread_count", "nthread"])
def test_more_threads_than_any_machine_has_are_refused_by_name(name: str) -> None:
    class Many:
        def __init__(self, **more: object) -> None:
            raise AssertionError(f"made with {more}")

    with pytest.raises(ParameterUnknown, match=f"{name} = 100000 is beyond"):
        make_object(Many, {name: 100_000}, seed=1)
