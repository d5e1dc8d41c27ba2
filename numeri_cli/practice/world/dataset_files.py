"""Which files there are, and their contents: what never changes, and what each round has anew.

published/fixed/   features.json, train.parquet, train_benchmark_models.parquet, the churn pair
published/ERA/     the files of the round whose live era it is

Those of the field tell what models say; they are written once the field of models is there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from numeri_cli.files import disk_errors
from numeri_cli.practice.market.targets import ALIAS, TARGETS
from numeri_cli.practice.rivals.benchmarks import BENCHMARKS
from numeri_cli.practice.world.churn_pair import churn_pair
from numeri_cli.practice.world.eras import EraRecords
from numeri_cli.practice.world.parquet import (
    VERSION,
    write_data,
    write_example,
    write_features_json,
    write_predictions,
)

CHURN_FILES = ("churn_earlier.parquet", "churn_later.parquet")
FIXED_FILES = (
    "features.json",
    "train.parquet",
    "train_benchmark_models.parquet",
    *CHURN_FILES,
)
ROUND_FILES = (
    "validation.parquet",
    "live.parquet",
    "validation_benchmark_models.parquet",
    "live_benchmark_models.parquet",
    "meta_model.parquet",
    "validation_example_preds.parquet",
    "validation_example_preds.csv",
    "live_example_preds.parquet",
    "live_example_preds.csv",
)
FIELD_FILES = frozenset(
    name
    for name in (*FIXED_FILES, *ROUND_FILES)
    if name.startswith("meta_model") or "benchmark" in name or "example" in name
)
META_MODEL_COLUMN = "numerai_meta_model"
BENCHMARK_COLUMNS = tuple(model.name for model in BENCHMARKS)


def paths(root: Path, live_era: int) -> dict[str, Path]:
    """Where every dataset file of a round is, by its name, such as "v5.3/live.parquet"."""
    published = root / "published"
    return {
        **{f"{VERSION}/{name}": published / "fixed" / name for name in FIXED_FILES},
        **{f"{VERSION}/{name}": published / f"{live_era:04d}" / name for name in ROUND_FILES},
    }


def is_of_field(name: str) -> bool:
    """Whether a dataset file, such as "v5.3/meta_model.parquet", tells what models say."""
    return name.removeprefix(f"{VERSION}/") in FIELD_FILES


def fixed_works(root: Path, era_records: EraRecords) -> tuple[Callable[[], None], ...]:
    """What writes the files that need no model, and never change."""
    folder, definition = root / "published" / "fixed", era_records.definition
    sets = definition.features.sets(definition.settings.seed, definition.market.plan)
    return (
        partial(
            write_features_json,
            folder / "features.json",
            sets=sets,
            targets=(*TARGETS, ALIAS),
        ),
        partial(
            _write_data,
            folder / "train.parquet",
            era_records,
            eras=range(1, definition.settings.train_eras + 1),
        ),
    )


def fixed_field_works(root: Path, era_records: EraRecords) -> tuple[Callable[[], None], ...]:
    """What writes the organiser's walk-forward predictions of train, from the first chunk on."""
    settings = era_records.definition.settings
    eras = range(settings.chunk_eras + 1, settings.train_eras + 1)
    path = root / "published" / "fixed" / "train_benchmark_models.parquet"
    return (partial(_write_benchmarks, path, era_records, eras=eras),)


def churn_works(root: Path, era_records: EraRecords) -> tuple[Callable[[], None], ...]:
    """What writes the pair in which ids can be followed; nothing where it is there already.

    Not among the fixed works: a world that was made before there was such a pair gets it, too.
    """
    files = [root / "published" / "fixed" / name for name in CHURN_FILES]
    if all(map(Path.is_file, files)):
        return ()
    return (partial(_write_churn_pair, files, era_records),)


def round_works(root: Path, era_records: EraRecords) -> tuple[Callable[[], None], ...]:
    """What writes the data files of the live era, each alone, in any order."""
    folder, validation, live = _round(root, era_records)
    return (
        partial(_write_data, folder / "validation.parquet", era_records, eras=validation),
        partial(_write_data, folder / "live.parquet", era_records, eras=live),
    )


def round_field_works(root: Path, era_records: EraRecords) -> tuple[Callable[[], None], ...]:
    """What writes the live era's files of what models say, each alone, in any order."""
    folder, validation, live = _round(root, era_records)
    return (
        partial(
            _write_benchmarks,
            folder / "validation_benchmark_models.parquet",
            era_records,
            eras=validation,
        ),
        partial(
            _write_benchmarks, folder / "live_benchmark_models.parquet", era_records, eras=live
        ),
        partial(_write_meta_model, folder / "meta_model.parquet", era_records, eras=validation),
        partial(
            _write_example,
            folder,
            "validation_example_preds",
            era_records=era_records,
            eras=validation,
        ),
        partial(_write_example, folder, "live_example_preds", era_records=era_records, eras=live),
    )


def _round(root: Path, era_records: EraRecords) -> tuple[Path, range, range]:
    """The folder of the live era's files, the eras of validation, the live era."""
    live_era = era_records.live_era
    validation = range(era_records.definition.settings.train_eras + 1, live_era)
    return root / "published" / f"{live_era:04d}", validation, range(live_era, live_era + 1)


def drop_rounds_but(root: Path, live_era: int) -> None:
    """Remove the files of other rounds than the one in force."""
    for folder in (root / "published").glob("[0-9]*"):
        if folder.name != f"{live_era:04d}":
            with disk_errors(folder):
                shutil.rmtree(folder)


def _write_data(path: Path, era_records: EraRecords, *, eras: range) -> None:
    write_data(
        path,
        map(era_records.rows, eras),
        features=era_records.definition.features.names,
        targets=(*TARGETS, ALIAS),
    )


def _write_churn_pair(files: list[Path], era_records: EraRecords) -> None:
    definition = era_records.definition
    for path, rows in zip(
        files,
        churn_pair(definition.settings, definition.market, features=definition.features),
        strict=True,
    ):
        write_data(path, [rows], features=definition.features.names, targets=(*TARGETS, ALIAS))


def _write_benchmarks(path: Path, era_records: EraRecords, *, eras: range) -> None:
    write_predictions(path, map(era_records.benchmark_rows, eras), columns=BENCHMARK_COLUMNS)


def _write_meta_model(path: Path, era_records: EraRecords, *, eras: range) -> None:
    rows = map(era_records.meta_rows, eras)
    write_predictions(path, rows, columns=(META_MODEL_COLUMN,), data_type=True)


def _write_example(folder: Path, name: str, *, era_records: EraRecords, eras: range) -> None:
    write_example(folder, name, eras=[era_records.example_rows(era) for era in eras])
