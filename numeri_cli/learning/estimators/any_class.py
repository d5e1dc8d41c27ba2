"""Any class with `fit(X, y)` and `predict(X)`, by the name "module:Class"."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.base import (
    ESTIMATORS,
    FloatArray,
    MemberContent,
    MemberTask,
    TrainingSettings,
)
from numeri_cli.learning.matrix import FloatMatrix, float_matrix
from numeri_cli.learning.memory import GIGABYTE, TrainingShape, available_bytes, check_memory
from numeri_cli.learning.rows import Rows
from numeri_cli.model_spec import EstimatorSpec

SEED_PARAMETER = "random_state"


@dataclass(frozen=True)
class AnyClass:
    """An Estimator whose members are objects of somebody's class, kept as joblib writes them.

    name: "module:Class"; params: as given
    module_folder: where else the module is looked for
    """

    name: str
    params: Mapping[str, Any]
    module_folder: Path | None = None
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
        make_object(kind, self.params, seed=seeds[0])

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """As given."""
        return dict(self.params)

    def trainer(self, rows: Rows, settings: TrainingSettings) -> MatrixTrainer:
        """Read the rows as float32, once what they take was said."""
        shape = TrainingShape(rows.count, len(settings.features), five_valued=False)
        settings.listener.say(
            f"{self.name} takes {shape.rows:,} rows × {shape.features:,} features as float32: "
            f"{peak_bytes(shape) / 2 / GIGABYTE:.2f} GB, and as much again where it copies them"
        )
        check_memory(shape, peak_bytes, available=available_bytes(), force=settings.force)
        matrix = float_matrix(
            rows,
            settings.features,
            missing_twos=settings.spec.missing_twos,
            listener=settings.listener,
        )
        return MatrixTrainer(self, settings, matrix)

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

        with importable(self.module_folder):
            try:
                return FittedEstimator(joblib.load(io.BytesIO(content)), self.name)
            except ImportError as error:
                raise EstimatorInvalid(
                    f"a package of {self.name} is missing: {error}", hint="install it again"
                ) from error


def make(spec: EstimatorSpec, *, module_folder: Path | None) -> AnyClass:
    """An estimator around a class that the profile names. Raises EstimatorInvalid."""
    return AnyClass(spec.name, spec.params, module_folder)


def peak_bytes(shape: TrainingShape) -> float:
    """The rows as float32, twice: estimators often copy them once."""
    return shape.rows * shape.features * 4 * 2


@dataclass(frozen=True)
class MatrixTrainer:
    """The rows as (rows, features) float32, and what is to be fitted to them."""

    estimator: AnyClass
    settings: TrainingSettings
    matrix: FloatMatrix

    def train(self, task: MemberTask) -> MemberContent:
        """One object, fitted."""
        import joblib

        named = self.estimator
        kind = estimator_class(named.name, module_folder=named.module_folder)
        with self.settings.listener.task(task.label, total=1, unit="fits") as progress:
            fitted = fit_object(
                make_object(kind, named.params, seed=task.seed),
                self.matrix,
                task.rows.labels,
                weights=task.weights,
                groups=task.rows.rows.codes,
                name=named.name,
            )
            progress.advance(1)
        buffer = io.BytesIO()
        joblib.dump(fitted.estimator, buffer, compress=3)
        return MemberContent(buffer.getvalue())


@dataclass(frozen=True)
class FittedEstimator:
    """An object of somebody's class."""

    estimator: Any
    name: str

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions. Raises EstimatorInvalid where they have another shape."""
        with estimator_errors(self.name):
            predictions = np.asarray(self.estimator.predict(rows), dtype=np.float64)
        if predictions.size != len(rows):
            raise EstimatorInvalid(
                f"{self.name} predicts an array of shape {predictions.shape} for {len(rows)} rows",
                hint="predict has to give one number per row",
            )
        return predictions.reshape(-1)


def estimator_class(name: str, *, module_folder: Path | None = None) -> type[Any]:
    """The class that "module:Class" names; modules beside the profile are found too.

    Raises EstimatorInvalid.
    """
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        known = ", ".join(f'"{one}"' for one in ESTIMATORS)
        raise EstimatorInvalid(
            f"no estimator is called {name!r}",
            hint=f'write {known} or "module:Class", such as "sklearn.linear_model:Ridge"',
        )
    with importable(module_folder):
        try:
            found = getattr(importlib.import_module(module_name), class_name, None)
        except ImportError as error:
            raise EstimatorInvalid(
                f"the module of {name!r} cannot be imported: {error}",
                hint=f"install the package, such as `pip install {_package(module_name)}`",
            ) from error
    if not inspect.isclass(found):
        raise EstimatorInvalid(f"{module_name} has no class {class_name!r}", hint="mend its name")
    for method in ("fit", "predict"):
        if not callable(getattr(found, method, None)):
            raise EstimatorInvalid(f"{name} has no method {method}", hint="it needs fit, predict")
    return found


def make_object(kind: type[Any], params: Mapping[str, Any], *, seed: int) -> Any:
    """An unfitted object; the seed becomes `random_state` where the class takes one.

    Raises ParameterUnknown naming what the class does not take.
    """
    accepted = inspect.signature(kind).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    for name in params:
        if name not in accepted and not open_ended:
            raise ParameterUnknown(
                f"{kind.__name__} has no parameter {name!r}",
                hint=did_you_mean(name, accepted, otherwise=f"it has {', '.join(accepted)}"),
            )
    complete = dict(params)
    if SEED_PARAMETER in accepted:
        complete.setdefault(SEED_PARAMETER, seed)
    with estimator_errors(kind.__name__):
        return kind(**complete)


def fit_object(
    estimator: Any,
    rows: FloatMatrix,
    labels: npt.NDArray[np.float32],
    *,
    weights: npt.NDArray[np.float32] | None,
    groups: npt.NDArray[np.int32],
    name: str,
) -> FittedEstimator:
    """Fit; `sample_weight` and `groups` (the rows' eras) are handed over where fit takes them."""
    accepted = inspect.signature(estimator.fit).parameters
    extra: dict[str, Any] = {}
    if weights is not None:
        if "sample_weight" not in accepted:
            raise EstimatorInvalid(
                f"{name} takes no sample weights", hint="leave out the weights of eras"
            )
        extra["sample_weight"] = weights
    if "groups" in accepted:
        extra["groups"] = groups
    with estimator_errors(name):
        estimator.fit(rows, labels, **extra)
    return FittedEstimator(estimator, name)


@contextmanager
def estimator_errors(name: str) -> Iterator[None]:
    """Turn what somebody's class raises into EstimatorInvalid, with its own words."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError) as error:
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise EstimatorInvalid(
            f"{name} fails: {words[:300].rstrip('.')}",
            hint="mend the estimator's class or its params in the profile",
        ) from error


@contextmanager
def importable(folder: Path | None) -> Iterator[None]:
    """Find modules in this folder too while the block runs."""
    if folder is None:
        yield
        return
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _package(module_name: str) -> str:
    root = module_name.split(".", maxsplit=1)[0]
    return "scikit-learn" if root == "sklearn" else root
