"""LightGBM over machines, by its own Dask module: histograms are added up over the network."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numeri_cli.cluster.rows.base import RowEngine, SpreadRows
from numeri_cli.errors import LibraryMissing
from numeri_cli.learning.estimators.base import MemberContent
from numeri_cli.learning.estimators.lightgbm.columns import library_names, of_plan
from numeri_cli.learning.estimators.lightgbm.estimator import LightGBM
from numeri_cli.learning.estimators.lightgbm.parameters import canonical

# Names of the library → those that its Dask class takes
_OF_CLASS = {
    "num_iterations": "n_estimators",
    "boosting": "boosting_type",
    "feature_fraction": "colsample_bytree",
    "bagging_fraction": "subsample",
    "bagging_freq": "subsample_freq",
    "min_data_in_leaf": "min_child_samples",
    "min_sum_hessian_in_leaf": "min_child_weight",
    "min_gain_to_split": "min_split_gain",
    "lambda_l1": "reg_alpha",
    "lambda_l2": "reg_lambda",
    "bin_construct_sample_cnt": "subsample_for_bin",
    "seed": "random_state",
    "num_threads": "n_jobs",
}
_NAMES = re.compile(r"^feature_names=.*$", re.MULTILINE)
_ADDRESSES = re.compile(r"^\[(machines|local_listen_port): .*\]$", re.MULTILINE)
_TREE = re.compile(r"^Tree=\d+$", re.MULTILINE)


@dataclass(frozen=True)
class LightGBMRows:
    """A RowEngine whose members are LightGBM's own text."""

    def grow(
        self, client: Any, spread: SpreadRows, params: Mapping[str, Any], *, seed: int
    ) -> MemberContent:
        """One booster; its features are called as those of a local one.

        Raises LibraryMissing where scikit-learn is not installed, which the library asks for.
        """
        try:
            from lightgbm.dask import DaskLGBMRegressor

            own = LightGBM(params).parameters(seed, spread.features)
            named = {canonical(name) or name: value for name, value in own.items()}
            named = of_plan(named, spread.features)
            model = DaskLGBMRegressor(
                client=client, **{_OF_CLASS.get(name, name): v for name, v in named.items()}
            )
        except (ImportError, NameError) as error:
            raise _library_missing() from error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that it moves
            model.fit(spread.rows, spread.labels, sample_weight=spread.weights)
        text = model.to_local().booster_.model_to_string(num_iteration=-1)
        names = " ".join(library_names(spread.features))
        text = _NAMES.sub(lambda found: f"feature_names={names}", text, count=1)
        text = _ADDRESSES.sub(lambda found: f"[{found[1]}: ]", text)
        return MemberContent(text.encode(), len(_TREE.findall(text)))


def _library_missing() -> LibraryMissing:
    return LibraryMissing(
        "LightGBM spreads rows with scikit-learn and Dask's arrays, which are not installed",
        hint="the extra brings them: `pip install 'numeri[cluster]'`",
    )


ENGINE: RowEngine = LightGBMRows()
