"""Training: pandas into LGBMRegressor.fit, as Numerai's own notebook does, and ours.

`python tests/benchmarks/training.py` takes 480,000 rows × 700 features; `--scale v5.3` the real
2,746,268 × 3,555, which no peer can hold: only our own figures, some of them on standard error.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import engines
from tests.benchmarks.measure import Case, Outputs, Side, main
from tests.benchmarks.wide_data import (
    SOME_NAN_TARGET,
    TARGET,
    feature_names,
    wide_file,
)

PARAMS: dict[str, Any] = {
    "n_estimators": 20,
    "learning_rate": 0.01,
    "max_depth": 5,
    "num_leaves": 31,
    "colsample_bytree": 0.1,
    "random_state": 1,
    "deterministic": True,
    "force_col_wise": True,
}
NOTEBOOK = "github.com/numerai/example-scripts, hello_numerai.ipynb: pandas, LGBMRegressor.fit"
OUR_IMPORTS = ("pandas", "numeri_cli.learning.estimators.lightgbm.estimator", "sklearn")
PEER_IMPORTS = ("pandas", "lightgbm", "sklearn")


@dataclass(frozen=True)
class Size:
    """Rows, features and rows of a row group."""

    rows: int
    features: int
    group_rows: int

    def file(self) -> Path:
        """The data, made where it is not there yet."""
        return wide_file(self.rows, self.features, self.group_rows)


# Both sides sleep while a thread waits: spinning is CPU time that nobody used.
SLEEPING_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
DEFAULT = Size(480_000, 700, 100_000)
V53 = (Size(2_746_268, 3_555, 100_000), Size(2_746_268, 3_555, 1_048_576))


Above = Literal["nothing", "imports"]


class _BoostingStarts(Exception):
    pass


def _stop_before_boosting(_: object) -> None:
    raise _BoostingStarts


_stop_before_boosting.before_iteration = True  # type: ignore[attr-defined]


def trees_of_text(text: str) -> Outputs:
    """What both sides have to agree on, byte for byte."""
    from numeri_cli.learning.estimators.lightgbm.model_text import trees_of

    return {"trees": np.frombuffer(trees_of(text).encode(), dtype=np.uint8)}


def peer_fit(size: Size, _: Any, *, boosting: bool) -> Outputs:
    """As the notebook has it; without boosting it ends where the first tree would begin."""
    import lightgbm as lgb
    import pandas as pd

    names = list(feature_names(size.features))
    train = pd.read_parquet(size.file(), columns=[*names, TARGET])
    model = lgb.LGBMRegressor(**PARAMS, verbosity=-1)
    if not boosting:
        try:
            model.fit(train[names], train[TARGET], callbacks=[_stop_before_boosting])
        except _BoostingStarts:
            return {"rows": np.array([len(train)])}
        raise AssertionError("boosting began")
    model.fit(train[names], train[TARGET])
    return trees_of_text(model.booster_.model_to_string())


def ours_fit(
    size: Size, folder: Path, *, trees: int, target: str = TARGET, talk: bool = False
) -> Outputs:
    """Blocks of columns into bins, then so many trees."""
    from numeri_cli.learning.estimators.lightgbm.segments import train_booster

    started = time.perf_counter()
    binned, params, chosen = _ours_binned(size, folder, target)
    rows = np.array([binned.num_data()])
    if talk:
        _tell(f"{target}: {rows[0]:,} rows, {chosen.dropped:,} dropped", started)
    if not trees:
        return {"rows": rows}
    asked = params | {"n_estimators": trees}
    text = train_booster(binned, asked, labels=chosen.labels, folder=folder / target)
    if talk:
        _tell(f"{target}: with {trees} trees", started)
    return trees_of_text(text)


def _ours_binned(size: Size, folder: Path, target: str) -> tuple[Any, dict[str, Any], Any]:
    from numeri_cli.learning.estimators.lightgbm.binned import build_binned

    params, chosen, names = _ours_rows(size, folder, target)
    return build_binned(chosen.rows, names, params), params, chosen


def _ours_rows(size: Size, folder: Path, target: str) -> tuple[dict[str, Any], Any, Any]:
    """Opening, the file's digest and the choice of rows included: all that a user waits for."""
    from numeri_cli.dataset.parquet import DataFile
    from numeri_cli.files import digest_file
    from numeri_cli.learning.estimators.lightgbm.parameters import lightgbm_parameters
    from numeri_cli.learning.rows import open_sources, rows_of_eras, with_target

    data = DataFile.open(size.file())
    sources = open_sources([(data, digest_file(data.path, remembered_in=folder / "digests.json"))])
    chosen = with_target(rows_of_eras(sources, sources[0].eras), target)
    return lightgbm_parameters(PARAMS), chosen, feature_names(size.features)


def ours_from_cache(size: Size, folder: Path, *, fill: bool) -> Outputs:
    """Everything up to the first tree; `fill` builds and keeps the binned file first."""
    from numeri_cli.learning.estimators.lightgbm.binned import build_binned
    from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache

    params, chosen, names = _ours_rows(size, folder, TARGET)
    cache = BinnedCache(folder / "binned")
    key = cache.key(chosen.rows, names, params, missing_twos="keep")
    binned = build_binned(chosen.rows, names, params) if fill else cache.load(key, params)
    if binned is None:
        raise AssertionError("nothing was kept")
    return {"rows": np.array([binned.num_data()])}


def fill_cache(size: Size, folder: Path) -> None:
    """What the first training leaves behind."""
    from numeri_cli.learning.estimators.lightgbm.binned import build_binned
    from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache

    params, chosen, names = _ours_rows(size, folder, TARGET)
    cache = BinnedCache(folder / "binned")
    key = cache.key(chosen.rows, names, params, missing_twos="keep")
    cache.keep(key, build_binned(chosen.rows, names, params))


