"""A model that exists: a function `predict(live_features[, live_benchmark_models])`, or its pickle.

That is what Numerai's hosted models are: they get a round's rows as a table and answer with one.
Nothing is trained. Opening a pickle runs whatever code is in it, so that it is opened only where
somebody on this machine has said that its bytes are to be trusted.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numeri_cli.errors import (
    EstimatorInvalid,
    FileMissing,
    LibraryMissing,
    NumeriError,
    PickleUntrusted,
)
from numeri_cli.files import disk_errors, expanded
from numeri_cli.learning.estimators.base import ESTIMATORS, FloatArray
from numeri_cli.learning.estimators.user_code import is_installed, user_code

if TYPE_CHECKING:
    import pandas as pd

PICKLES = (".pkl", ".pickle")
_CONTRACT = "predict(live_features) or predict(live_features, live_benchmark_models)"


@dataclass(frozen=True)
class PredictFunction:
    """Somebody's function, opened.

    name: as the profile has it; folder: where else its modules are looked for
    wants_benchmarks: whether it takes the benchmark models' predictions, too
    mark: changes where the function does: of its pickle's bytes, or of the files beside its module
    """

    name: str
    function: Callable[..., Any]
    wants_benchmarks: bool
    mark: str
    folder: Path | None = None

    def predict(self, features: pd.DataFrame, benchmarks: pd.DataFrame | None) -> FloatArray:
        """(n,) one number for each row of `features`, by the ids in its index.

        benchmarks: with the same index; None where the function does not want them
        Raises EstimatorInvalid where the answer is no table of these ids, or holds no number.
        """
        ids = features.index.copy()
        given = (features,) if benchmarks is None else (features, benchmarks)
        with user_code(self.name, "predict", folder=self.folder):
            answer = self.function(*given)
        return self._numbers(answer, ids)

    def _numbers(self, answer: Any, ids: pd.Index[Any]) -> FloatArray:
        import pandas as pd

        if isinstance(answer, pd.DataFrame) and answer.shape[1]:
            answer = answer.iloc[:, 0]
        if not isinstance(answer, pd.Series):
            raise EstimatorInvalid(
                f"{self.name} gives {_described(answer)} instead of a DataFrame",
                hint="return a DataFrame with the index of live_features and one column",
            )
        if not answer.index.equals(ids):
            if not answer.index.is_unique or set(answer.index) != set(ids):
                raise EstimatorInvalid(
                    f"the index of what {self.name} gives is not that of live_features:"
                    f" {len(answer):,} rows for {len(ids):,} ids",
                    hint="return a DataFrame with the index of live_features",
                )
            answer = answer.reindex(ids)
        numbers: FloatArray
        with user_code(self.name, "predict", folder=self.folder):
            numbers = answer.to_numpy(dtype=np.float64, na_value=np.nan)
        unknown = int(np.count_nonzero(~np.isfinite(numbers)))
        if unknown:
            raise EstimatorInvalid(
                f"{self.name} gives {unknown:,} predictions that are no number",
                hint="fill them in the function, such as with 0.5",
            )
        return numbers


def is_pickle(name: str) -> bool:
    """Whether an estimator's name is that of a pickle."""
    return name.lower().endswith(PICKLES)


def pickle_path(name: str, *, folder: Path | None) -> Path:
    """Where a pickle of the profile is: beside it, unless the name says elsewhere."""
    return (folder or Path.cwd()) / (expanded(Path(name)) if name.startswith("~") else name)


def open_pickle(
    name: str, *, folder: Path | None, trusted: Callable[[str], bool]
) -> PredictFunction:
    """The function in a pickle.

    trusted: whether somebody on this machine has trusted the bytes of this SHA-256
    Raises FileMissing, PickleUntrusted, LibraryMissing, EstimatorInvalid.
    """
    path = pickle_path(name, folder=folder)
    if not path.is_file():
        raise FileMissing(f"there is no pickle {path}", hint="mend its name in the profile")
    with disk_errors(path):
        content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if not trusted(digest):
        raise PickleUntrusted(
            f"{path} was not opened: a pickle can run any code, and nobody on this machine has"
            " trusted these bytes",
            hint=f"where you know who made it: `numeri models trust {path}`",
        )
    missing: ModuleNotFoundError | None = None
    with user_code(name, "load", folder=folder):
        try:
            found = pickle.loads(content)  # noqa: S301 - the owner has trusted these very bytes
        except ModuleNotFoundError as error:
            missing = error
    if missing is not None:
        raise _library_missing(name, missing) from missing
    return _function(name, found, mark=digest, folder=folder)


def find_function(name: str, *, folder: Path | None) -> PredictFunction | None:
    """The function that "module:function" names; None where it names a class, or nothing at all.

    Raises EstimatorInvalid where it takes other arguments than a hosted model gets.
    """
    module_name, colon, function_name = name.partition(":")
    if not colon or name in ESTIMATORS or not module_name or not function_name:
        return None
    try:
        with user_code(name, "import", folder=folder):
            found = getattr(importlib.import_module(module_name), function_name, None)
    except NumeriError:
        return None  # told where a class of that name is looked for
    if not callable(found) or inspect.isclass(found):
        return None
    return _function(name, found, mark=_mark_of_module(module_name), folder=folder)


def require_trainable(name: str, *, folder: Path | None) -> None:
    """Raise EstimatorInvalid for a function or a pickle: it is used as it is."""
    if is_pickle(name) or find_function(name, folder=folder) is not None:
        raise EstimatorInvalid(
            f"{name} is a model that exists, so that there is nothing to train",
            hint="`numeri run`, `submit`, `predict` and `validate` use it as it is",
        )


def _function(name: str, found: Any, *, mark: str, folder: Path | None) -> PredictFunction:
    if not callable(found) or inspect.isclass(found):
        raise EstimatorInvalid(
            f"{name} holds {_described(found)}, which is no function",
            hint=f"it has to be {_CONTRACT}",
        )
    with user_code(name, "load", folder=folder):
        parameters = inspect.signature(found).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.KEYWORD_ONLY]
    if needed or not 1 <= len(positional) <= 2:
        raise EstimatorInvalid(
            f"{name} takes {', '.join(str(p) for p in parameters) or 'nothing'}",
            hint=f"it has to be {_CONTRACT}",
        )
    return PredictFunction(name, found, len(positional) == 2, mark, folder)


def _mark_of_module(module: str) -> str:
    """Changes where any file beside the module does; of an installed package its version counts."""
    hasher = hashlib.sha256(sys.version.encode() + module.encode())
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or is_installed(Path(file)):
        root = sys.modules.get(module.split(".", maxsplit=1)[0])
        hasher.update(str(getattr(root, "__version__", "")).encode())
        return hasher.hexdigest()
    with disk_errors(Path(file)):
        for path in sorted(Path(file).parent.iterdir()):
            if path.is_file() and path.suffix != ".toml":
                status = path.stat()
                hasher.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return hasher.hexdigest()


def _library_missing(name: str, error: ModuleNotFoundError) -> NumeriError:
    root = (error.name or "").split(".", maxsplit=1)[0]
    if root == "cloudpickle":
        return LibraryMissing(
            f"{name} was written with cloudpickle, which is not installed",
            hint="the extra brings it: `pip install 'numeri[upload]'`",
        )
    return EstimatorInvalid(
        f"{name} needs the module {root!r}, which is not here",
        hint=f"install it, such as `pip install {root}`, or put it beside the profile",
    )


def _described(found: object) -> str:
    kind = type(found).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
