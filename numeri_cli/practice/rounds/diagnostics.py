"""The service's own validation: an uploaded file scored over the validation eras.

It answers from what the world itself knows, not from the files it has published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.practice.participants.check import IDS, VALUES, Unfit, read_table
from numeri_cli.practice.world.eras import EraRecords
from numeri_cli.scoring.scores import contribution, corr, exposures, fnc

FloatArray = npt.NDArray[np.float64]

TARGET = "target_ender_60"
BENCHMARK = "v53_lgbm_ender60"
NEUTRALIZED_SET = "fncv3_features"
TOP_BOTTOM = 200
ERAS = "invalid_submission_eras"


@dataclass(frozen=True, kw_only=True)
class EraDiagnostics:
    """Scores of one era; None where a score has no meaning there.

    corr_tb200, mmc_tb200, bmc_tb200: on the 200 highest and 200 lowest alone
    """

    era: str
    corr: float | None
    mmc: float | None
    bmc: float | None
    fnc_v3: float | None
    feature_corr_max: float | None
    example_corr: float | None
    corr_tb200: float | None = None
    mmc_tb200: float | None = None
    bmc_tb200: float | None = None

    @property
    def top_bottom(self) -> EraDiagnostics:
        """This era by its extremes alone: corr, mmc and bmc."""
        return EraDiagnostics(
            era=self.era,
            corr=self.corr_tb200,
            mmc=self.mmc_tb200,
            bmc=self.bmc_tb200,
            fnc_v3=None,
            feature_corr_max=None,
            example_corr=None,
        )


@dataclass(frozen=True, kw_only=True)
class ValidationEra:
    """What the service knows of one era, rows in one order.

    features: (n_ids, n_features) of the neutralized set; meta_model, benchmark, example: (n_ids,)
    """

    era: str
    ids: npt.NDArray[np.str_]
    target: FloatArray
    features: npt.NDArray[np.int8]
    meta_model: FloatArray
    benchmark: FloatArray
    example: FloatArray


def evaluate(path: Path, era_records: EraRecords) -> tuple[EraDiagnostics, ...]:
    """Score the file at `path` on every validation era whose target is known.

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
    for era in _validation_eras(era_records):
        prediction = _of_ids(given, era.ids)
        if not np.isnan(prediction).any():
            found.append(_scored(era, prediction))
        elif not np.isnan(prediction).all():
            incomplete.append(era.era)
    if incomplete:
        raise Unfit(f"{ERAS}: Incomplete eras uploaded: {incomplete}")
    if not found:
        raise Unfit(f"{IDS}: no validation era is in the file")
    return tuple(found)


def _of_ids(given: dict[Any, float], ids: npt.NDArray[np.str_]) -> FloatArray:
    """(n_ids,), NaN where the file has no such id."""
    return np.array([given.get(name, np.nan) for name in ids.tolist()])


def _scored(era: ValidationEra, prediction: FloatArray) -> EraDiagnostics:
    moves = exposures(prediction, era.features)[0]

    def against(model: FloatArray, *, top_bottom: int | None = None) -> float | None:
        return plain(contribution(prediction, model, target=era.target, top_bottom=top_bottom)[0])

    return EraDiagnostics(
        era=era.era,
        corr=plain(corr(prediction, era.target)),
        mmc=against(era.meta_model),
        bmc=against(era.benchmark),
        fnc_v3=plain(fnc(prediction, era.features, target=era.target)[0]),
        feature_corr_max=None if np.isnan(moves).all() else plain(np.nanmax(np.abs(moves))),
        example_corr=plain(corr(prediction, era.example, target_power=1)),
        corr_tb200=plain(corr(prediction, era.target, top_bottom=TOP_BOTTOM)),
        mmc_tb200=against(era.meta_model, top_bottom=TOP_BOTTOM),
        bmc_tb200=against(era.benchmark, top_bottom=TOP_BOTTOM),
    )


def plain(value: float) -> float | None:
    """A number that JSON can hold, None for what is none."""
    return float(value) if np.isfinite(value) else None


def _validation_eras(era_records: EraRecords) -> Iterator[ValidationEra]:
    definition = era_records.definition
    sets = definition.features.sets(definition.settings.seed, definition.market.plan)
    neutralized = np.isin(definition.features.names, sets[NEUTRALIZED_SET])
    for era in range(definition.settings.train_eras + 1, era_records.live_era):
        if era_records.data_type(era) == "validation":
            yield ValidationEra(
                era=f"{era:04d}",
                ids=era_records.ids(era),
                target=era_records.target(era, TARGET).astype(np.float64),
                features=era_records.features(era)[neutralized].T,
                meta_model=era_records.meta_model(era),
                benchmark=era_records.benchmark_predictions(era)[BENCHMARK],
                example=era_records.example_rows(era).columns[0],
            )


def encoded(eras: tuple[EraDiagnostics, ...]) -> str:
    """As the store keeps it."""
    return json.dumps([asdict(era) for era in eras])


def decoded(text: str) -> tuple[EraDiagnostics, ...]:
    """What `encoded` wrote."""
    return tuple(EraDiagnostics(**era) for era in json.loads(text))
