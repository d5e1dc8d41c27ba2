"""LightGBM, fed in blocks of columns: half a byte a cell, and a killed training goes on."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.booster_text import Unsound, check_structure, trees_alone
from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid, ParameterUnknown
from numeri_cli.learning.cached_data import one_at_a_time
from numeri_cli.learning.estimators.base import (
    FloatArray,
    MemberContent,
    MemberTask,
    TrainingSettings,
    require_features,
    require_free_seed,
)
from numeri_cli.learning.estimators.bounds import MOST_THREADS
from numeri_cli.learning.estimators.lightgbm.binned import build_binned, subset
from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache
from numeri_cli.learning.estimators.lightgbm.columns import (
    library_names,
    of_plan,
    pointing_at_columns,
    refuse_block_parameters,
    without_columns,
)
from numeri_cli.learning.estimators.lightgbm.early_stopping import PATIENCE_TREES, EarlyStopping
from numeri_cli.learning.estimators.lightgbm.effects import ineffective, refuse_without_effect
from numeri_cli.learning.estimators.lightgbm.footprint import (
    DEFAULT_LEAVES,
    kept_bytes,
    peak_bytes,
)
from numeri_cli.learning.estimators.lightgbm.library import lgb, without_fatal_lines
from numeri_cli.learning.estimators.lightgbm.model_text import trees_of
from numeri_cli.learning.estimators.lightgbm.parameters import (
    DEFAULT_TREES,
    lightgbm_parameters,
    require_accepted,
    require_possible,
    value_of,
    without,
)
from numeri_cli.learning.estimators.lightgbm.segments import SEGMENT_TREES, train_booster
from numeri_cli.learning.estimators.lightgbm.suitability import (
    require_different_members,
    require_early_stopping_rows,
    require_suitable_objective,
)
from numeri_cli.learning.matrix import FloatMatrix
from numeri_cli.learning.memory import TrainingShape, available_bytes, check_disk, check_memory
from numeri_cli.learning.rows import Rows
from numeri_cli.model_spec import EstimatorSpec


@dataclass(frozen=True)
class LightGBM:
    """An Estimator whose members are boosters, kept as LightGBM's own text.

    params: as given
    segment_trees: trees between two points from which a killed training can go on
    """

    params: Mapping[str, Any]
    segment_trees: int = SEGMENT_TREES
    suffix: str = ".txt"
    opens_safely: bool = True
    libraries: tuple[str, ...] = ("lightgbm",)

    def check(self, model: str, *, seeds: tuple[int, ...], early_stopping: bool) -> None:
        """Have names and values judged by the library, and what it would take without a word."""
        is_given = value_of(self.params, "seed", None) is not None
        require_free_seed(model, seeds=seeds, is_given=is_given)
        refuse_without_effect(self.params)
        refuse_block_parameters(self.params)
        require_suitable_objective(self.params)
        require_accepted(without_columns(self.parameters(seeds[0])))
        require_early_stopping_rows(self.params, early_stopping=early_stopping)
        require_different_members(self.params, seeds=seeds)

    def recorded_parameters(self, seeds: tuple[int, ...]) -> dict[str, Any]:
        """With our defaults, and the seed where there is one."""
        params = self.parameters(seeds[0])
        return params if len(seeds) == 1 else without(params, "seed")

    def parameters(self, seed: int, features: Sequence[str] | None = None) -> dict[str, Any]:
        """A booster's parameters: the given, our defaults, the seed unless one is given.

        features: of the plan, for parameters that point at columns; left as given where None
        Raises ParameterUnknown.
        """
        params = lightgbm_parameters(self.params)
        require_possible(params)
        if features is not None:
            params = of_plan(params, features)
        trees = value_of(params, "num_iterations", DEFAULT_TREES)
        if not isinstance(trees, int) or trees < 1:
            raise ParameterUnknown(
                f"{trees!r} is no number of trees",
                hint="n_estimators in params has to be a whole number, 1 or more",
            )
        threads = value_of(params, "num_threads", 0)
        if not isinstance(threads, int) or not 0 <= threads <= MOST_THREADS:
            raise ParameterUnknown(
                f"{threads!r} is no number of threads",
                hint=f"n_jobs in params has to be from 1 to {MOST_THREADS}; 0 takes all cores",
            )
        if value_of(params, "seed", None) is None:
            return params | {"seed": seed}
        return params

    def trainer(self, rows: Rows, settings: TrainingSettings) -> BoosterTrainer:
        """Bin the rows, or load them where they were binned before."""
        for word in ineffective(self.params):
            settings.listener.say(word)
        params = self.parameters(0, settings.features)
        require_accepted(pointing_at_columns(params))
        cache = BinnedCache(settings.cache)
        stored = rows if settings.whole is None else settings.whole
        leaves = int(value_of(params, "num_leaves", DEFAULT_LEAVES))
        five_valued = stored.are_whole_numbers(settings.features)
        chosen = 0 if stored is rows or rows.count == stored.count else rows.count
        held_out = settings.held_out.rows.count if settings.held_out else 0
        shape = TrainingShape(
            stored.count,
            len(settings.features),
            five_valued,
            held_out_rows=held_out,
            copied_rows=chosen,
        )
        check_memory(
            shape,
            lambda shape: peak_bytes(shape, leaves=leaves),
            available=available_bytes(),
            force=settings.force,
        )

        def key_of(some: Rows) -> str:
            return cache.key(
                some, settings.features, params, missing_twos=settings.spec.missing_twos
            )

        binned = cache.load(key_of(stored), params)
        if binned is None:
            with one_at_a_time(cache.folder, key_of(stored)):
                binned = cache.load(key_of(stored), params)
                if binned is not None:
                    settings.listener.step("binned_loaded")
                else:
                    binned = self._built(stored, settings, params, shape, key_of(stored))
        else:
            settings.listener.step("binned_loaded")
        if stored is not rows:
            binned = subset(binned, rows.within(stored))
        return BoosterTrainer(self, settings, binned, key_of(rows))

    def _built(
        self,
        stored: Rows,
        settings: TrainingSettings,
        params: Mapping[str, Any],
        shape: TrainingShape,
        key: str,
    ) -> lgb.Dataset:
        """The rows, binned, and kept for the next training where the disk has room."""
        cache = BinnedCache(settings.cache)
        keep = check_disk(kept_bytes(shape), cache.folder, force=settings.force)
        binned = build_binned(
            stored,
            settings.features,
            params,
            missing_twos=settings.spec.missing_twos,
            listener=settings.listener,
        )
        if keep:
            cache.keep(key, binned)
        settings.listener.step("binned_built")
        return binned

    def load(
        self, content: bytes, *, features: tuple[str, ...], source: Path, digest: str | None = None
    ) -> FittedBooster:
        """Read LightGBM's text. Raises ArtifactDamaged where its features are not these.

        LightGBM predicts by position, so that the order of the columns is checked here.
        digest: as the ledger has it; a text that the ledger does not vouch for is checked first
        """
        try:
            text = content.decode()
            if digest is None or hashlib.sha256(content).hexdigest() != digest:
                check_structure(text)
            with without_fatal_lines():
                booster = lgb.Booster(model_str=trees_alone(text))
        except Unsound as error:
            raise ArtifactDamaged(
                f"{source} is no sound LightGBM model: {error}", hint="train the model again"
            ) from error
        except (lgb.basic.LightGBMError, UnicodeDecodeError) as error:
            raise ArtifactDamaged(
                f"{source} is no LightGBM model", hint="train the model again"
            ) from error
        require_features(booster.feature_name(), features, library_names(features), source=source)
        return FittedBooster(booster)


def make(spec: EstimatorSpec, *, module_folder: Path | None) -> LightGBM:
    """A LightGBM estimator with these parameters; no module of anybody is needed."""
    return LightGBM(spec.params)


@dataclass(frozen=True)
class FittedBooster:
    """A LightGBM booster."""

    booster: lgb.Booster

    def predict(self, rows: FloatMatrix) -> FloatArray:
        """(n,) raw predictions."""
        return np.asarray(self.booster.predict(rows), dtype=np.float64)

    def gains(self) -> FloatArray:
        """(n_features,) the loss that splits by each feature have saved."""
        return np.asarray(self.booster.feature_importance("gain"), dtype=np.float64)


@dataclass(frozen=True)
class BoosterTrainer:
    """Binned rows, from which boosters grow.

    rows_key: of the rows in the cache of binned data
    grown: by target and digest of the trees, the seed that grew them
    """

    estimator: LightGBM
    settings: TrainingSettings
    binned: lgb.Dataset
    rows_key: str
    grown: dict[tuple[str, str], int] = field(default_factory=dict)

    def train(self, task: MemberTask) -> MemberContent:
        """One booster, in segments.

        Raises EstimatorInvalid where an earlier seed has grown the same trees.
        """
        params = self.estimator.parameters(task.seed, self.settings.features)
        early_stopping = None
        if self.settings.held_out is not None:
            patience = int(value_of(params, "early_stopping_round", PATIENCE_TREES))
            boosting = str(value_of(params, "boosting", "gbdt"))
            early_stopping = EarlyStopping(
                self.settings.held_out,
                task.target,
                patience_trees=patience,
                averages=boosting in ("rf", "random_forest"),
            )
        text = train_booster(
            self.binned,
            params,
            labels=task.rows.labels,
            weights=task.weights,
            folder=self.settings.unfinished / self._digest(task, params),
            segment_trees=self.estimator.segment_trees,
            early_stopping=early_stopping,
            label=task.label,
            listener=self.settings.listener,
        )
        self._require_another(task, text)
        trees = len(re.findall(r"^Tree=\d+$", text, flags=re.MULTILINE))
        return MemberContent(text.encode(), trees)

    def _require_another(self, task: MemberTask, text: str) -> None:
        """Chance, or a share that rounds to all, can leave nothing for a seed to vary."""
        digest = hashlib.sha256(trees_of(text).encode()).hexdigest()
        earlier = self.grown.setdefault((task.target, digest), task.seed)
        if earlier != task.seed:
            raise EstimatorInvalid(
                f"LightGBM grows the same trees for the seeds {earlier} and {task.seed}",
                hint="name one seed, or let params leave more to chance, such as colsample_bytree"
                " = 0.1",
            )

    def _digest(self, task: MemberTask, params: Mapping[str, Any]) -> str:
        """The digest of everything that a booster's trees depend on."""
        held_out, whole = self.settings.held_out, self.settings.whole
        parts = [
            self.rows_key,
            whole.digest() if whole else "",
            task.target,
            params,
            self.estimator.segment_trees,
            held_out.rows.digest() if held_out else "",
            repr(self.settings.spec.era_weights),
        ]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
