"""A model's plan, targets × seeds, on its data → the members of an ensemble."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from numeri_cli.dataset.eras import before_purge, era_number
from numeri_cli.dataset.parquet import float_column
from numeri_cli.errors import MemoryShort, ParameterUnknown, UsageProblem
from numeri_cli.learning.estimators.any_class import (
    Fitted,
    FittedLightGBM,
    dump_estimator,
    estimator_class,
    fit_estimator,
    load_estimator,
    make_estimator,
)
from numeri_cli.learning.estimators.lightgbm.binned import (
    BLOCK_COLUMNS,
    build_binned,
    subset,
)
from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache
from numeri_cli.learning.estimators.lightgbm.legs import (
    BoosterOrder,
    train_booster,
)
from numeri_cli.learning.estimators.lightgbm.parameters import (
    DEFAULT_TREES,
    lgb,
    lightgbm_parameters,
    value_of,
)
from numeri_cli.learning.held_out import PATIENCE_TREES, EraCorrJudge, HeldOut
from numeri_cli.learning.matrix import float_matrix
from numeri_cli.learning.memory import (
    GIGABYTE,
    Shape,
    available_bytes,
    check_disk,
    check_memory,
)
from numeri_cli.learning.plan import LIGHTGBM, EraWeights, ModelPlan
from numeri_cli.learning.rows import LabelledRows, Rows, Source, rows_of_eras, with_target
from numeri_cli.progress import SILENT, Listener


@dataclass(frozen=True)
class TrainingSet:
    """The data of a plan: opened, chosen, purged.

    eras: those that train; held_out_eras: those that stop the training early
    """

    sources: tuple[Source, ...]
    features: tuple[str, ...]
    eras: tuple[str, ...]
    held_out_eras: tuple[str, ...] = ()

    @property
    def five_valued(self) -> bool:
        """Whether every feature is a whole number in the file, so that half a byte holds it."""
        fields = [s.data.schema.field(name).type for s in self.sources for name in self.features]
        return all(pa.types.is_integer(kind) for kind in fields)


@dataclass(frozen=True)
class Member:
    """A trained member, as it goes into a file."""

    file: str
    content: bytes
    target: str
    seed: int
    rows: int
    dropped_rows: int
    trees: int

    def fitted(self, plan: ModelPlan, features: tuple[str, ...], *, beside: Path | None) -> Fitted:
        """The member itself, fresh from its training."""
        source = Path(self.file)
        if plan.estimator == LIGHTGBM:
            text = self.content.decode()
            return FittedLightGBM.parse(text, features=features, source=source)
        digest = hashlib.sha256(self.content).hexdigest()
        return load_estimator(
            self.content, name=plan.estimator, digest=digest, source=source, beside=beside
        )


@dataclass(frozen=True)
class Workplace:
    """Where a training works.

    cache: of binned data
    unfinished: the folder of legs
    beside: where else an estimator's module is looked for
    whole: rows that hold all that will be trained on here, so that one binned file serves
    """

    cache: BinnedCache
    unfinished: Path
    beside: Path | None = None
    whole: Rows | None = None
    force: bool = False
    listener: Listener = SILENT


def hold_out(
    eras: Sequence[str], *, held_out: int, purge: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The eras that train and the last ones that stop it early, purged in between."""
    if not held_out:
        return tuple(eras), ()
    last = tuple(eras[-held_out:])
    train = before_purge(eras[:-held_out], first_test_era=last[0], purge=purge)
    if not train:
        raise UsageProblem(
            f"holding out {held_out} of {len(eras)} eras, {purge} purged, leaves none to train on",
            hint="hold out fewer, or take more data",
        )
    return train, last


