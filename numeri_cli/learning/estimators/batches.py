"""Classes that learn from batches: eras stream past them, and one is in memory at a time.

`partial_fit(X, y)` gets era after era; `fit_eras(eras)` gets all of them as an iterator. So a net
trains on all of a data version in the memory that one era takes.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import EstimatorInvalid, NumeriError, ParameterUnknown
from numeri_cli.learning.estimators.base import (
    MemberContent,
    MemberTask,
    TrainingSettings,
)
from numeri_cli.learning.estimators.distinct_members import DistinctMembers, member_digest
from numeri_cli.learning.estimators.kept_members import code_digest, made_once
from numeri_cli.learning.estimators.user_class import (
    FittedEstimator,
    estimator_class,
    make_object,
)
from numeri_cli.learning.estimators.user_code import user_code
from numeri_cli.learning.matrix import FloatMatrix
from numeri_cli.learning.memory import GIGABYTE, Footprint, TrainingShape
from numeri_cli.learning.rows import Rows
from numeri_cli.learning.staged_rows import StagedEra, StagedRows, stage, staging_folder
from numeri_cli.model_spec import EstimatorSpec
from numeri_cli.progress import Task

METHODS = ("fit_eras", "partial_fit")
STAGED = "rows.bin"
PROBE_ROWS = 2000
_ERA_ROWS = 7000  # about what an era of the tournament has at most
_PROCESS_BYTES = 350_000_000
# of scikit-learn's own classes: what `fit` alone looks at
_OF_FIT = ("max_iter", "tol", "n_iter_no_change", "early_stopping", "validation_fraction")


class EraBatch(NamedTuple):
    """One era of a training.

    X: (n, features) float32, absent values as NaN; y: (n,) float32, no NaN; both are yours
    weight: (n,) float32, mean 1 over all eras; None where all rows count the same
    """

    era: str
    X: FloatMatrix
    y: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class Passes:
    """How often the eras stream past, and whether in another order each time, rows included."""

    epochs: int = 1
    shuffle: bool = True

    @classmethod
    def of(cls, spec: EstimatorSpec) -> Passes:
        """What the profile says; what it does not say is as it stands here."""
        return cls(
            epochs=1 if spec.epochs is None else spec.epochs,
            shuffle=True if spec.shuffle is None else spec.shuffle,
        )


def streams(kind: type[Any]) -> bool:
    """Whether a class learns from batches."""
    return any(callable(getattr(kind, method, None)) for method in METHODS)


def require_streaming(name: str, kind: type[Any], spec: EstimatorSpec) -> None:
    """Raise ParameterUnknown for what the profile says that has no effect on this class."""
    given = [key for key in ("epochs", "shuffle") if getattr(spec, key) is not None]
    if given and not streams(kind):
        raise ParameterUnknown(
            f"{given[0]} is for classes with {' or '.join(METHODS)}, and {name} has neither",
            hint=f"take {' and '.join(given)} out of the profile",
        )
    own = name.startswith("sklearn.") and streams(kind)
    idle = [key for key in _OF_FIT if key in spec.params] if own else []
    if idle:
        raise ParameterUnknown(
            f"{idle[0]} has no effect: {name} learns from eras as they stream, by partial_fit",
            hint=f"take {', '.join(idle)} out of params; `epochs` says how often eras stream past",
        )


class EraStream:
    """The eras of a training, as often as the profile says; seeded, so that a run can be repeated.

    Each `iter` of it begins anew: a class that goes over it twice sees every epoch twice, in other
    orders.
    """

    def __init__(
        self, staged: StagedRows, task: MemberTask, passes: Passes, *, progress: Task | None = None
    ) -> None:
        self._staged, self._passes, self._progress = staged, passes, progress
        self._names, self._seed = task.rows.rows.eras, task.seed
        self._labels = task.rows.labels[staged.places]
        self._weights = None if task.weights is None else task.weights[staged.places]
        self._epoch = 0
        self.error: NumeriError | None = None  # of ours, which a class may have caught

    def __len__(self) -> int:
        return len(self._staged.eras) * self._passes.epochs

    def __iter__(self) -> Iterator[EraBatch]:
        for _ in range(self._passes.epochs):
            random = np.random.default_rng([self._seed, self._epoch])
            self._epoch += 1
            eras = sorted(self._staged.eras, key=lambda era: (era.code, era.start))
            if self._passes.shuffle:
                random.shuffle(eras)
            for era in eras:
                yield self._batch(era, random)
                if self._progress is not None:
                    self._progress.advance(1)

    def _batch(self, era: StagedEra, random: np.random.Generator) -> EraBatch:
        try:
            cells = self._staged.floats(era.start, era.stop)
        except NumeriError as error:
            self.error = error
            raise
        rows = slice(era.start, era.stop)
        labels, weights = self._labels[rows].copy(), self._weights
        weight = None if weights is None else weights[rows].copy()
        if self._passes.shuffle:
            order = random.permutation(len(labels))
            cells, labels = cells[order], labels[order]
            weight = None if weight is None else weight[order]
        return EraBatch(self._names[era.code], cells, labels, weight)


@dataclass
class StreamTrainer:
    """Staged rows, and what is to learn from them era by era.

    name, params, folder: of the class; staged: removed with the folder of what is unfinished
    """

    name: str
    params: dict[str, Any]
    folder: Path | None
    passes: Passes
    settings: TrainingSettings
    staged: StagedRows
    distinct: DistinctMembers = field(init=False)

    def __post_init__(self) -> None:
        self.distinct = DistinctMembers(self.name, _probe(self.staged))

    def train(self, task: MemberTask) -> MemberContent:
        """An object that has seen every era, or one kept from a training that a later one ended.

        Raises EstimatorInvalid, DiskError.
        """
        import joblib

        kind = estimator_class(self.name, module_folder=self.folder)
        own = (self.name, self.params, code_digest(kind), repr(self.passes))
        digest = member_digest(self.settings, task, *own)

        def made() -> bytes:
            fitted = self._fitted(task, kind)
            buffer = io.BytesIO()
            with user_code(self.name, "save", folder=self.folder):
                joblib.dump(fitted.estimator, buffer, compress=3)
            self.distinct.require_another(task, fitted, self.settings.spec.seeds)
            return buffer.getvalue()

        return MemberContent(made_once(self.settings, task, digest=digest, make=made))

    def _fitted(self, task: MemberTask, kind: type[Any]) -> FittedEstimator:
        estimator = make_object(kind, self.params, seed=task.seed, folder=self.folder)
        total = len(self.staged.eras) * self.passes.epochs
        with self.settings.listener.task(task.label, total=total, unit="eras") as progress:
            stream = EraStream(self.staged, task, self.passes, progress=progress)
            try:
                with user_code(self.name, "fit", folder=self.folder):
                    if callable(getattr(estimator, "fit_eras", None)):
                        estimator.fit_eras(stream)
                    else:
                        self._fit_batches(estimator.partial_fit, stream)
            except NumeriError:
                if stream.error is not None:
                    raise stream.error from None
                raise
        return FittedEstimator(estimator, self.name, self.folder)

    def _fit_batches(self, partial_fit: Callable[..., Any], stream: EraStream) -> None:
        for batch in stream:
            if batch.weight is None:
                partial_fit(batch.X, batch.y)
            else:
                partial_fit(batch.X, batch.y, sample_weight=batch.weight)


def stream_trainer(
    spec: EstimatorSpec, rows: Rows, settings: TrainingSettings, *, folder: Path | None
) -> StreamTrainer:
    """Turn the rows round on disk, once what they take was said.

    Raises EstimatorInvalid where the class takes no weights and the profile has some; MemoryShort.
    """
    kind = estimator_class(spec.name, module_folder=folder)
    weighted = settings.spec.era_weights != type(settings.spec.era_weights)()
    if weighted and not callable(getattr(kind, "fit_eras", None)):
        with user_code(spec.name, "fit", folder=folder):
            accepted = inspect.signature(kind.partial_fit).parameters
        if "sample_weight" not in accepted:
            raise EstimatorInvalid(
                f"{spec.name} takes no sample weights in partial_fit",
                hint="leave out the weights of eras, or write a class with fit_eras",
            )
    shape = TrainingShape(rows.count, len(settings.features), five_valued=True)
    settings.listener.say(
        f"{spec.name} learns from {shape.rows:,} rows × {shape.features:,} features era by era:"
        f" about {(peak_bytes(shape) - _PROCESS_BYTES) / GIGABYTE:.2f} GB beside what it keeps"
    )
    path = staging_folder(settings.unfinished, "batches") / STAGED
    staged = stage(
        rows,
        settings.features,
        path,
        missing_twos=settings.spec.missing_twos,
        force=settings.force,
        listener=settings.listener,
    )
    return StreamTrainer(spec.name, dict(spec.params), folder, Passes.of(spec), settings, staged)


def footprint(shape: TrainingShape) -> Footprint:
    """What a training by batches takes of memory, beside what the class keeps, and of disk."""
    cells = shape.rows * shape.features
    return Footprint(
        memory_bytes=peak_bytes(shape), disk_bytes=float(cells * (1 if shape.five_valued else 4))
    )


def peak_bytes(shape: TrainingShape) -> float:
    """An era as read, as floats and shuffled, and what every row has beside its features."""
    era = min(shape.rows, _ERA_ROWS) * shape.features
    return _PROCESS_BYTES + era * 12 + shape.rows * 40


def _probe(staged: StagedRows) -> FloatMatrix:
    """(n, features) a few rows of many eras."""
    each = max(1, PROBE_ROWS // max(1, len(staged.eras)))
    parts = [staged.floats(era.start, min(era.start + each, era.stop)) for era in staged.eras]
    return np.concatenate(parts)[:PROBE_ROWS]
