from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numeri_cli.errors import EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.artifact import Artifact
from numeri_cli.learning.estimators.base import footprint_of, make_estimator
from numeri_cli.learning.estimators.user_class import FittedEstimator
from numeri_cli.learning.memory import TrainingShape
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EraWeights, EstimatorSpec, ModelSpec
from tests.support.data_versions import Sample, SampleMaker, workspace_of
from tests.support.heard import Heard

MODULE = "batch_models_of_this_test"
CLASSES = """
import numpy as np

class Diary:
    def __init__(self):
        self.seen = []

    def partial_fit(self, X, y, sample_weight=None):
        weight = None if sample_weight is None else sample_weight.tolist()
        self.seen.append((X.tolist(), y.tolist(), weight))
        X *= 0  # a batch is the class's own
        return self

    def predict(self, X):
        return X[:, 0] + self.seen[0][1][0]

class WholeDiary(Diary):
    def fit_eras(self, eras):
        self.length = len(eras)
        for era, X, y, weight in eras:
            self.seen.append((X.tolist(), y.tolist(), None if weight is None else weight.tolist()))
            self.names = [*getattr(self, "names", []), era]

class Unweighted:
    def partial_fit(self, X, y):
        return self

    def predict(self, X):
        return X[:, 0]

class Fails(Unweighted):
    def partial_fit(self, X, y):
        raise ValueError("the third era is odd")
"""
TARGET = "target_ender_20"


@pytest.fixture
def sample(make_sample: SampleMaker) -> Sample:
    return make_sample(eras=8, train_eras=6, stocks=12, unresolved=(2,))


@pytest.fixture
def workspace(sample: Sample, tmp_path: Path) -> Workspace:
    sys.modules.pop(MODULE, None)
    (tmp_path / f"{MODULE}.py").write_text(CLASSES)
    place = workspace_of(sample)
    return Workspace(place.home, place.tournament, place.dataset, profile=tmp_path / "numeri.toml")


def spec(name: str, *, epochs: int | None = None, shuffle: bool | None = None, **keys: object):  # type: ignore[no-untyped-def]  # a spec
    estimator = EstimatorSpec(name=f"{MODULE}:{name}", epochs=epochs, shuffle=shuffle)
    own = {"features": "all", "targets": (TARGET,), "neutralize": None}
    return ModelSpec(estimator=estimator, **own | keys)  # type: ignore[arg-type]


def diary(artifact: Artifact, member: int = 0) -> list[Any]:
    digests = {record.file: record.digest for record in artifact.contract.members}
    fitted = artifact.fitted(digests=digests, module_folder=None).members[member]
    assert isinstance(fitted, FittedEstimator)
    return list(fitted.estimator.seen)


def eras_of(sample: Sample) -> dict[int, tuple[Any, Any]]:
    """Era → its resolved rows and labels, as lists."""
    found = {}
    for era in (1, 3, 4, 5, 6):
        rows = sample.eras == era
        found[era] = (sample.cells[rows].astype(float).tolist(), sample.labels[rows].tolist())
    return found


def test_eras_stream_in_order_of_time_where_they_are_not_shuffled(
    sample: Sample, workspace: Workspace
) -> None:
    artifact = train("lighthouse", spec("Diary", epochs=2, shuffle=False), workspace)
    expected = [(*one, None) for one in eras_of(sample).values()]
    assert diary(artifact) == expected * 2


def test_fit_eras_gets_all_of_them_with_their_names_and_weights(
    sample: Sample, workspace: Workspace
) -> None:
    weights = EraWeights(half_life_eras=2)
    model = spec("WholeDiary", shuffle=False, epochs=2, era_weights=weights)
    artifact = train("lighthouse", model, workspace)
    seen = diary(artifact)
    ages = np.array([5, 3, 2, 1, 0]) / 2
    expected = 0.5**ages / np.mean(0.5**ages)
    for (cells, labels, weight), era, value in zip(
        seen[:5], eras_of(sample).values(), expected, strict=True
    ):
        assert (cells, labels) == era
        np.testing.assert_allclose(weight, value, rtol=1e-6)
    digests = {record.file: record.digest for record in artifact.contract.members}
    [member] = artifact.fitted(digests=digests).members
    assert isinstance(member, FittedEstimator)
    assert member.estimator.names == ["0001", "0003", "0004", "0005", "0006"] * 2
    assert member.estimator.length == 10


def rows_of(seen: list[Any]) -> list[Any]:
    """Each row with its label, in an order of its own."""
    return sorted(
        (tuple(row), label)
        for cells, labels, _ in seen
        for row, label in zip(cells, labels, strict=True)
    )


