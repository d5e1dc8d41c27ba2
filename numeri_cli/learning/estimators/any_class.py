"""What learns: LightGBM, or any class with `fit(X, y)` and `predict(X)`, by its name."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.lightgbm.parameters import lgb
from numeri_cli.learning.matrix import FloatMatrix

FloatArray = npt.NDArray[np.float64]
SEED_PARAMETER = "random_state"


class Fitted(Protocol):
    """A trained member of an ensemble."""

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions of (n, features) float32 rows, columns in the contract's order."""


@dataclass(frozen=True)
class FittedLightGBM:
    """A LightGBM booster."""

    booster: lgb.Booster

    @classmethod
    def parse(cls, text: str, *, features: Sequence[str], source: Path) -> FittedLightGBM:
        """Read LightGBM's text. Raises ArtifactDamaged where its features are not the contract's.

        LightGBM predicts by position, so that the order of the columns is checked here.
        """
        try:
            booster = lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as error:
            raise ArtifactDamaged(
                f"{source} is no LightGBM model", hint="train the model again"
            ) from error
        if tuple(booster.feature_name()) != tuple(features):
            raise ArtifactDamaged(
                f"the features of {source} are not those of its model.json",
                hint="train the model again",
            )
        return cls(booster)

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions."""
        return np.asarray(self.booster.predict(rows), dtype=np.float64)


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


def estimator_class(name: str, *, beside: Path | None = None) -> type[Any]:
    """The class that "module:Class" names; modules beside the profile are found too.

    Raises EstimatorInvalid.
    """
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        raise EstimatorInvalid(
            f"no estimator is called {name!r}",
            hint='write "lightgbm" or "module:Class", such as "sklearn.linear_model:Ridge"',
        )
    with importable(beside):
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


def make_estimator(kind: type[Any], params: Mapping[str, Any], *, seed: int) -> Any:
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


def fit_estimator(
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


def dump_estimator(fitted: FittedEstimator) -> bytes:
    """The estimator as joblib writes it."""
    import joblib

    buffer = io.BytesIO()
    joblib.dump(fitted.estimator, buffer, compress=3)
    return buffer.getvalue()


def load_estimator(
    content: bytes, *, name: str, digest: str, source: Path, beside: Path | None = None
) -> FittedEstimator:
    """Unpickle what `dump_estimator` wrote, only where its SHA-256 is the one we noted down.

    digest: as kept in the ledger when the model was trained, never as found beside the file
    Raises ArtifactDamaged.
    """
    if hashlib.sha256(content).hexdigest() != digest:
        raise ArtifactDamaged(
            f"{source} is not the file that was trained here",
            hint="train the model again; a changed file is not opened, since it could run code",
        )
    import joblib

    with importable(beside):
        try:
            return FittedEstimator(joblib.load(io.BytesIO(content)), name)
        except ImportError as error:
            raise EstimatorInvalid(
                f"a package of {name} is missing: {error}", hint="install it again"
            ) from error


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
