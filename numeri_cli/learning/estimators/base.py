"""Estimators: what one has to be able to do, and which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from numeri_cli.errors import ArtifactDamaged, ParameterUnknown
from numeri_cli.learning.era_weights import FileWeights
from numeri_cli.learning.held_out import HeldOut
from numeri_cli.learning.matrix import FloatMatrix
from numeri_cli.learning.memory import Footprint, TrainingShape
from numeri_cli.learning.residual import Residual
from numeri_cli.learning.rows import LabelledRows, Rows
from numeri_cli.model_spec import EstimatorSpec, ModelSpec
from numeri_cli.progress import SILENT, Listener

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class EstimatorEntry:
    """The modules below this package that hold an estimator; each is imported when it is needed.

    maker: with `make(spec: EstimatorSpec, *, module_folder: Path | None) -> Estimator`
    footprint: with `footprint(params: Mapping[str, Any], shape: TrainingShape) -> Footprint`, which
        imports nothing that trains
    hosted: what of a member goes into a hosted model's pickle, and how that predicts there; imports
        nothing of ours and is pickled by value
    rows: below the cluster's package, what trains one member over machines; None where nothing does
    """

    maker: str
    footprint: str
    hosted: str
    rows: str | None = None


# By the name that profiles use
ESTIMATORS: Mapping[str, EstimatorEntry] = {
    "lightgbm": EstimatorEntry(
        maker="lightgbm.estimator",
        footprint="lightgbm.footprint",
        hosted="lightgbm.hosted",
        rows="lightgbm_rows",
    ),
    "catboost": EstimatorEntry(
        maker="catboost.estimator", footprint="catboost.footprint", hosted="catboost.hosted"
    ),
    "xgboost": EstimatorEntry(
        maker="xgboost.estimator",
        footprint="xgboost.footprint",
        hosted="xgboost.hosted",
        rows="xgboost_rows",
    ),
}
# What any other name is: "module:Class"
ANY_CLASS = EstimatorEntry(maker="any_class", footprint="any_class", hosted="hosted_object")


class Fitted(Protocol):
    """A trained member of an ensemble."""

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions of (n, features) float32 rows, columns in the contract's order."""


@runtime_checkable
class Weighing(Protocol):
    """A trained member that knows how much each feature has given it."""

    def gains(self) -> FloatArray:
        """(n_features,) the loss that splits by each feature have saved, in the columns' order."""


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What all members of one training have in common.

    spec: the model
    features: the columns, in their order
    held_out: rows that end the training early; None where nothing is held out
    cache: a folder for data that the next training can start from
    unfinished: a folder for what a killed training can go on from
    whole: rows that hold all that will be trained on, so that one cached file serves
    era_weights: what the file says that the model's era_weights name
    residual: what is taken out of the targets before they are learned; None where nothing is
    force: train even where memory or disk look too small
    """

    spec: ModelSpec
    features: tuple[str, ...]
    cache: Path
    unfinished: Path
    held_out: HeldOut | None = None
    whole: Rows | None = None
    era_weights: FileWeights | None = None
    residual: Residual | None = None
    force: bool = False
    listener: Listener = SILENT


@dataclass(frozen=True, kw_only=True)
class MemberTask:
    """One member to be trained.

    label: what is shown while it grows
    rows: those of the trainer, with the target's values
    weights: (rows,) float32, mean 1; None where all count the same
    """

    label: str
    target: str
    seed: int
    rows: LabelledRows
    weights: npt.NDArray[np.float32] | None


@dataclass(frozen=True)
class MemberContent:
    """A trained member as it goes into a file; trees: 0 where it has none that can be counted."""

    content: bytes
    trees: int = 0


class Trainer(Protocol):
    """An estimator with rows in memory, from which members of several targets and seeds grow."""

    def train(self, task: MemberTask) -> MemberContent:
        """One member. Raises ParameterUnknown, EstimatorInvalid, DiskError."""


class Estimator(Protocol):
    """One kind of model with its parameters."""

    @property
    def suffix(self) -> str:
        """The ending of a member's file, such as ".txt"."""

    @property
    def opens_safely(self) -> bool:
        """Whether a member's file may be opened whoever wrote it; else its digest must be known."""

    @property
    def libraries(self) -> tuple[str, ...]:
        """Packages whose versions an artifact records."""

    def check(self, model: str, *, seeds: tuple[int, ...], early_stopping: bool) -> None:
        """Refuse, before data is read, what it cannot be trained with.

        model: its name, for what is said
        Raises ParameterUnknown, EstimatorInvalid.
        """

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """Its parameters with our defaults, as an artifact tells them."""

    def trainer(self, rows: Rows, settings: TrainingSettings) -> Trainer:
        """Take in the rows: by blocks of columns, as a matrix, or batch by batch.

        Raises MemoryShort where they will not fit, FileForeign, FileDamaged, DiskError.
        """

    def load(
        self, content: bytes, *, features: tuple[str, ...], source: Path, digest: str | None
    ) -> Fitted:
        """Open what a trainer made.

        source: the file, for what is said
        digest: SHA-256 as this machine noted it down, where the file does not open safely
        Raises ArtifactDamaged, EstimatorInvalid.
        """


