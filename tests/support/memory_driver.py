"""A training with LightGBM in a process of its own: what it takes of memory, and the estimate.

python -m tests.support.memory_driver FILE "whole" | "held out" | "copied"
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = "target_ender_20"
PARAMS: dict[str, object] = {"n_estimators": 2, "min_data_in_leaf": 50}


def write_wide(path: Path, *, rows: int, features: int, eras: int) -> None:
    """Bins from 0 to 4 in row groups of 100,000; 16 columns over and over, shifted."""
    rng = np.random.default_rng(0)
    block = rng.integers(0, 5, (16, rows)).astype(np.int8)
    columns: dict[str, object] = {
        "id": [f"n{number:015x}" for number in range(rows)],
        "era": [f"{1 + number * eras // rows:04d}" for number in range(rows)],
    }
    columns |= {f"feature_{n:03d}": np.roll(block[n % 16], 977 * n) for n in range(features)}
    columns[TARGET] = rng.random(rows).astype(np.float32)
    pq.write_table(pa.table(columns), path, row_group_size=100_000)


def main(file: Path, part: str) -> None:
    """Train on all rows; or on two thirds, with a third held out, or chosen out of all of them."""
    from numeri_cli.dataset.parquet import DataFile
    from numeri_cli.learning.estimators.base import MemberTask, TrainingSettings
    from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
    from numeri_cli.learning.estimators.lightgbm.footprint import peak_bytes
    from numeri_cli.learning.held_out import HeldOut
    from numeri_cli.learning.memory import TrainingShape
    from numeri_cli.learning.rows import open_sources, rows_of_eras, with_target
    from numeri_cli.model_spec import ModelSpec

    data = DataFile.open(file)
    sources = open_sources([(data, "digest")])
    eras = sources[0].eras
    first, last = eras[: 2 * len(eras) // 3], eras[2 * len(eras) // 3 :]
    whole = rows_of_eras(sources, eras)
    rows = with_target(whole if part == "whole" else rows_of_eras(sources, first), TARGET)
    held_out = rows_of_eras(sources, last) if part == "held out" else None
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(
            spec=ModelSpec(),
            features=data.features,
            cache=Path(folder),
            unfinished=Path(folder) / "unfinished",
            held_out=HeldOut(held_out, data.features) if held_out else None,
            whole=whole if part == "copied" else None,
            force=True,
        )
        trainer = LightGBM(PARAMS).trainer(rows.rows, settings)
        task = MemberTask(label="x", target=TARGET, seed=1, rows=rows, weights=None)
        trainer.train(task)
    shape = TrainingShape(
        whole.count if part == "copied" else rows.rows.count,
        len(data.features),
        five_valued=True,
        held_out_rows=held_out.count if held_out else 0,
        copied_rows=rows.rows.count if part == "copied" else 0,
    )
    print(_peak_bytes(), peak_bytes(shape))


def _peak_bytes() -> int:
    """The most that this process has held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
