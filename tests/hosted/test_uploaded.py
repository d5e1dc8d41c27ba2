"""The function that is uploaded gives what numeri predict gives, whatever the model is made of."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import catboost
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

from numeri_cli.errors import EstimatorInvalid
from numeri_cli.hosted.build import build_pickle
from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.pickle_contents import look_into
from numeri_cli.hosted.plan import BlendPart, HostedPart, TrainedPart
from numeri_cli.learning.estimators.base import hosted_module
from numeri_cli.model_spec import EstimatorSpec, Neutralization
from numeri_cli.progress import SILENT
from tests.support.hosted_pickles import FEATURES, SmallRound
from tests.support.hosted_predictions import BINS, predicted_here

ROWS = np.random.default_rng(3).integers(0, 5, (400, len(FEATURES))).astype(np.float32)
LABELS = ROWS[:, 0] * ROWS[:, 1] + np.random.default_rng(4).normal(size=len(ROWS))
MODULE = """
import numpy as np

from own_scale import SHIFT


class Slopes:
    def fit(self, X, y):
        self.slopes = np.linalg.lstsq(X - SHIFT, y, rcond=None)[0]
        return self

    def predict(self, X):
        X -= SHIFT
        return X @ self.slopes
"""


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    """A member of each engine, as its own library writes it."""
    names = list(FEATURES)
    light = lightgbm.train(
        {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5},
        lightgbm.Dataset(ROWS, LABELS, feature_name=names),
        8,
    )
    matrix = xgboost.DMatrix(ROWS, LABELS, feature_names=names, nthread=1)
    extreme = xgboost.train({"max_depth": 3, "nthread": 1}, matrix, 8)
    cat = catboost.CatBoost(
        {"iterations": 8, "depth": 3, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    )
    cat.fit(catboost.Pool(ROWS, LABELS, feature_names=names))
    return {
        "lightgbm": light.model_to_string().encode(),
        "xgboost": bytes(extreme.save_raw("ubj")),
        "catboost": bytes(cat._serialize_model()),
    }


def trained_part(
    estimator: str,
    members: list[bytes],
    *,
    neutralization: Neutralization | None = None,
    missing_twos: bool = False,
) -> TrainedPart:
    """A trained model as hosted check takes it out of its artifact."""
    return TrainedPart(
        name=estimator.partition(":")[0].replace("_", "-"),
        features=FEATURES,
        missing_twos=missing_twos,
        scale=BINS,
        engine=hosted_module(EstimatorSpec(name=estimator)),
        members=tuple((f"{place}.bin", content) for place, content in enumerate(members)),
        neutralization=neutralization,
    )


def test_a_blend_of_every_engine_and_a_class_equals_numeri_predict(
    tmp_path: Path,
    bare: Environment,
    tried_on: SmallRound,
    contents: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "own_slopes.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "own_scale.py").write_text("SHIFT = 2.0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_slopes  # type: ignore[import-not-found]  # written just now

    buffer = io.BytesIO()
    joblib.dump(own_slopes.Slopes().fit(ROWS.copy(), LABELS), buffer)
    against = Neutralization(
        features=FEATURES[:4],
        benchmark=("v5_lgbm",),
        proportion=0.5,
        then=(Neutralization(features=FEATURES, proportion=1.0),),
    )
    light, extreme = contents["lightgbm"], contents["xgboost"]
    parts: tuple[HostedPart, ...] = (
        trained_part("lightgbm", [light, light], neutralization=against),
        trained_part("xgboost", [extreme], missing_twos=True),
        trained_part("catboost", [contents["catboost"]]),
        trained_part("own_slopes:Slopes", [buffer.getvalue()]),
    )
    blend = BlendPart(
        name="harbour",
        parts=parts,
        shares=(0.4, 0.3, 0.2, 0.1),
        neutralization=Neutralization(features=FEATURES[2:], proportion=0.7),
    )
    names = {"lightgbm": "lightgbm", "xgboost": "xgboost", "catboost": "catboost"}
    expected = predicted_here(
        blend, tried_on.live, tmp_path, names | {"own-slopes": "own_slopes:Slopes"}
    )
    built = build_pickle(
        blend, tmp_path / "blend.pkl", python=bare.python, module_folder=tmp_path, listener=SILENT
    )
    assert built.by_value == ("own_scale", "own_slopes")
    by_reference = look_into(built.path).by_reference
    assert not {"numeri_cli", "own_slopes", "own_scale", "joblib"} & set(by_reference)
    for module in ("own_slopes", "own_scale"):
        monkeypatch.delitem(sys.modules, module)
    (tmp_path / "own_slopes.py").unlink()
    predict = pd.read_pickle(built.path)  # noqa: S301 - made just now
    live = pd.read_parquet(tried_on.live)
    benchmarks = pd.read_parquet(tried_on.benchmarks)
    found = predict(live, benchmarks)["prediction"]
    assert found.index.equals(live.index)
    assert np.abs(found - expected.reindex(found.index)).max() <= 1e-9
    shuffled = live.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    again = predict(shuffled.astype({"feature_amber": "float64"}), benchmarks)["prediction"]
    assert np.abs(again.reindex(found.index) - found).max() <= 1e-9
    with pytest.raises(ValueError, match="own-slopes gave 200 predictions that are no number"):
        predict(live.assign(feature_birch=np.nan), benchmarks)
    with pytest.raises(ValueError, match="needs columns that the data lacks: feature_cedar"):
        predict(live.drop(columns="feature_cedar"), benchmarks)
    with pytest.raises(ValueError, match="on another scale than those of lightgbm's training"):
        predict(live.assign(feature_birch=9), benchmarks)
    with pytest.raises(ValueError, match="needs the benchmark models' predictions"):
        predict(live, benchmarks.iloc[:, :0])


def test_a_class_whose_package_numerai_has_not_is_refused_by_name(
    tmp_path: Path, bare: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_trees.py").write_text(
        "import hypothesis\n\n\nclass Trees:\n    pass\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import own_trees  # type: ignore[import-not-found]  # written just now

    buffer = io.BytesIO()
    joblib.dump(own_trees.Trees(), buffer)
    with pytest.raises(EstimatorInvalid) as refusal:
        build_pickle(
            trained_part("own_trees:Trees", [buffer.getvalue()]),
            tmp_path / "model.pkl",
            python=bare.python,
            module_folder=tmp_path,
            listener=SILENT,
        )
    assert refusal.value.message.startswith("own-trees needs the module 'hypothesis'")
    assert not (tmp_path / "model.pkl").exists()