def test_shuffled_eras_are_whole_seeded_and_in_another_order_each_time(
    sample: Sample, workspace: Workspace
) -> None:
    model = spec("Diary", epochs=2, seeds=(1, 2))
    artifact = train("lighthouse", model, workspace)
    first, second = diary(artifact), diary(artifact, 1)
    again = train("lighthouse", model, workspace)
    assert diary(again) == first
    assert second != first
    whole = rows_of([(*one, None) for one in eras_of(sample).values()])
    for seen in (first[:5], first[5:], second[:5]):
        assert rows_of(seen) == whole
    assert first[:5] != first[5:]


def test_a_training_that_was_broken_off_keeps_its_finished_members_and_leaves_no_rows(
    workspace: Workspace,
) -> None:
    class Breaks(Heard):
        def task(self, label: str, *, total: float | None, unit: str):  # type: ignore[no-untyped-def]
            if label.endswith("seed 2"):
                raise KeyboardInterrupt
            return super().task(label, total=total, unit=unit)

    model = spec("Diary", seeds=(1, 2))
    with pytest.raises(KeyboardInterrupt):
        train("lighthouse", model, workspace, listener=Breaks())
    heard = Heard()
    train("lighthouse", model, workspace, listener=heard)
    assert f"lighthouse {TARGET} seed 1 is kept from the training before" in heard.said
    assert not list(workspace.artifacts("lighthouse").rglob("rows.bin"))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (spec("Unweighted", era_weights=EraWeights(equal=True)), "no sample weights"),
        (spec("Unweighted", seeds=(1, 2)), "predicts the same for the seeds 1 and 2"),
        (spec("Unweighted", seeds=(1, 2), shuffle=False), "2 times the same"),
        (spec("Fails"), "ValueError: the third era is odd"),
    ],
)
def test_what_a_class_cannot_do_is_told(workspace: Workspace, model: ModelSpec, said: str) -> None:
    with pytest.raises((EstimatorInvalid, ParameterUnknown), match=said):
        train("lighthouse", model, workspace)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (EstimatorSpec(name="sklearn.linear_model:Ridge", epochs=3), "Ridge has neither"),
        (EstimatorSpec(name="lightgbm", shuffle=False), "not for lightgbm"),
        (
            EstimatorSpec(name="sklearn.linear_model:SGDRegressor", params={"max_iter": 9}),
            "max_iter has no effect",
        ),
    ],
)
def test_a_key_that_would_have_no_effect_is_refused(estimator: EstimatorSpec, said: str) -> None:
    with pytest.raises(ParameterUnknown, match=said):
        make_estimator(estimator).check("lighthouse", seeds=(1,), early_stopping=False)


def test_sgd_regressor_learns_the_signal_from_the_stream(make_sample: SampleMaker) -> None:
    sample = make_sample()
    estimator = EstimatorSpec(
        name="sklearn.linear_model:SGDRegressor", params={"eta0": 0.001}, epochs=5
    )
    model = ModelSpec(
        features="all", targets=(TARGET,), neutralize=None, estimator=estimator, seeds=(1, 2)
    )
    artifact = train("lighthouse", model, workspace_of(sample))
    digests = {record.file: record.digest for record in artifact.contract.members}
    members = artifact.fitted(digests=digests).members
    later = ~sample.in_train
    predicted = [one.predict(sample.cells[later].astype(np.float32)) for one in members]
    for one in predicted:
        assert np.corrcoef(one, sample.labels[later])[0, 1] > 0.2
    assert not np.array_equal(predicted[0], predicted[1])


def test_what_streams_takes_the_memory_of_an_era() -> None:
    shape = TrainingShape(2_746_268, 3_555, five_valued=True)
    streamed = footprint_of(EstimatorSpec(name="sklearn.linear_model:SGDRegressor"), shape)
    whole = footprint_of(EstimatorSpec(name="sklearn.linear_model:Ridge"), shape)
    assert streamed.memory_bytes < 2e9
    assert whole.memory_bytes > 70e9
    assert whole.disk_bytes == 0
    assert 9e9 < streamed.disk_bytes < 10e9


MEMORY_DRIVER = """
import sys
from pathlib import Path
from tests.support.data_versions import sources_of, Sample
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.home import Home
from numeri_cli.model_spec import EstimatorSpec, ModelSpec
import sklearn.linear_model, joblib

def status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024

estimator = EstimatorSpec(name="sklearn.linear_model:SGDRegressor", params={"eta0": 1e-6})
spec = ModelSpec(features="all", targets=("target_ender_20",), neutralize=None, estimator=estimator)
before = status("VmHWM")
train("lighthouse", spec, Workspace(Home.find(), "practice", Path(sys.argv[1])))
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
def test_partial_fit_takes_a_small_part_of_what_the_rows_take(make_sample: SampleMaker) -> None:
    """36,000 × 1,000: 144 MB as floats, of which it sees 2 MB at a time."""
    sample = make_sample(eras=60, train_eras=60, stocks=600, features=1000, group_rows=5000)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY_DRIVER, str(sample.folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    extra_mb = float(done.stdout.split()[-1])
    assert extra_mb < 90