def parameters(plan: ModelPlan, seed: int) -> dict[str, Any]:
    """A LightGBM booster's parameters: the plan's, our defaults, the seed unless the plan has one.

    Raises ParameterUnknown.
    """
    params = lightgbm_parameters(plan.params)
    trees = value_of(params, "num_iterations", DEFAULT_TREES)
    if not isinstance(trees, int) or trees < 1:
        raise ParameterUnknown(
            f"{trees!r} is no number of trees",
            hint="n_estimators in params has to be a whole number, 1 or more",
        )
    if value_of(params, "seed", None) is None:
        return params | {"seed": seed}
    if len(plan.seeds) > 1:
        raise ParameterUnknown(
            f"params give the seed that the {len(plan.seeds)} `seeds` of {plan.name} are to vary",
            hint="leave the seed out of params, or name one seed",
        )
    return params


def train_members(plan: ModelPlan, data: TrainingSet, place: Workplace) -> tuple[Member, ...]:
    """Train targets × seeds, in this order.

    Raises ParameterUnknown, TargetUnknown, TargetAlias, TargetMissing, FileForeign, MemoryShort,
    EstimatorInvalid.
    """
    if plan.estimator == LIGHTGBM:
        return tuple(_lightgbm_members(plan, data, place))
    if plan.early_stopping_eras:
        raise ParameterUnknown(
            f"early_stopping_eras is for lightgbm, not for {plan.estimator}",
            hint="take it out of the profile",
        )
    return tuple(_estimator_members(plan, data, place))


def _lightgbm_members(plan: ModelPlan, data: TrainingSet, place: Workplace) -> Iterator[Member]:
    parameters(plan, plan.seeds[0])  # refuse what is unknown before anything is read
    held_rows = rows_of_eras(data.sources, data.held_out_eras)
    held_out: HeldOut | None = None
    key, binned = "", None
    for target in plan.targets:
        chosen = _labelled(data, target, place.listener)
        params = parameters(plan, plan.seeds[0])
        next_key = place.cache.key(
            chosen.rows, data.features, params, missing_twos=plan.missing_twos
        )
        if binned is None or next_key != key:
            binned = None  # its memory is needed for the next one
            key, binned = next_key, _binned(plan, data, chosen.rows, key=next_key, place=place)
        if data.held_out_eras and held_out is None:
            held_out = HeldOut.read(
                held_rows, data.features, missing_twos=plan.missing_twos, listener=place.listener
            )
        for seed in plan.seeds:
            judge = None
            if held_out is not None:
                judge = _judge(held_out, held_rows, target, params)
            order = _order(plan, data, target, seed, key=key, place=place)
            text = train_booster(
                binned,
                order,
                labels=chosen.labels,
                weights=era_weights(chosen.rows, plan.weights),
                judge=judge,
                listener=place.listener,
            )
            trees = len(re.findall(r"^Tree=\d+$", text, flags=re.MULTILINE))
            yield Member(
                f"{target}-seed{seed}.txt",
                text.encode(),
                target,
                seed,
                chosen.rows.count,
                chosen.dropped,
                trees,
            )


def _binned(
    plan: ModelPlan, data: TrainingSet, rows: Rows, *, key: str, place: Workplace
) -> lgb.Dataset:
    """The binned rows, from the cache or built and kept there; of `whole` these rows."""
    params = parameters(plan, plan.seeds[0])
    stored = rows
    if place.whole is not None:
        stored = place.whole
        key = place.cache.key(stored, data.features, params, missing_twos=plan.missing_twos)
    leaves = int(value_of(params, "num_leaves", 31))
    shape = Shape(stored.count, len(data.features), data.five_valued, leaves)
    check_memory(shape, block_columns=BLOCK_COLUMNS, available=available_bytes(), force=place.force)
    binned = place.cache.load(key, params)
    if binned is None:
        keep = check_disk(shape.binned_bytes(), place.cache.folder, force=place.force)
        binned = build_binned(
            stored, data.features, params, missing_twos=plan.missing_twos, listener=place.listener
        )
        if keep:
            place.cache.keep(key, binned)
        place.listener.step("binned_built")
    else:
        place.listener.step("binned_loaded")
    return binned if stored is rows else subset(binned, rows.within(stored))


