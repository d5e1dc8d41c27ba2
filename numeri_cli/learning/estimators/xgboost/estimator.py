"""XGBoost: rows stream from the parquet file into its bins; members are kept as UBJ."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.errors import ArtifactDamaged
from numeri_cli.learning.estimators.base import (
    FloatArray,
    MemberContent,
    MemberTask,
    TrainingSettings,
    require_features,
    require_free_seed,
)
from numeri_cli.learning.estimators.distinct_members import member_digest
from numeri_cli.learning.estimators.kept_members import made_once
from numeri_cli.learning.estimators.xgboost.early_stopping import (
    EVERY_TREES,
    PATIENCE_TREES,
    HeldOutJudge,
)
from numeri_cli.learning.estimators.xgboost.footprint import (
    depth_of,
    paged_peak_bytes,
    peak_bytes,
)
from numeri_cli.learning.estimators.xgboost.library import refusals, warnings_to, xgb
from numeri_cli.learning.estimators.xgboost.matrix import build_matrix, require_names
from numeri_cli.learning.estimators.xgboost.parameters import (
    DEFAULT_BINS,
    PATIENCE,
    TREES,
    complete,
    named,
    of_booster,
    require_accepted,
    require_different_members,
    require_suitable,
)
from numeri_cli.learning.estimators.xgboost.structure import UnsoundUbj, check_ubj
from numeri_cli.learning.matrix import FloatMatrix
from numeri_cli.learning.memory import GIGABYTE, TrainingShape, available_bytes, check_memory
from numeri_cli.learning.rows import Rows
from numeri_cli.learning.staged_rows import StagedRows, stage, staging_folder
from numeri_cli.model_spec import EstimatorSpec

STAGED, PAGES = "rows.bin", "pages"


@dataclass(frozen=True)
class XGBoost:
    """An Estimator whose members are boosters, kept as XGBoost's own UBJ.

    params: as given
    paged: keep the bins in pages on disk; None does so where memory is too small for them
    """

    params: Mapping[str, Any]
    paged: bool | None = None
    suffix: str = ".ubj"
    opens_safely: bool = True
    libraries: tuple[str, ...] = ("xgboost",)

    def check(self, model: str, *, seeds: tuple[int, ...], early_stopping: bool) -> None:
        """Have names and values judged by the library, and what it would take without a word."""
        is_given = "random_state" in named(self.params)
        require_free_seed(model, seeds=seeds, is_given=is_given)
        params = complete(self.params, seed=seeds[0])
        require_suitable(params, early_stopping=early_stopping)
        require_accepted(params)
        require_different_members(params, seeds=seeds)

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """With our defaults, and the seed where there is one."""
        params = complete(self.params, seed=seeds[0])
        if len(seeds) > 1:
            params.pop("random_state")
        return params

    def trainer(self, rows: Rows, settings: TrainingSettings) -> XGBoostTrainer:
        """Turn the rows round on disk, then bin them."""
        require_names(settings.features)
        params = complete(self.params, seed=0)
        five_valued = rows.are_whole_numbers(settings.features)
        shape = TrainingShape(rows.count, len(settings.features), five_valued)
        depth, available = depth_of(params), available_bytes()
        held_out = 0 if settings.held_out is None else settings.held_out.rows.count
        beside = held_out * shape.features * 4

        def paged_bytes(some: TrainingShape) -> float:
            return paged_peak_bytes(some, depth=depth) + beside

        needed = peak_bytes(shape, depth=depth) + beside
        paged = needed > available if self.paged is None else self.paged
        check_memory(shape, paged_bytes, available=available, force=settings.force)
        if paged:
            settings.listener.say(
                f"{needed / GIGABYTE:.1f} GB of memory would be needed and"
                f" {available / GIGABYTE:.1f} GB are free: XGBoost's bins go to pages on disk"
            )
        folder = staging_folder(settings.unfinished, "xgboost")
        staged = stage(
            rows,
            settings.features,
            folder / STAGED,
            missing_twos=settings.spec.missing_twos,
            force=settings.force,
            listener=settings.listener,
        )
        pages = folder / PAGES if paged else None
        if pages is not None:
            pages.mkdir()
        matrix = build_matrix(
            staged,
            settings.features,
            max_bin=int(params.get("max_bin", DEFAULT_BINS)),
            threads=int(of_booster(params, cells=shape.rows * shape.features).get("n_jobs", 0)),
            pages=pages,
            listener=settings.listener,
        )
        staged.path.unlink()
        settings.listener.step("binned_built")
        return XGBoostTrainer(self, settings, matrix, staged)

    def load(
        self, content: bytes, *, features: tuple[str, ...], source: Path, digest: str | None = None
    ) -> FittedXGBoost:
        """Read UBJ. Raises ArtifactDamaged where its features are not these, in this order.

        digest: as the ledger has it; what the ledger does not vouch for is checked first
        """
        try:
            if digest is None or hashlib.sha256(content).hexdigest() != digest:
                check_ubj(content)
            booster = xgb.Booster()
            booster.load_model(bytearray(content))
        except UnsoundUbj as error:
            raise ArtifactDamaged(
                f"{source} is no sound XGBoost model: {error}", hint="train the model again"
            ) from error
        except (xgb.core.XGBoostError, ValueError) as error:
            raise ArtifactDamaged(
                f"{source} is no XGBoost model", hint="train the model again"
            ) from error
        require_features(booster.feature_names or (), features, source=source)
        booster.set_param({"device": "cpu"})  # wherever it was trained
        return FittedXGBoost(booster)


def make(spec: EstimatorSpec, *, module_folder: Path | None) -> XGBoost:
    """An XGBoost estimator with these parameters; no module of anybody is needed."""
    return XGBoost(spec.params)


@dataclass(frozen=True)
class FittedXGBoost:
    """A booster of XGBoost."""

    booster: Any

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions."""
        return np.asarray(self.booster.inplace_predict(rows), dtype=np.float64)

    def gains(self) -> FloatArray:
        """(n_features,) the loss that splits by each feature have saved."""
        found = self.booster.get_score(importance_type="total_gain")
        names = self.booster.feature_names or ()
        return np.array([float(found.get(name, 0.0)) for name in names], dtype=np.float64)