def make_estimator(spec: EstimatorSpec, *, module_folder: Path | None = None) -> Estimator:
    """The estimator that a profile names.

    module_folder: where else the module of "module:Class" is looked for
    """
    entry = ESTIMATORS.get(spec.name, ANY_CLASS)
    given = [key for key in ("epochs", "shuffle") if getattr(spec, key) is not None]
    if given and entry is not ANY_CLASS:
        raise ParameterUnknown(
            f"{given[0]} is for classes that learn from batches, not for {spec.name}",
            hint=f"take {' and '.join(given)} out of the profile",
        )
    made: Estimator = _module(entry.maker).make(spec, module_folder=module_folder)
    return made


def holds_pickle(spec: EstimatorSpec) -> bool:
    """Whether a trained model of this kind is kept as a pickle, which runs code where it opens."""
    return spec.name not in ESTIMATORS


def hosted_module(spec: EstimatorSpec) -> str:
    """The module, by its whole name, that holds such a member in a hosted model."""
    return f"{__package__}.{ESTIMATORS.get(spec.name, ANY_CLASS).hosted}"


def footprint_of(
    spec: EstimatorSpec, shape: TrainingShape, *, module_folder: Path | None = None
) -> Footprint:
    """What a training of this size takes of memory and disk; of a class, its module is imported.

    module_folder: where else the module of "module:Class" is looked for
    Raises EstimatorInvalid where there is no such class.
    """
    found: Footprint
    entry = ESTIMATORS.get(spec.name)
    if entry is None:
        found = _module(ANY_CLASS.footprint).footprint_of_class(spec.name, shape, module_folder)
    else:
        found = _module(entry.footprint).footprint(spec.params, shape)
    return found


def _module(name: str) -> ModuleType:
    return import_module(f"{__package__}.{name}")


def require_features(found: Sequence[str], *accepted: Sequence[str], source: Path) -> None:
    """Raise ArtifactDamaged where a member's features, in their order, are none of the accepted."""
    if tuple(found) not in [tuple(one) for one in accepted]:
        raise ArtifactDamaged(
            f"the features of {source} are not those of its model.json",
            hint="train the model again",
        )


def require_free_seed(model: str, *, seeds: Sequence[int], is_given: bool) -> None:
    """Raise ParameterUnknown where params give the seed that several `seeds` are to vary."""
    if len(seeds) > 1 and is_given:
        raise ParameterUnknown(
            f"params give the seed that the {len(seeds)} `seeds` of {model} are to vary",
            hint="leave the seed out of params, or name one seed",
        )
