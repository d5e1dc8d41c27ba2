"""Somebody's class, by the name "module:Class": found, made, fitted, asked to predict."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import EstimatorInvalid, ParameterUnknown, did_you_mean
from numeri_cli.learning.estimators.base import ESTIMATORS, FloatArray
from numeri_cli.learning.estimators.bounds import require_few_threads
from numeri_cli.learning.estimators.user_code import told, user_code
from numeri_cli.learning.matrix import FloatMatrix

SEED_PARAMETER = "random_state"
_BY_BATCHES = ("partial_fit", "fit_eras")  # in place of fit
_OTHER_SEEDS = ("seed", "random_seed")  # other names of it; a library takes one of them


@dataclass(frozen=True)
class FittedEstimator:
    """An object of somebody's class.

    folder: where else the modules are that it may still import
    """

    estimator: Any
    name: str
    folder: Path | None = None

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions, from a copy of the rows, which other members predict from, too.

        Raises EstimatorInvalid where they have another shape.
        """
        with user_code(self.name, "predict", folder=self.folder):
            predictions = np.asarray(self.estimator.predict(rows.copy()), dtype=np.float64)
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
    missing: ModuleNotFoundError | None = None
    with user_code(name, "import", folder=module_folder):
        found, missing = None, None
        try:
            found = getattr(importlib.import_module(module_name), class_name, None)
        except ModuleNotFoundError as error:
            missing = error
        lacks = [one for one in ("fit", "predict") if not callable(getattr(found, one, None))]
        if any(callable(getattr(found, one, None)) for one in _BY_BATCHES):
            lacks = [one for one in lacks if one != "fit"]
    if missing is not None:
        package = _package(missing.name or module_name)
        raise EstimatorInvalid(
            told(missing, name, "import", folder=module_folder).message,
            hint=f"install the package, such as `pip install {package}`",
        ) from missing
    if not inspect.isclass(found):
        raise EstimatorInvalid(f"{module_name} has no class {class_name!r}", hint="mend its name")
    if lacks:
        raise EstimatorInvalid(f"{name} has no method {lacks[0]}", hint="it needs fit, predict")
    return found


def make_object(
    kind: type[Any], params: Mapping[str, Any], *, seed: int, folder: Path | None = None
) -> Any:
    """An unfitted object; the seed becomes `random_state` where the class takes one.

    folder: where else the modules are that it may import
    Raises ParameterUnknown naming what the class does not take, EstimatorInvalid.
    """
    require_few_threads(params)
    with user_code(kind.__name__, "construct", folder=folder):
        accepted = inspect.signature(kind).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    for name in params:
        if name not in accepted and not open_ended:
            raise ParameterUnknown(
                f"{kind.__name__} has no parameter {name!r}",
                hint=did_you_mean(name, accepted, otherwise=f"it has {', '.join(accepted)}"),
            )
    complete = dict(params)
    if takes_seed(kind) and not any(name in params for name in _OTHER_SEEDS):
        complete.setdefault(SEED_PARAMETER, seed)
    with user_code(kind.__name__, "construct", folder=folder):
        return kind(**complete)


def fixed_seeds(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Parameters that fix a seed, by their names, such as `random_state` and `bagging_seed`."""
    known = (SEED_PARAMETER, *_OTHER_SEEDS)
    return tuple(name for name in params if name in known or name.endswith("_seed"))


def takes_seed(kind: type[Any]) -> bool:
    """Whether the class, or one above it that gets its further keywords, names the seed.

    `def __init__(self, *, objective=…, **kwargs)` as in XGBRegressor hides what is above.
    """
    for one in kind.__mro__:
        made = one.__dict__.get("__init__")
        if made is None:
            continue
        try:
            parameters = inspect.signature(made).parameters
        except (TypeError, ValueError):  # written in C
            return False
        if SEED_PARAMETER in parameters:
            return True
        if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
            return False
    return False


def fit_object(
    estimator: Any,
    rows: FloatMatrix,
    labels: npt.NDArray[np.float32],
    *,
    weights: npt.NDArray[np.float32] | None,
    groups: npt.NDArray[np.int32],
    name: str,
    folder: Path | None = None,
) -> FittedEstimator:
    """Fit; `sample_weight` and `groups` (the rows' eras) are handed over where fit takes them."""
    with user_code(name, "fit", folder=folder):
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
    with user_code(name, "fit", folder=folder):
        estimator.fit(rows, labels, **extra)
    return FittedEstimator(estimator, name, folder)


def _package(module_name: str) -> str:
    root = module_name.split(".", maxsplit=1)[0]
    return "scikit-learn" if root == "sklearn" else root