@dataclass(frozen=True)
class XGBoostTrainer:
    """Binned rows, from which boosters grow.

    matrix: the library's; staged: in which order it has the rows
    """

    estimator: XGBoost
    settings: TrainingSettings
    matrix: Any
    staged: StagedRows

    def train(self, task: MemberTask) -> MemberContent:
        """One booster, or one kept from a training that a later member has ended."""
        own = (complete(self.estimator.params, seed=task.seed), xgb.__version__)
        digest = member_digest(self.settings, task, *own)
        content = made_once(
            self.settings,
            task,
            digest=digest,
            make=lambda: bytes(self._grown(task).save_raw("ubj")),
        )
        return MemberContent(content, _trees_of(content))

    def _grown(self, task: MemberTask) -> Any:
        listener, held_out = self.settings.listener, self.settings.held_out
        params = complete(self.estimator.params, seed=task.seed)
        judge = None
        if held_out is not None:
            patience = int(params.get(PATIENCE, PATIENCE_TREES))
            judge = HeldOutJudge(held_out, task.target, patience_trees=patience)
        trees = int(params[TREES])
        places = self.staged.places
        cells = len(places) * self.staged.features
        with (
            refusals(),
            warnings_to(listener),
            listener.task(task.label, total=trees, unit="trees") as progress,
        ):
            self.matrix.set_label(task.rows.labels[places])
            weights = np.ones(0, dtype=np.float32) if task.weights is None else task.weights[places]
            self.matrix.set_weight(weights)
            booster = xgb.Booster(of_booster(params, cells=cells), [self.matrix])
            for tree in range(trees):
                booster.update(self.matrix, tree)
                progress.advance(1)
                done = tree + 1
                if judge and (done % EVERY_TREES == 0 or done == trees):
                    over = judge.is_over(booster, done)
                    progress.note(f"held-out CORR {judge.best_score:.4f}")
                    if over:
                        break
            return booster[: judge.best_trees] if judge and judge.best_trees else booster


def _trees_of(content: bytes) -> int:
    booster = xgb.Booster()
    booster.load_model(bytearray(content))
    return int(booster.num_boosted_rounds())
