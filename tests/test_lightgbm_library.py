"""LightGBM starts without scikit-learn, and whoever asks for its classes gets them whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

STARTED = "import json, sys\nfrom numeri_cli.lightgbm_library import lgb\n"


def told_by(code: str) -> Any:
    """What a process of its own prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_neither_scikit_learn_nor_scipys_statistics_are_imported() -> None:
    loaded = told_by(
        "import json, sys\nimport numeri_cli.learning.estimators.lightgbm.library\n"
        "names = ('sklearn', 'scipy.stats', 'lightgbm')\n"
        "print(json.dumps([name in sys.modules for name in names]))"
    )
    assert loaded == [False, False, True]


@pytest.mark.parametrize(
    "asked",
    [
        "from lightgbm import LGBMRegressor",
        "import lightgbm\nLGBMRegressor = lightgbm.LGBMRegressor",
        "from lightgbm.sklearn import LGBMRegressor",
        "from lightgbm import *",
        "import pickle\nLGBMRegressor = pickle.loads(b'clightgbm.sklearn\\nLGBMRegressor\\n.')",
    ],
)
def test_whoever_asks_for_a_class_of_scikit_learns_kind_gets_a_whole_one(asked: str) -> None:
    said = told_by(
        f"{STARTED}{asked}\n"
        "import numpy, sklearn.base, lightgbm\n"
        "rows = numpy.random.default_rng(1).random((200, 3))\n"
        "model = LGBMRegressor(n_estimators=2, verbose=-1).fit(rows, rows[:, 0])\n"
        "again = sklearn.base.clone(model).get_params()['n_estimators']\n"
        "print(json.dumps([isinstance(model.booster_, lgb.Booster), again,"
        " lightgbm.LGBMRegressor is LGBMRegressor, model.predict(rows).shape]))"
    )
    assert said == [True, 2, True, [200]]


def test_what_else_asks_for_scikit_learn_finds_it() -> None:
    said = told_by(
        f"{STARTED}import numpy\n"
        "rows = numpy.random.default_rng(1).random((90, 2))\n"
        "data = lgb.Dataset(rows, label=(rows[:, 0] > 0.5).astype(int))\n"
        "params = {'objective': 'binary', 'verbosity': -1}\n"
        "found = lgb.cv(params, data, 2, nfold=3, stratified=True)\n"
        "print(json.dumps([len(found['valid binary_logloss-mean']), lgb.CVBooster.__name__,"
        " hasattr(lgb, 'no such thing'), lgb.train is sys.modules['lightgbm'].train]))"
    )
    assert said == [2, "CVBooster", False, True]


def test_where_scikit_learn_was_imported_before_nothing_is_put_off() -> None:
    said = told_by(
        "import json, sys, sklearn\nfrom numeri_cli.lightgbm_library import lgb\n"
        "print(json.dumps([sys.modules['sklearn'] is sklearn, 'lightgbm.sklearn' in sys.modules,"
        " hasattr(lgb, '__getattr__')]))"
    )
    assert said == [True, True, False]


def test_the_parts_that_are_put_off_are_lightgbms() -> None:
    said = told_by(
        "import importlib, json, lightgbm\nfrom numeri_cli import lightgbm_library\n"
        "print(json.dumps([importlib.import_module(f'lightgbm.{part}').__name__"
        " for part in lightgbm_library._PARTS]))"
    )
    assert said == [
        f"lightgbm.{part}" for part in ("compat", "engine", "sklearn", "plotting", "dask")
    ]
