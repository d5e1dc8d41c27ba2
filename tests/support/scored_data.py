"""A small data file with targets, and everything that is scored against it, in the real layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = "target_ender_20"
FEATURES = tuple(f"feature_{number:02d}" for number in range(8))


@dataclass(frozen=True)
class ScoredData:
    """Files on disk, and the same as frames indexed by id for the library."""

    folder: Path
    frame: pd.DataFrame  # era, target, features, and columns a, b, meta, bench

    @property
    def data(self) -> Path:
        return self.folder / "validation.parquet"

    @property
    def meta_model(self) -> Path:
        return self.folder / "meta_model.parquet"

    @property
    def benchmark(self) -> tuple[Path, str]:
        return self.folder / "validation_benchmark_models.parquet", "v53_lgbm_ender20"

    def predictions(self, name: str, *, suffix: str = ".parquet") -> Path:
        return self.folder / f"{name}{suffix}"


def write_scored_data(
    folder: Path, *, eras: int = 12, ids: int = 450, unresolved: int = 2
) -> ScoredData:
    """Eras 0601 and on; the last `unresolved` have no target; the meta model starts at the third.

    Prediction a is good and leans on feature_00, b is ties; ids are in no order.
    """
    generator = np.random.default_rng(9)
    count = eras * ids
    frame = pd.DataFrame(index=[f"n{n:015x}" for n in generator.permutation(count)])
    frame.index.name = "id"
    frame["era"] = np.repeat([f"{601 + n:04d}" for n in range(eras)], ids)
    frame["data_type"] = "validation"
    for name in FEATURES:
        frame[name] = generator.integers(0, 5, count).astype(np.int8)
    signal = generator.standard_normal(count) + 0.1 * frame["feature_00"].to_numpy()
    ranks = pd.Series(signal, index=frame.index).groupby(frame["era"]).rank(pct=True)
    bins = np.searchsorted([0.05, 0.25, 0.75, 0.95], ranks) / 4
    resolved = np.arange(count) < (eras - unresolved) * ids
    frame[TARGET] = np.where(resolved, bins, np.nan).astype(np.float32)
    noise = generator.standard_normal((4, count))
    lean = frame["feature_00"].to_numpy() * 0.3
    frame["a"] = 0.2 * signal + noise[0] + lean
    frame["b"] = (0.1 * signal + noise[1]).round(1)
    frame["meta"] = 0.1 * signal + noise[2]
    frame["bench"] = 0.1 * signal + noise[3]
    columns = ["era", "data_type", *FEATURES, TARGET]
    frame[columns].to_parquet(folder / "validation.parquet")
    late = frame[frame["era"] >= "0603"]
    meta = late[["era", "meta"]].rename(columns={"meta": "numerai_meta_model"})
    meta.to_parquet(folder / "meta_model.parquet")
    bench = frame[["era", "bench"]].rename(columns={"bench": "v53_lgbm_ender20"})
    bench.to_parquet(folder / "validation_benchmark_models.parquet")
    for name in ("a", "b"):
        made = frame[[name]].rename(columns={name: "prediction"})
        made = made.sample(frac=1, random_state=1)
        made.to_parquet(folder / f"{name}.parquet")
        made.to_csv(folder / f"{name}.csv")
    return ScoredData(folder, frame)
