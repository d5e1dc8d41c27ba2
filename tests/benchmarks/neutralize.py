"""Neutralization of one era against 780 and 2,748 features, and FNC of many eras from a file.

    python tests/benchmarks/neutralize.py [--json] [--scale v5.3]

The peer is `numerai_tools.scoring.neutralize`, called as in its documentation. CPU is compared
with one BLAS thread on both sides; the cases `…_all_threads` show the wall time with all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import measure

ROWS = 6_000
FNC_ROWS = 6_700
FNC_FEATURES = 3_555
TARGET = "target_ender_60"


def make_era(features: int) -> tuple[np.ndarray, np.ndarray]:
    """A prediction and bins 0–4 with common factors, as real features have them."""
    generator = np.random.default_rng(2)
    factors = generator.standard_normal((ROWS, 40)).astype(np.float32)
    loadings = generator.standard_normal((40, features)).astype(np.float32) / 6
    noise = generator.standard_normal((ROWS, features), dtype=np.float32)
    bins = np.clip(np.rint(1.2 * (factors @ loadings + noise) + 2), 0, 4).astype(np.int8)
    return generator.standard_normal(ROWS) + factors[:, 0], bins


def neutralize_ours(era: tuple[np.ndarray, np.ndarray]) -> measure.Outputs:
    from numeri_cli.scoring.neutral import neutralize

    return {"neutral": neutralize(*era)}


def frames(features: int) -> tuple[object, object]:
    import pandas as pd

    prediction, bins = make_era(features)
    ids = [f"n{row:015x}" for row in range(ROWS)]
    return pd.DataFrame({"p": prediction}, index=ids), pd.DataFrame(bins, index=ids)


def neutralize_peer(era) -> measure.Outputs:  # type: ignore[no-untyped-def]  # two pandas frames
    from numerai_tools.scoring import neutralize

    return {"neutral": neutralize(*era)["p"].to_numpy()}


def write_wide_file(folder: Path, eras: int) -> None:
    """Era after era, so that writing needs little memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(3)
    names = [f"feature_{number:04d}" for number in range(FNC_FEATURES)]
    kinds = [("id", pa.string()), ("era", pa.string()), (TARGET, pa.float32())]
    schema = pa.schema([*kinds, *((name, pa.int8()) for name in names)])
    made = []
    with pq.ParquetWriter(folder / "validation.parquet", schema) as writer:
        for era in range(eras):
            ids = [f"n{era * FNC_ROWS + row:015x}" for row in range(FNC_ROWS)]
            bins = generator.integers(0, 5, (FNC_FEATURES, FNC_ROWS), dtype=np.int8)
            target = generator.integers(0, 5, FNC_ROWS).astype(np.float32) / 4
            columns = [pa.array(ids), pa.array([f"{1133 + era:04d}"] * FNC_ROWS), pa.array(target)]
            writer.write_table(pa.table([*columns, *map(pa.array, bins)], schema=schema))
            made.append(pa.table({"id": ids, "prediction": generator.random(FNC_ROWS)}))
    pq.write_table(pa.concat_tables(made), folder / "a.parquet")


def fnc_of_file(folder: Path) -> measure.Outputs:
    from numeri_cli.commands.validate.scores import score_sources
    from numeri_cli.commands.validate.validation import PredictionSource
    from numeri_cli.dataset.parquet import DataFile

    data = folder / "validation.parquet"
    source = PredictionSource.of_file(folder / "a.parquet")
    made = score_sources([source], data, target=TARGET, features=DataFile.open(data).features)
    return {"fnc": made.cards[0].score("fnc")}


def neutralize_case(features: int, *, threads: str) -> measure.Case:
    one = threads == "one"
    return measure.Case(
        f"neutralize_{ROWS}x{features}" + ("" if one else "_all_threads"),
        ours=measure.Side(
            lambda _: make_era(features), neutralize_ours, ("numeri_cli.scoring.neutral",)
        ),
        peer=measure.Side(
            lambda _: frames(features), neutralize_peer, ("pandas", "numerai_tools.scoring")
        ),
        tolerance=1e-9,
        repeats=5 if one else 1,
        memory_above="load",
        environment=measure.ONE_BLAS_THREAD if one else {},
        reference="numerai-tools 0.7.2, scoring.neutralize",
    )


def cases(scale: str) -> Sequence[measure.Case]:
    """v5.3: FNC over 86 eras instead of 6; the memory does not depend on it."""
    eras = 86 if scale == "v5.3" else 6
    fnc = measure.Case(
        f"fnc_{eras}x{FNC_ROWS}x{FNC_FEATURES}",
        ours=measure.Side(
            lambda folder: folder, fnc_of_file, ("numeri_cli.commands.validate.scores",)
        ),
        peer=None,
        inputs=lambda folder: write_wide_file(folder, eras),
        repeats=1,
        remarks={"budget": {"peak_mb": 1000}},
    )
    sizes = (780, 2_748)
    return [
        *(neutralize_case(size, threads="one") for size in sizes),
        *(neutralize_case(size, threads="all") for size in sizes),
        fnc,
    ]


if __name__ == "__main__":
    measure.main(cases)
