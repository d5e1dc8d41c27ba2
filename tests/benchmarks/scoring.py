"""CORR and MMC of many eras, and a whole validation from files.

    python tests/benchmarks/scoring.py [--json] [--scale v5.3]

The peer is numerai-tools under `groupby.apply`, as its README and Numerai's tutorials use it.
Ours computes CWMM and TB200 of the same eras on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import measure

if TYPE_CHECKING:
    import pandas as pd

ROWS = 5_500
VALIDATION_ROWS = 6_700
TARGET = "target_ender_60"


def make_frame(eras: int) -> pd.DataFrame:
    """Prediction, meta model and target of so many eras; the same in every process."""
    import pandas as pd

    generator = np.random.default_rng(0)
    count = eras * ROWS
    target = np.searchsorted([0.05, 0.25, 0.75, 0.95], generator.random(count)) / 4
    meta = generator.standard_normal(count) + 0.03 * target
    frame = pd.DataFrame(
        {
            "era": np.repeat([f"{era:04d}" for era in range(1, eras + 1)], ROWS),
            "prediction": 0.5 * meta + generator.standard_normal(count) + 0.03 * target,
            "meta_model": meta,
            TARGET: target,
        },
        index=[f"n{row:015x}" for row in range(count)],
    )
    frame.index.name = "id"
    return frame


def score_ours(frame: pd.DataFrame) -> measure.Outputs:
    from numeri_cli.scoring.era import Era
    from numeri_cli.scoring.scorecard import collect, score_era

    prediction = frame[["prediction"]].to_numpy()
    meta, target = frame["meta_model"].to_numpy(), frame[TARGET].to_numpy()
    eras = (
        Era(
            name=str(name), predictions=prediction[rows], target=target[rows], meta_model=meta[rows]
        )
        for name, rows in frame.groupby("era").indices.items()
    )
    card = collect([score_era(era) for era in eras], names=["prediction"])[0]
    return {"corr": card.score("corr"), "mmc": card.score("mmc")}


def score_peer(frame: pd.DataFrame) -> measure.Outputs:
    from numerai_tools.scoring import correlation_contribution, numerai_corr

    groups = frame.groupby("era")
    corr = groups.apply(lambda era: numerai_corr(era[["prediction"]], era[TARGET]))
    mmc = groups.apply(
        lambda era: correlation_contribution(era[["prediction"]], era["meta_model"], era[TARGET])
    )
    return {"corr": corr["prediction"].to_numpy(), "mmc": mmc["prediction"].to_numpy()}


def write_files(folder: Path, eras: int, features: int) -> None:
    """A validation file with its predictions, meta model and benchmark."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(1)
    count = eras * VALIDATION_ROWS
    ids = pa.array([f"n{row:015x}" for row in generator.permutation(count)])
    names = np.repeat([f"{1133 + era:04d}" for era in range(eras)], VALIDATION_ROWS)
    target = np.searchsorted([0.05, 0.25, 0.75, 0.95], generator.random(count)) / 4
    meta = generator.standard_normal(count) + 0.03 * target
    columns = {"id": ids, "era": pa.array(names), TARGET: pa.array(target.astype(np.float32))}
    for number in range(features):
        bins = generator.integers(0, 5, count, dtype=np.int8)
        columns[f"feature_{number:04d}"] = pa.array(bins)
    pq.write_table(pa.table(columns), folder / "validation.parquet", row_group_size=100_000)
    for name, column in (("meta_model", "numerai_meta_model"), ("bench", "bench")):
        values = meta if name == "meta_model" else meta + generator.standard_normal(count)
        pq.write_table(pa.table({"id": ids, column: values}), folder / f"{name}.parquet")
    prediction = 0.5 * meta + generator.standard_normal(count)
    pq.write_table(pa.table({"id": ids, "prediction": prediction}), folder / "a.parquet")


def validate_files(folder: Path) -> measure.Outputs:
    from numeri_cli.commands.validate.scores import score_sources
    from numeri_cli.commands.validate.validation import PredictionSource
    from numeri_cli.dataset.parquet import DataFile

    made = score_sources(
        [PredictionSource.of_file(folder / "a.parquet")],
        folder / "validation.parquet",
        target=TARGET,
        features=DataFile.open(folder / "validation.parquet").features,
        meta_model=folder / "meta_model.parquet",
        benchmark=(folder / "bench.parquet", "bench"),
    )
    card = made.cards[0]
    return {name: card.score(name) for name in ("corr", "mmc", "bmc", "cwmm", "fnc")}


def cases(scale: str) -> Sequence[measure.Case]:
    """v5.3: as many eras as its validation file has."""
    eras = 658 if scale == "v5.3" else 200
    validated = 86

    def frame(_: Path) -> pd.DataFrame:
        return make_frame(eras)

    return [
        measure.Case(
            f"corr_mmc_{eras}x{ROWS}",
            ours=measure.Side(frame, score_ours, ("pandas", "numeri_cli.scoring.scorecard")),
            peer=measure.Side(frame, score_peer, ("pandas", "numerai_tools.scoring")),
            tolerance=1e-9,
            repeats=3,
            memory_above="load",
            environment=measure.ONE_BLAS_THREAD,
            reference="numerai-tools 0.7.2 README: per-era scoring with groupby.apply",
        ),
        measure.Case(
            f"validate_{validated}x{VALIDATION_ROWS}_fnc400",
            ours=measure.Side(
                lambda folder: folder, validate_files, ("numeri_cli.commands.validate.scores",)
            ),
            peer=None,
            inputs=lambda folder: write_files(folder, validated, 400),
            repeats=1,
            remarks={"budget": {"wall_s": 60, "peak_mb": 1500}},
        ),
    ]


if __name__ == "__main__":
    measure.main(cases)
