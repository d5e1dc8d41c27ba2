"""Any class with `fit(X, y)` and `predict(X)`, by the name "module:Class"."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.estimators import batches
from numeri_cli.learning.estimators.base import (
    ESTIMATORS,
    MemberContent,
    MemberTask,
    TrainingSettings,
)
from numeri_cli.learning.estimators.batches import (
    Passes,
    StreamTrainer,
    require_streaming,
    stream_trainer,
    streams,
)
from numeri_cli.learning.estimators.distinct_members import DistinctMembers, member_digest
from numeri_cli.learning.estimators.kept_members import code_digest, made_once
from numeri_cli.learning.estimators.user_class import (
    SEED_PARAMETER,
    FittedEstimator,
    estimator_class,
    fit_object,
    fixed_seeds,
    make_object,
    takes_seed,
)
from numeri_cli.learning.estimators.user_code import user_code
from numeri_cli.learning.matrix import FloatMatrix, float_matrix
from numeri_cli.learning.memory import (
    GIGABYTE,
    Footprint,
    TrainingShape,
    available_bytes,
    check_memory,
)
from numeri_cli.learning.rows import Rows
from numeri_cli.model_spec import EstimatorSpec

PROBE_ROWS = 2000  # by which members of several seeds are told apart


@dataclass(frozen=True)
class AnyClass:
    """An Estimator whose members are objects of somebody's class, kept as joblib writes them.

    name: "module:Class"; params: as given
    module_folder: where else the module is looked for
    epochs, shuffle: of a class that learns from batches; None where nothing was said
    """

    name: str
    params: Mapping[str, Any]
    module_folder: Path | None = None
    epochs: int | None = None
    shuffle: bool | None = None
    suffix: str = ".joblib"
    opens_safely: bool = False  # opening such a file runs code
    libraries: tuple[str, ...] = ("joblib",)

    def check(self, model: str, *, seeds: tuple[int, ...], early_stopping: bool) -> None:
        """Find the class and make an object of it, without data."""
        if early_stopping:
            raise ParameterUnknown(
                f"early_stopping_eras is for {', '.join(ESTIMATORS)}, not for {self.name}",
                hint="take it out of the profile",
            )
        kind = estimator_class(self.name, module_folder=self.module_folder)
        require_streaming(self.name, kind, self.spec)
        make_object(kind, self.params, seed=seeds[0], folder=self.module_folder)
        fixed = fixed_seeds(self.params)
        if len(seeds) > 1 and fixed:
            raise ParameterUnknown(
                f"params give the seed that the {len(seeds)} `seeds` of {model} are to vary",
                hint=f"leave {', '.join(fixed)} out of params, or name one seed",
            )
        shuffled = streams(kind) and Passes.of(self.spec).shuffle
        if len(seeds) > 1 and not takes_seed(kind) and not shuffled:
            raise ParameterUnknown(
                f"{len(seeds)} `seeds` would give {len(seeds)} times the same {self.name}: it has"
                f" no parameter {SEED_PARAMETER}",
                hint=f"name one seed, or let the class take {SEED_PARAMETER}",
            )

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """As given."""
        return dict(self.params)

    @property
    def spec(self) -> EstimatorSpec:
        """As the profile has it."""
        return EstimatorSpec(
            name=self.name, params=dict(self.params), epochs=self.epochs, shuffle=self.shuffle
        )

    def trainer(self, rows: Rows, settings: TrainingSettings) -> MatrixTrainer | StreamTrainer:
        """Read the rows as float32, once what they take was said; or let their eras stream."""
        if streams(estimator_class(self.name, module_folder=self.module_folder)):
            return stream_trainer(self.spec, rows, settings, folder=self.module_folder)
        shape = TrainingShape(rows.count, len(settings.features), five_valued=False)
        settings.listener.say(
            f"{self.name} takes {shape.rows:,} rows × {shape.features:,} features as float32: "
            f"{peak_bytes(shape) / 2 / GIGABYTE:.2f} GB, and as much again where it copies them"
        )
        check_memory(shape, peak_bytes, available=available_bytes(), force=settings.force)
        return MatrixTrainer(self, settings, read_matrix(rows, settings))

    def load(
        self, content: bytes, *, features: tuple[str, ...], source: Path, digest: str | None
    ) -> FittedEstimator:
        """Unpickle what was trained, only where its SHA-256 is the one we noted down.

        digest: as kept in the ledger when the model was trained, never as found beside the file
        """
        if hashlib.sha256(content).hexdigest() != digest:
            raise ArtifactDamaged(
                f"{source} is not the file that was trained here",
                hint="train the model again; a changed file is not opened, since it could run code",
            )
        import joblib

        with user_code(self.name, "load", folder=self.module_folder):
            estimator = joblib.load(io.BytesIO(content))
        return FittedEstimator(estimator, self.name, self.module_folder)


def make(spec: EstimatorSpec, *, module_folder: Path | None) -> AnyClass:
    """An estimator around a class that the profile names. Raises EstimatorInvalid."""
    return AnyClass(spec.name, spec.params, module_folder, spec.epochs, spec.shuffle)


def footprint_of_class(name: str, shape: TrainingShape, module_folder: Path | None) -> Footprint:
    """What a training takes of memory and disk; a class that learns from batches takes no matrix.

    Raises EstimatorInvalid where there is no such class.
    """
    if streams(estimator_class(name, module_folder=module_folder)):
        return batches.footprint(shape.chosen)
    return Footprint(memory_bytes=peak_bytes(shape.chosen), disk_bytes=0.0)


def peak_bytes(shape: TrainingShape) -> float:
    """The rows as float32, twice: estimators often copy them once."""
    return shape.rows * shape.features * 4 * 2


@dataclass
class MatrixTrainer:
    """The rows as (rows, features) float32, and what is to be fitted to them.

    All members share the rows, so a class sees them read-only; one that changes its data in place
    gets a copy, and so do the members after it. Some libraries write past numpy's lock: rows whose
    checksum has changed are read again for the next member.
    """

    estimator: AnyClass
    settings: TrainingSettings
    matrix: FloatMatrix
    needs_copies: bool = False
    checksum: int = 0
    code: str = ""
    distinct: DistinctMembers = field(init=False)

    def __post_init__(self) -> None:
        named = self.estimator
        self.code = code_digest(estimator_class(named.name, module_folder=named.module_folder))
        self.matrix.flags.writeable = False
        self.checksum = _checksum(self.matrix)
        step = max(1, len(self.matrix) // PROBE_ROWS)
        # as it was before any member saw it
        probe = np.array(self.matrix[::step], order="C")
        self.distinct = DistinctMembers(named.name, probe)

    def train(self, task: MemberTask) -> MemberContent:
        """One object, fitted, or kept from a training that a later member has ended.

        Raises EstimatorInvalid; MemoryShort where a copy it needs does not fit.
        """
        import joblib

        named, listener = self.estimator, self.settings.listener
        digest = member_digest(self.settings, task, named.name, named.params, self.code)

        def made() -> bytes:
            with listener.task(task.label, total=1, unit="fits") as progress:
                fitted = self._fitted(task)
                progress.advance(1)
            buffer = io.BytesIO()
            with user_code(named.name, "save", folder=named.module_folder):
                joblib.dump(fitted.estimator, buffer, compress=3)
            self.distinct.require_another(task, fitted, self.settings.spec.seeds)
            return buffer.getvalue()

        return MemberContent(made_once(self.settings, task, digest=digest, make=made))

    def _fitted(self, task: MemberTask) -> FittedEstimator:
        if _checksum(self.matrix) != self.checksum:
            self.needs_copies = True
            self.matrix = read_matrix(task.rows.rows, self.settings)
            self.matrix.flags.writeable = False
        if not self.needs_copies:
            try:
                return self._fit(task, self.matrix)
            except EstimatorInvalid as error:
                if not _speaks_of_read_only(error.__cause__):
                    raise
            self.needs_copies = True
            self.settings.listener.say(
                f"{self.estimator.name} changes its data in place: each member gets a copy of its"
                f" own, {self.matrix.nbytes / GIGABYTE:.2f} GB"
            )
        rows, features = self.matrix.shape
        shape = TrainingShape(rows, features, five_valued=False)
        available, force = available_bytes(), self.settings.force
        check_memory(shape, copied_bytes, available=available, force=force)
        return self._fit(task, self.matrix.copy(order="K"))

    def _fit(self, task: MemberTask, rows: FloatMatrix) -> FittedEstimator:
        named = self.estimator
        kind = estimator_class(named.name, module_folder=named.module_folder)
        return fit_object(
            make_object(kind, named.params, seed=task.seed, folder=named.module_folder),
            rows,
            task.rows.labels.copy(),
            weights=None if task.weights is None else task.weights.copy(),
            groups=task.rows.rows.codes,
            name=named.name,
            folder=named.module_folder,
        )


def read_matrix(rows: Rows, settings: TrainingSettings) -> FloatMatrix:
    """(rows, features) float32 of a training."""
    return float_matrix(
        rows,
        settings.features,
        missing_twos=settings.spec.missing_twos,
        listener=settings.listener,
    )


def _checksum(matrix: FloatMatrix) -> int:
    """A number that changes with any value; the order is that in memory."""
    flat = matrix.ravel(order="K")
    return zlib.crc32(flat.data) if flat.size else 0


def copied_bytes(shape: TrainingShape) -> float:
    """The rows as float32, once more."""
    return shape.rows * shape.features * 4


def _speaks_of_read_only(error: BaseException | None) -> bool:
    """Whether a class failed since it may not write into its data."""
    if not isinstance(error, ValueError | TypeError | BufferError | RuntimeError):
        return False
    words = str(error).lower().replace("-", "").replace(" ", "")
    return any(sign in words for sign in ("readonly", "writeable", "writable"))
