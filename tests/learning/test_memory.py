from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from numeri_cli.errors import MemoryShort
from numeri_cli.learning.estimators.lightgbm.footprint import peak_bytes
from numeri_cli.learning.memory import TrainingShape, available_bytes, check_disk, check_memory
from tests.support.memory_driver import write_wide

V53 = TrainingShape(rows=2_746_268, features=3_555, five_valued=True)


def test_the_estimate_for_all_of_v53_is_what_was_measured() -> None:
    """5.9 GB on two cores, row groups of 100,000 (tests/benchmarks/training.py --scale v5.3)."""
    assert 0.95 * 5.9e9 < peak_bytes(V53) < 1.05 * 5.9e9


def test_a_copy_for_a_window_and_held_out_rows_are_counted() -> None:
    assert peak_bytes(replace(V53, copied_rows=V53.rows)) > 1.5 * peak_bytes(V53)
    assert peak_bytes(replace(V53, held_out_rows=100_000)) > peak_bytes(V53) + 0.9e9


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300,000 rows of 256 features in 30 eras."""
    path = tmp_path_factory.mktemp("large") / "train.parquet"
    write_wide(path, rows=300_000, features=256, eras=30)
    return path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own figures")
@pytest.mark.parametrize("part", ["whole", "held out", "copied"])
def test_the_estimate_is_within_15_percent_of_what_a_training_takes(large: Path, part: str) -> None:
    words = [sys.executable, "-m", "tests.support.memory_driver", str(large), part]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    measured, estimated = map(float, done.stdout.split())
    assert estimated == pytest.approx(measured, rel=0.15)


def test_a_plan_that_fits_passes_and_one_that_does_not_passes_by_force() -> None:
    check_memory(V53, peak_bytes, available=8 * 10**9, force=False)
    check_memory(V53, peak_bytes, available=10**9, force=True)


def test_too_little_memory_is_refused_with_what_would_fit() -> None:
    with pytest.raises(MemoryShort, match="2,746,268 rows × 3,555 features") as refusal:
        check_memory(V53, peak_bytes, available=4 * 10**9, force=False)
    match = re.search(r"(\d+) features or era_stride = (\d+)", refusal.value.hint)
    assert match is not None
    features, stride = int(match[1]), int(match[2])
    fitting = [
        TrainingShape(V53.rows, features, five_valued=True),
        TrainingShape(V53.rows // stride, V53.features, five_valued=True),
    ]
    for shape in fitting:
        check_memory(shape, peak_bytes, available=4 * 10**9, force=False)
    for shape in (
        TrainingShape(V53.rows, features + 1, five_valued=True),
        TrainingShape(V53.rows // (stride - 1), V53.features, five_valued=True),
    ):
        with pytest.raises(MemoryShort):
            check_memory(shape, peak_bytes, available=4 * 10**9, force=False)


def test_a_machine_without_any_room_is_told_so() -> None:
    with pytest.raises(MemoryShort) as refusal:
        check_memory(V53, peak_bytes, available=10**6, force=False)
    assert "neither" in refusal.value.hint


def test_disk_is_asked_for_before_it_is_needed(tmp_path: Path) -> None:
    assert check_disk(1, tmp_path / "not" / "there", force=False)
    assert not check_disk(1e18, tmp_path, force=True)
    with pytest.raises(MemoryShort, match="of disk"):
        check_disk(1e18, tmp_path, force=False)


def test_this_machine_has_some_memory() -> None:
    assert 10**7 < available_bytes() < 10**14
