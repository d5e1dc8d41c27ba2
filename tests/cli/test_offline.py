"""What needs no server works without one."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.support.runner import Numeri


def test_files_are_scored_without_a_server_and_nobody_waits_for_it(
    numeri: Numeri, profile: Path, practice: Path
) -> None:
    text = profile.read_text().replace('"practice"', '"http://127.0.0.1:1"')
    # who tried again would wait for minutes
    wire = "backoff_start_seconds = 600\nbackoff_max_seconds = 600"
    profile.write_text(f"{text}\n[wire]\n{wire}\n")
    fixed = next(practice.rglob("published/fixed"))
    model = pq.read_table(fixed / "train_benchmark_models.parquet")
    column = next(name for name in model.column_names if name not in ("era", "data_type", "id"))
    table = model.select(["id", column]).rename_columns(["id", "prediction"])
    pq.write_table(table, "mine.parquet")
    began = time.monotonic()
    words = ("validate", "mine.parquet", "--data", fixed / "train.parquet")
    said = numeri(*words, "--target", "target_ender_60", "--json")
    assert said.code == 0, said
    assert time.monotonic() - began < 240
    assert said.data["payout"] is None
    assert said.data["sources"][0]["churn"] is None
    assert said.data["sources"][0]["scores"]["corr"]["eras"] == said.data["eras"] > 20
    assert "going on without the payout" in numeri(*words, "--target", "target_ender_60").err
