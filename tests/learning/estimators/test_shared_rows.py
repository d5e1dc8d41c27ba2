"""Members share their rows, and none sees what another did to them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from numeri_cli.learning.estimators.any_class import AnyClass, MatrixTrainer
from numeri_cli.learning.estimators.base import FloatArray, MemberTask, TrainingSettings
from numeri_cli.model_spec import ModelSpec
from tests.support.data_versions import SampleMaker, labelled

CLASSES = """
import ctypes
import numpy as np

class Careful:
    def fit(self, X, y):
        self._learn(np.array(X), y)
        return self

    def _learn(self, X, y):
        X *= 2.0
        X += 1.0
        y -= y.mean()
        self.weights = X.T @ y

    def predict(self, X):
        X = np.array(X)
        X *= 2.0
        return X @ self.weights

class InPlace(Careful):
    def fit(self, X, y):
        self._learn(X, y)
        return self

    def predict(self, X):
        X *= 2.0
        return X @ self.weights

class PastTheLock(InPlace):
    def fit(self, X, y):
        kept = np.array(X, order="K")
        self._learn(kept, y)
        ctypes.memmove(X.ctypes.data, kept.ctypes.data, kept.nbytes)
        return self
"""


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    (tmp_path / "members_of_this_test.py").write_text(CLASSES)
    return tmp_path


@pytest.mark.parametrize("name", ["InPlace", "PastTheLock"])
def test_a_class_that_changes_its_data_in_place_spoils_no_other_member(
    make_sample: SampleMaker, beside: Path, name: str
) -> None:
    sample = make_sample()
    rows = labelled(sample, "train")
    settings = TrainingSettings(
        spec=ModelSpec(), features=sample.features, cache=beside, unfinished=beside
    )
    probe = np.random.default_rng(1).random((20, len(sample.features)), dtype=np.float32)

    def predictions(kind: str) -> list[FloatArray]:
        estimator = AnyClass(f"members_of_this_test:{kind}", {}, beside)
        trainer = estimator.trainer(rows.rows, settings)
        found = []
        shared = probe.copy()
        for seed in (1, 2, 3):
            task = MemberTask(label="x", target="t", seed=seed, rows=rows, weights=None)
            content = trainer.train(task).content
            member = estimator.load(
                content,
                features=sample.features,
                source=Path("x"),
                digest=sha256(content).hexdigest(),
            )
            found.append(member.predict(shared))
        np.testing.assert_array_equal(shared, probe)
        return found

    expected = predictions("Careful")
    for got, right in zip(predictions(name), expected, strict=True):
        np.testing.assert_array_equal(got, right)


def test_rows_are_copied_only_where_a_class_writes_into_them(
    make_sample: SampleMaker, beside: Path
) -> None:
    sample = make_sample()
    rows = labelled(sample, "train")
    settings = TrainingSettings(
        spec=ModelSpec(), features=sample.features, cache=beside, unfinished=beside
    )
    for kind, copies in (("Careful", False), ("InPlace", True)):
        estimator = AnyClass(f"members_of_this_test:{kind}", {}, beside)
        trainer = estimator.trainer(rows.rows, settings)
        assert isinstance(trainer, MatrixTrainer)
        trainer.train(MemberTask(label="x", target="t", seed=1, rows=rows, weights=None))
        assert trainer.needs_copies is copies