def make_file(size: Size, _: Path) -> None:
    """Write the data before anything is measured."""
    size.file()


def the_folder(folder: Path) -> Path:
    """Nothing is loaded beforehand: reading is part of what is measured."""
    return folder


def _tell(what: str, started: float) -> None:
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    spent = time.perf_counter() - started
    print(f"{what}: {spent:.1f} s, peak {peak_gb:.2f} GB", file=sys.stderr, flush=True)


def _side(work: Callable[[Path], Outputs], imports: tuple[str, ...]) -> Side:
    return Side(the_folder, work, imports)


def default_cases() -> list[Case]:
    """The same trees, the same building, and a second start."""
    size = DEFAULT
    trees = int(PARAMS["n_estimators"])
    fit = partial(ours_fit, size, trees=trees)
    return [
        Case(
            "training 480,000 x 700",
            _side(fit, OUR_IMPORTS),
            _side(partial(peer_fit, size, boosting=True), PEER_IMPORTS),
            inputs=partial(make_file, size),
            repeats=1,
            memory_above="imports",
            environment=SLEEPING_THREADS,
            reference=NOTEBOOK,
        ),
        Case(
            "building 480,000 x 700",
            _side(partial(ours_fit, size, trees=0), OUR_IMPORTS),
            _side(partial(peer_fit, size, boosting=False), PEER_IMPORTS),
            inputs=partial(make_file, size),
            repeats=1,
            memory_above="imports",
            environment=SLEEPING_THREADS,
            reference=NOTEBOOK,
        ),
        Case(
            "second start",
            _side(partial(ours_from_cache, size, fill=False), OUR_IMPORTS),
            _side(partial(ours_from_cache, size, fill=True), OUR_IMPORTS),
            inputs=partial(fill_cache, size),
            repeats=1,
            memory_above="imports",
            environment=SLEEPING_THREADS,
            reference="our own first build",
        ),
    ]


def engine_cases() -> list[Case]:
    """XGBoost against pandas and against its own frugal matrix of a frame; CatBoost."""
    size = DEFAULT

    def case(name: str, ours: Callable[..., Outputs], peer: Callable[..., Outputs]) -> Case:
        def side(work: Callable[..., Outputs], imports: tuple[str, ...]) -> Side:
            return _side(partial(work, size.file(), size.features), imports)

        engine = name.partition(" ")[0]
        return Case(
            f"{name} 480,000 x 700",
            side(ours, ("pandas", f"numeri_cli.learning.estimators.{engine}.estimator")),
            side(peer, ("pandas", engine, "sklearn")),
            inputs=partial(make_file, size),
            repeats=1,
            memory_above="imports",
            environment=SLEEPING_THREADS,
            reference=f"pandas.read_parquet and {engine}'s own way",
        )

    return [
        case("xgboost training", engines.ours_xgboost, engines.peer_xgboost),
        case("xgboost building", engines.ours_xgboost_built, engines.peer_xgboost_built),
        case("catboost training", engines.ours_catboost, engines.peer_catboost),
    ]


def v53_engine_cases() -> list[Case]:
    """All of v5.3 with XGBoost, in memory and in pages, with CatBoost, and from batches.

    Of pages the anonymous memory counts: those that are mapped from disk go when others need room.
    """
    size = V53[0]

    def case(
        name: str,
        work: Callable[..., Outputs],
        imports: tuple[str, ...],
        *,
        above: Above = "nothing",
    ) -> Case:
        return Case(
            name,
            replace(
                _side(partial(work, size.file(), size.features), imports),
                figures=engines.anonymous_figures,
            ),
            None,
            inputs=partial(make_file, size),
            repeats=1,
            memory_above=above,
            environment=SLEEPING_THREADS,
            reference="no peer can hold it",
        )

    ours = ("pandas", "numeri_cli.learning.estimators.xgboost.estimator")
    catboost = ("pandas", "numeri_cli.learning.estimators.catboost.estimator")
    batches = ("numeri_cli.learning.estimators.any_class", "sklearn.linear_model", "joblib")
    ten = partial(engines.ours_xgboost, trees=10)
    return [
        case("v5.3 partial_fit", engines.ours_batches, batches, above="imports"),
        case("v5.3 xgboost in pages, 10 trees", partial(ten, paged=True), ours),
        case("v5.3 xgboost in memory, 10 trees", partial(ten, paged=False), ours),
        case("v5.3 catboost, 10 trees", partial(engines.ours_catboost, trees=10), catboost),
    ]


def v53_cases() -> list[Case]:
    """All of v5.3, in both sizes of row groups, and with a target of which 3 % are NaN."""

    def case(name: str, size: Size, target: str, trees: int) -> Case:
        work = partial(ours_fit, size, trees=trees, target=target, talk=True)
        return Case(
            name,
            _side(work, OUR_IMPORTS),
            None,
            inputs=partial(make_file, size),
            repeats=1,
            memory_above="nothing",
            environment=SLEEPING_THREADS,
            reference="no peer can hold it: pandas takes 14 bytes a cell",
        )

    small, large = V53
    return [
        case("v5.3 groups of 100,000, 50 trees", small, TARGET, 50),
        case("v5.3 groups of 1,048,576, 10 trees", large, TARGET, 10),
        case("v5.3 3 % NaN, 10 trees", small, SOME_NAN_TARGET, 10),
    ]


def cases(scale: str) -> Sequence[Case]:
    """The cases of a scale."""
    if scale == "v5.3":
        return [*v53_cases(), *v53_engine_cases()]
    return [*default_cases(), *engine_cases()]


if __name__ == "__main__":
    main(cases)
