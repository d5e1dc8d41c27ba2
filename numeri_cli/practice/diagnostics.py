"""The service's own validation: an uploaded file scored over the validation eras."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as arrow_compute
import pyarrow.parquet as arrow_parquet

from numeri_cli.practice.submission_check import IDS, VALUES, Unfit, read_table
from numeri_cli.scoring.scores import contribution, corr, exposures, fnc

FloatArray = npt.NDArray[np.float64]

TARGET = "target_ender_60"
BENCHMARK = "v53_lgbm_ender60"
META_MODEL = "numerai_meta_model"
NEUTRALIZED_SET = "fncv3_features"
ERAS = "invalid_submission_eras"
VERSION = "v5.3"


@dataclass(frozen=True)
class EraDiagnostics:
    """Scores of one era; None where a score has no meaning there."""

    era: str
    corr: float | None
    mmc: float | None
    bmc: float | None
    fnc_v3: float | None
    feature_corr_max: float | None
    example_corr: float | None


@dataclass(frozen=True)
class ValidationEra:
    """What the service knows of one era, rows in one order.

    features: (n_ids, n_features) of the neutralized set; meta_model, benchmark, example: (n_ids,)
    """

    era: str
    ids: npt.NDArray[Any]
    target: FloatArray
    features: npt.NDArray[np.float32]
    meta_model: FloatArray | None
    benchmark: FloatArray | None
    example: FloatArray | None


def evaluate(path: Path, dataset: Mapping[str, Path]) -> tuple[EraDiagnostics, ...]:
    """Score the file at `path` on every validation era whose target is known.

    dataset: path of every dataset file by its name
    Raises Unfit where the file cannot be scored; its text is the message.
    """
    ids, values = read_table(path)
    if not np.isfinite(values).all():
        raise Unfit(f"{VALUES}: predictions must not be missing")
    if len(set(ids)) != len(ids):
        raise Unfit(f"{IDS}: ids must not occur twice")
    given = dict(zip(ids, values, strict=True))
    found: list[EraDiagnostics] = []
    incomplete: list[str] = []
    for era in _validation_eras(dataset):
        known = [name in given for name in era.ids]
        if all(known):
            found.append(_scored(era, np.array([given[name] for name in era.ids])))
        elif any(known):
            incomplete.append(era.era)
    if incomplete:
        raise Unfit(f"{ERAS}: Incomplete eras uploaded: {incomplete}")
    if not found:
        raise Unfit(f"{IDS}: no validation era is in the file")
    return tuple(found)


def _scored(era: ValidationEra, prediction: FloatArray) -> EraDiagnostics:
    def contributed(other: FloatArray | None) -> float | None:
        if other is None:
            return None
        return _plain(contribution(prediction, other, era.target)[0])

    moves = exposures(prediction, era.features)[0]
    return EraDiagnostics(
        era=era.era,
        corr=_plain(corr(prediction, era.target)),
        mmc=contributed(era.meta_model),
        bmc=contributed(era.benchmark),
        fnc_v3=_plain(fnc(prediction, era.features, era.target)[0]),
        feature_corr_max=None if np.isnan(moves).all() else _plain(np.nanmax(np.abs(moves))),
        example_corr=None if era.example is None else _plain(_rank_corr(prediction, era.example)),
    )


def _rank_corr(first: FloatArray, second: FloatArray) -> float:
    return corr(first, second, target_power=1)


def _plain(value: float) -> float | None:
    """A number that JSON can hold."""
    return float(value) if np.isfinite(value) else None


def _validation_eras(dataset: Mapping[str, Path]) -> Iterator[ValidationEra]:
    sets = json.loads(dataset[f"{VERSION}/features.json"].read_text())["feature_sets"]
    features = sets[NEUTRALIZED_SET]
    names = ["id", "era", "data_type", TARGET, *features]
    table = arrow_parquet.read_table(dataset[f"{VERSION}/validation.parquet"], columns=names)
    table = table.filter(arrow_compute.is_valid(table[TARGET]))
    others = {
        META_MODEL: _column(dataset, "meta_model", META_MODEL),
        BENCHMARK: _column(dataset, "validation_benchmark_models", BENCHMARK),
        "prediction": _column(dataset, "validation_example_preds", "prediction"),
    }
    eras = np.asarray(table["era"].to_pylist(), dtype=object)
    for era in sorted(set(eras)):
        part = table.filter(eras == era)
        target = part[TARGET].to_numpy().astype(np.float64)
        if np.isnan(target).any():
            continue
        ids = np.asarray(part["id"].to_pylist(), dtype=object)
        yield ValidationEra(
            era=era,
            ids=ids,
            target=target,
            features=np.column_stack(
                [part[name].to_numpy().astype(np.float32) for name in features]
            ),
            meta_model=_joined(others[META_MODEL], ids),
            benchmark=_joined(others[BENCHMARK], ids),
            example=_joined(others["prediction"], ids),
        )


def _column(dataset: Mapping[str, Path], name: str, column: str) -> dict[str, float]:
    path = dataset[f"{VERSION}/{name}.parquet"]
    table = arrow_parquet.read_table(path, columns=["id", column])
    return dict(zip(table["id"].to_pylist(), table[column].to_pylist(), strict=True))


def _joined(values: Mapping[str, float], ids: npt.NDArray[Any]) -> FloatArray | None:
    if not all(name in values for name in ids):
        return None
    return np.array([values[name] for name in ids], dtype=np.float64)


def encoded(eras: tuple[EraDiagnostics, ...]) -> str:
    """As the store keeps it."""
    return json.dumps([asdict(era) for era in eras])


def decoded(text: str) -> tuple[EraDiagnostics, ...]:
    """What `encoded` wrote."""
    return tuple(EraDiagnostics(**era) for era in json.loads(text))
