"""`backtest` on the practice tournament: nothing within the purge is seen; a kill only costs time.

The small world has 60 eras of history.
"""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from numeri_cli.home import Home
from numeri_cli.learning.backtest import backtest
from numeri_cli.learning.workspace import Workspace
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.scores import corr
from tests.support.data_versions import model_spec
from tests.support.processes import await_words, fork
from tests.support.runner import PROFILE, Numeri
from tests.support.tournaments import template

TARGET = "target_ender_20"
MODEL = model_spec(
    features="all",
    targets=(TARGET,),
    data=("train", "validation"),
    params={"n_estimators": 20, "learning_rate": 0.2, "max_depth": 4, "min_data_in_leaf": 20},
)
FIRST_TESTED, PURGE = 31, 8
PARTS = ("train.parquet", "validation.parquet")


def workspace_of_world(folder: Path, *, leak_from: int | None = None) -> Workspace:
    """The practice world's files; from an era on, a feature decides its target."""
    folder.mkdir()
    files = World.open(template() / "world").files()
    for name in ("features.json", *PARTS):
        shutil.copy(files[f"v5.3/{name}"], folder / name)
        if leak_from is not None and name in PARTS:
            plant_leak(folder / name, first_era=leak_from)
    return Workspace(Home.find(), "practice", folder)


def plant_leak(path: Path, *, first_era: int) -> None:
    """In the eras from this one on, the target's own five bins in the order of one feature."""
    table = pq.read_table(path)
    eras = np.array(table.column("era").to_pylist(), dtype=int)
    labels = table.column(TARGET).to_numpy().copy()
    feature = next(name for name in table.column_names if name.startswith("feature_"))
    order = table.column(feature).to_numpy() + np.random.default_rng(3).uniform(0, 1.5, len(eras))
    for era in np.unique(eras[eras >= first_era]):
        rows = np.flatnonzero((eras == era) & ~np.isnan(labels))
        labels[rows[np.argsort(order[rows])]] = np.sort(labels[rows])
    place = table.column_names.index(TARGET)
    pq.write_table(table.set_column(place, TARGET, pa.array(labels)), path)


def walked(workspace: Workspace, *, purge: int | None = None) -> bytes:
    """The file of a backtest whose one window tests eras 31 to 60."""
    done = backtest("lighthouse", MODEL, workspace, window=FIRST_TESTED - 1, purge=purge)
    assert [step.test_eras[0] for step in done.windows] == [f"{FIRST_TESTED:04d}"]
    assert done.purge_eras == (PURGE if purge is None else purge)
    return done.path.read_bytes()


def score(content: bytes, workspace: Workspace) -> float:
    """Mean CORR with the target as it stands in the workspace's files."""
    frame = pq.read_table(pa.BufferReader(content)).to_pandas()
    data = [pq.read_table(workspace.dataset / name, columns=["id", TARGET]) for name in PARTS]
    known = pd.concat([table.to_pandas().reset_index() for table in data])
    joined = frame.merge(known[["id", TARGET]], on="id").dropna()
    eras = [
        corr(era["prediction"].to_numpy(), era[TARGET].to_numpy())
        for _, era in joined.groupby("era")
    ]
    assert len(eras) > 15
    return float(np.mean(eras))


def test_a_leak_in_the_practice_worlds_purged_eras_pays_without_the_purge_and_not_with_it(
    tmp_path: Path,
) -> None:
    clean = workspace_of_world(tmp_path / "clean")
    leaking = workspace_of_world(tmp_path / "leaking", leak_from=FIRST_TESTED - PURGE)
    purged = walked(leaking)
    assert score(walked(leaking, purge=0), leaking) > 0.3
    assert abs(score(purged, leaking)) < 0.2
    # Not one of the planted labels was looked at; with a purge one era shorter some were.
    assert purged == walked(clean)
    assert walked(leaking, purge=PURGE - 1) != walked(clean, purge=PURGE - 1)


LONGER = PROFILE.replace("n_estimators = 20", "n_estimators = 100").replace(
    "[models.lighthouse.estimator]",
    'data = ["train", "validation"]\n\n[models.lighthouse.estimator]',
)
WORDS = ("backtest", "--window", "10", "--verbose")


@pytest.mark.parametrize("place", ["binned_built", "window_1_done"])
def test_a_backtest_that_is_killed_goes_on_and_writes_the_same_file_byte_for_byte(
    numeri: Numeri, trained: Path, profile: Path, place: str
) -> None:
    profile.write_text(LONGER)
    output = trained / "data" / "predictions" / "practice" / "lighthouse-backtest.parquet"
    whole = numeri(*WORDS)
    assert whole.code == 0, whole.err
    assert whole.err.count("window_") == 5
    uninterrupted = output.read_bytes()
    output.unlink()
    shutil.rmtree(trained / "cache")

    running = fork("numeri_cli", *WORDS)
    await_words(running, place)
    running.send_signal(signal.SIGKILL)
    assert running.ended().code == -signal.SIGKILL
    assert not output.exists()

    again = numeri(*WORDS)
    assert again.code == 0, again.err
    assert output.read_bytes() == uninterrupted
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    if place == "window_1_done":
        assert "window_0_done" not in again.err
        assert "window_1_done" not in again.err
        assert "window_4_done" in again.err
