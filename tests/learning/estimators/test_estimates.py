"""What an engine says that it takes of memory, held against what it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from numeri_cli.learning.estimators.base import footprint_of
from numeri_cli.learning.memory import TrainingShape
from numeri_cli.model_spec import EstimatorSpec
from tests.support.data_versions import Sample, write_sample

# The process that is measured has what a training command has in it by then.
DRIVER = """
import sys
from pathlib import Path
import numeri_cli.cli.app, numeri_cli.commands.train
from numeri_cli.home import Home
from numeri_cli.learning.training import train
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import EstimatorSpec, ModelSpec

name = sys.argv[2]
params = {"n_estimators": 3, "max_depth": 5}
spec = ModelSpec(
    features="all",
    targets=("target_ender_20",),
    neutralize=None,
    estimator=EstimatorSpec(name=name, params=params),
)
train("lighthouse", spec, Workspace(Home.find(), "practice", Path(sys.argv[1])))
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmHWM"):
        print(int(line.split()[1]) * 1024)
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """60,000 × 500: 30 MB as bytes."""
    folder = tmp_path_factory.mktemp("estimates") / "v5.3"
    return write_sample(
        folder, eras=60, train_eras=60, stocks=1000, features=500, group_rows=20_000
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_the_estimate_is_within_a_seventh_of_the_measured_peak(name: str, sample: Sample) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(sample.folder), name],
        capture_output=True,
        text=True,
        check=True,
    )
    measured = int(done.stdout.split()[-1])
    spec = EstimatorSpec(name=name, params={"n_estimators": 3, "max_depth": 5})
    told = footprint_of(spec, TrainingShape(60_000, 500, five_valued=True)).memory_bytes
    assert 0.85 * measured < told < 1.15 * measured, (name, told / 1e6, measured / 1e6)
