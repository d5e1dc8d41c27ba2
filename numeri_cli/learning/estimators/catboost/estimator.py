"""CatBoost: columns of bytes that its pool does not copy; members are kept as cbm."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from numeri_cli.children import child_environment
from numeri_cli.errors import ArtifactDamaged
from numeri_cli.files import disk_errors
from numeri_cli.learning.estimators.base import (
    FloatArray,
    MemberContent,
    MemberTask,
    TrainingSettings,
    require_features,
    require_free_seed,
)
from numeri_cli.learning.estimators.catboost.early_stopping import (
    PATIENCE_TREES,
    HeldOutCorr,
    held_out_pool,
)
from numeri_cli.learning.estimators.catboost.footprint import held_out_bytes, peak_bytes
from numeri_cli.learning.estimators.catboost.library import catboost, refusals
from numeri_cli.learning.estimators.catboost.parameters import (
    PATIENCE,
    SEED,
    complete,
    named,
    of_booster,
    require_accepted,
    require_different_members,
    require_suitable,
)
from numeri_cli.learning.estimators.distinct_members import member_digest
from numeri_cli.learning.estimators.kept_members import made_once
from numeri_cli.learning.matrix import FloatMatrix, column_arrays
from numeri_cli.learning.memory import GIGABYTE, TrainingShape, available_bytes, check_memory
from numeri_cli.learning.rows import Rows
from numeri_cli.model_spec import EstimatorSpec

# In a process of its own, whose end is not ours: a file that is not sound may end it
_PROBE = """
import sys
import catboost, numpy
model = catboost.CatBoost()
model.load_model(blob=sys.stdin.buffer.read())
rows = numpy.random.default_rng(0).integers(-1, 6, (64, len(model.feature_names_)))
assert numpy.isfinite(model.predict(rows.astype("float32"), thread_count=1)).all()
"""
_PROBE_SECONDS = 300.0


@dataclass(frozen=True)
class CatBoost:
    """An Estimator whose members are boosters, kept as CatBoost's own cbm.

    params: as given
    """

    params: Mapping[str, Any]
    suffix: str = ".cbm"
    opens_safely: bool = True
    libraries: tuple[str, ...] = ("catboost",)

    def check(self, model: str, *, seeds: tuple[int, ...], early_stopping: bool) -> None:
        """Have names and values judged by the library, and what it would take without a word."""
        require_free_seed(model, seeds=seeds, is_given=SEED in named(self.params))
        params = complete(self.params, seed=seeds[0])
        require_suitable(params, early_stopping=early_stopping)
        require_accepted(params)
        require_different_members(params, seeds=seeds)

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """With our defaults, and the seed where there is one."""
        params = complete(self.params, seed=seeds[0])
        if len(seeds) > 1:
            params.pop(SEED)
        return params

    def trainer(self, rows: Rows, settings: TrainingSettings) -> CatBoostTrainer:
        """Read the rows column by column, once what they take was said."""
        is_bytes = rows.are_whole_numbers(settings.features) and settings.spec.missing_twos != "nan"
        shape = TrainingShape(rows.count, len(settings.features), five_valued=is_bytes)
        held_out = 0 if settings.held_out is None else settings.held_out.rows.count
        beside = held_out_bytes(held_out, features=shape.features)

        def needed(some: TrainingShape) -> float:
            return peak_bytes(some) + beside

        settings.listener.say(
            f"CatBoost holds all rows: {shape.rows:,} rows × {shape.features:,} features"
            f" take about {needed(shape) / GIGABYTE:.1f} GB of memory"
        )
        check_memory(shape, needed, available=available_bytes(), force=settings.force)
        columns = column_arrays(
            rows,
            settings.features,
            missing_twos=settings.spec.missing_twos,
            listener=settings.listener,
        )
        return CatBoostTrainer(self, settings, columns)

    def load(
        self, content: bytes, *, features: tuple[str, ...], source: Path, digest: str | None = None
    ) -> FittedCatBoost:
        """Read a cbm. Raises ArtifactDamaged where its features are not these, in this order.

        digest: as the ledger has it; what the ledger does not vouch for is tried first in a process
        of its own
        """
        if digest is None or hashlib.sha256(content).hexdigest() != digest:
            _require_sound(content, source)
        model = catboost.CatBoost()
        try:
            model.load_model(blob=content)
            found = tuple(model.feature_names_)
        except (catboost.CatBoostError, ValueError, TypeError) as error:
            raise ArtifactDamaged(
                f"{source} is no CatBoost model", hint="train the model again"
            ) from error
        require_features(found, features, source=source)
        return FittedCatBoost(model)


def make(spec: EstimatorSpec, *, module_folder: Path | None) -> CatBoost:
    """A CatBoost estimator with these parameters; no module of anybody is needed."""
    return CatBoost(spec.params)


@dataclass(frozen=True)
class FittedCatBoost:
    """A booster of CatBoost."""

    model: Any

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions."""
        return np.asarray(self.model.predict(rows), dtype=np.float64)


@dataclass(frozen=True)
class CatBoostTrainer:
    """The rows, from which boosters grow.

    columns: feature → (rows,) its values, bytes or float32
    """

    estimator: CatBoost
    settings: TrainingSettings
    columns: Mapping[str, npt.NDArray[Any]]

    def train(self, task: MemberTask) -> MemberContent:
        """One booster, or one kept from a training that a later member has ended."""
        params = complete(self.estimator.params, seed=task.seed)
        digest = member_digest(self.settings, task, params, catboost.__version__)
        content = made_once(
            self.settings,
            task,
            digest=digest,
            make=lambda: self._content(self._grown(task, params)),
        )
        model = catboost.CatBoost()
        model.load_model(blob=content)
        return MemberContent(content, int(model.tree_count_))

    def _grown(self, task: MemberTask, params: Mapping[str, Any]) -> Any:
        settings, held_out = self.settings, self.settings.held_out
        own = of_booster(params, cells=sum(column.size for column in self.columns.values()))
        threads = int(own.get("thread_count", -1))
        more: dict[str, Any] = {}
        if held_out is not None:
            own["eval_metric"] = HeldOutCorr(held_out, task.target)
            more = {
                "eval_set": held_out_pool(held_out, settings.features, threads=threads),
                "early_stopping_rounds": int(params.get(PATIENCE, PATIENCE_TREES)),
                "use_best_model": True,
            }
        with (
            refusals(),
            warnings.catch_warnings(),
            settings.listener.task(task.label, total=None, unit="trees"),
        ):
            warnings.simplefilter("ignore")  # of numba, without which our metric is as good
            # a frame's columns are the one thing of bytes that a pool takes as they are
            pool = catboost.Pool(
                pd.DataFrame(self.columns, copy=False),
                label=task.rows.labels,
                weight=task.weights,
                feature_names=list(settings.features),
                thread_count=threads,
            )
            model = catboost.CatBoost(own)
            model.fit(pool, **more)
        return model

    def _content(self, model: Any) -> bytes:
        """The model's bytes: the library writes files only."""
        folder = self.settings.unfinished
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as place:
                path = Path(place) / "model.cbm"
                model.save_model(str(path), format="cbm")
                return path.read_bytes()


def _require_sound(content: bytes, source: Path) -> None:
    """Raise ArtifactDamaged where another process cannot read a model and predict with it."""
    try:
        done = subprocess.run(  # noqa: S603 - this very interpreter, and words of our own
            [sys.executable, "-c", _PROBE],
            input=content,
            capture_output=True,
            env=child_environment(os.environ),
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        raise ArtifactDamaged(f"{source} is no sound CatBoost model", hint="train the model again")