def _judge(held: HeldOut, rows: Rows, target: str, params: dict[str, Any]) -> EraCorrJudge:
    values = [
        float_column(source.data.read([target]), target)[mask]
        for source, mask in zip(rows.sources, rows.masks, strict=True)
    ]
    patience = int(value_of(params, "early_stopping_round", PATIENCE_TREES))
    return EraCorrJudge(held, np.concatenate(values), patience_trees=patience)


def _order(
    plan: ModelPlan, data: TrainingSet, target: str, seed: int, *, key: str, place: Workplace
) -> BoosterOrder:
    """The booster's order; its folder's name says everything that its trees depend on."""
    params = parameters(plan, seed)
    whole = place.whole.digest() if place.whole else ""
    weights = repr(plan.weights)
    parts = [key, whole, target, params, plan.leg_trees, data.held_out_eras, weights]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
    label = f"{plan.name} {target}" + (f" seed {seed}" if len(plan.seeds) > 1 else "")
    return BoosterOrder(label, params, plan.leg_trees, place.unfinished / digest[:32])


def _estimator_members(plan: ModelPlan, data: TrainingSet, place: Workplace) -> Iterator[Member]:
    kind = estimator_class(plan.estimator, beside=place.beside)
    make_estimator(kind, plan.params, seed=plan.seeds[0])
    previous, matrix = "", None
    for target in plan.targets:
        chosen = _labelled(data, target, place.listener)
        rows = chosen.rows
        digest = rows.digest()
        if matrix is None or digest != previous:
            matrix = None
            _announce_matrix(plan, rows.count, len(data.features), place)
            matrix = float_matrix(
                rows, data.features, missing_twos=plan.missing_twos, listener=place.listener
            )
            previous = digest
        for seed in plan.seeds:
            label = f"{plan.name} {target} seed {seed}"
            with place.listener.task(label, total=1, unit="fits") as task:
                fitted = fit_estimator(
                    make_estimator(kind, plan.params, seed=seed),
                    matrix,
                    chosen.labels,
                    weights=era_weights(rows, plan.weights),
                    groups=rows.codes,
                    name=plan.estimator,
                )
                task.advance(1)
            content = dump_estimator(fitted)
            file = f"{target}-seed{seed}.joblib"
            yield Member(file, content, target, seed, rows.count, chosen.dropped, 0)


def _announce_matrix(plan: ModelPlan, rows: int, features: int, place: Workplace) -> None:
    """Say what the rows will take in memory; estimators often copy them once."""
    needed, free = rows * features * 4 * 2, available_bytes()
    place.listener.say(
        f"{plan.estimator} takes {rows:,} rows × {features:,} features as float32: "
        f"{needed / 2 / GIGABYTE:.2f} GB, and as much again where it copies them"
    )
    if needed > free and not place.force:
        raise MemoryShort(
            f"{plan.estimator} needs about {needed / GIGABYTE:.1f} GB of memory and "
            f"{free / GIGABYTE:.1f} GB are free",
            hint="take fewer features or a larger era_stride; --force tries all the same",
        )


def _labelled(data: TrainingSet, target: str, listener: Listener) -> LabelledRows:
    chosen = with_target(rows_of_eras(data.sources, data.eras), target)
    if chosen.dropped:
        listener.say(f"{chosen.dropped:,} rows without a value of {target} are left out")
    return chosen


def era_weights(rows: Rows, weights: EraWeights | None) -> npt.NDArray[np.float32] | None:
    """(rows.count,) the weight of each row, mean 1; None where all rows count the same."""
    if weights is None:
        return None
    codes = rows.codes
    per_era = np.ones(len(rows.eras))
    if weights.equal:
        per_era /= np.maximum(np.bincount(codes, minlength=len(per_era)), 1)
    if weights.half_life_eras:
        numbers = np.array([era_number(era) for era in rows.eras])
        age = numbers[codes].max() - numbers
        per_era *= 0.5 ** (age / weights.half_life_eras)
    values = per_era[codes]
    return np.asarray(values / values.mean(), dtype=np.float32)
