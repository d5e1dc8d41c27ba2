"""Hosted models in clean environments of Numerai's Pythons, at the versions that its images have.

    python tests/studies/hosted_images.py [--json FILE] [--pythons 3.11 3.12 3.13]

For each Python an environment is made from PyPI that holds the image's numpy, pandas, scipy,
cloudpickle, lightgbm, xgboost, catboost and scikit-learn, and nothing else. In each, models of each
engine are pickled and go through all that `numeri hosted check` looks at: equal to `numeri predict`
to 1e-9, with rows and columns in another order, too.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import catboost
import joblib
import lightgbm
import numpy as np
import xgboost
from sklearn.linear_model import Ridge

sys.path.insert(0, str(Path(__file__).parents[2]))

from numeri_cli.errors import NumeriError
from numeri_cli.hosted.build import build_pickle
from numeri_cli.hosted.checks import RoundFiles, run_checks
from numeri_cli.hosted.environments import Environment, make_environment
from numeri_cli.hosted.interpreters import named_interpreter
from numeri_cli.hosted.plan import BlendPart, HostedPart, TrainedPart
from numeri_cli.learning.estimators.base import hosted_module
from numeri_cli.model_spec import EstimatorSpec, Neutralization
from numeri_cli.progress import SILENT
from tests.support.hosted_pickles import FEATURES, SmallRound, small_round
from tests.support.hosted_predictions import BINS, predicted_here

ROWS = np.random.default_rng(3).integers(0, 5, (2000, len(FEATURES))).astype(np.float32)
LABELS = ROWS[:, 0] * ROWS[:, 1] + np.random.default_rng(4).normal(size=len(ROWS))
MODULE = """
import numpy as np


class Slopes:
    def fit(self, X, y):
        self.slopes = np.linalg.lstsq(X, y, rcond=None)[0]
        return self

    def predict(self, X):
        return np.where(np.isnan(X), 2.0, X) @ self.slopes
"""
AGAINST = Neutralization(
    features=FEATURES[:4],
    benchmark=("v5_lgbm",),
    proportion=0.5,
    then=(Neutralization(features=FEATURES, proportion=1.0),),
)


def members(folder: Path) -> dict[str, list[bytes]]:
    """Trained members of each kind of estimator."""
    names = list(FEATURES)
    light = [
        lightgbm.train(
            {"verbose": -1, "seed": seed, "min_data_in_leaf": 20, "colsample_bytree": 0.5},
            lightgbm.Dataset(ROWS, LABELS, feature_name=names),
            200,
        )
        for seed in (1, 2)
    ]
    matrix = xgboost.DMatrix(ROWS, LABELS, feature_names=names)
    extreme = xgboost.train({"max_depth": 4}, matrix, 200)
    cat = catboost.CatBoost({"iterations": 200, "depth": 4, "verbose": 0})
    cat.fit(catboost.Pool(ROWS, LABELS, feature_names=names))
    cat.save_model(str(folder / "model.cbm"))
    (folder / "own_slopes.py").write_text(MODULE, encoding="utf-8")
    sys.path.append(str(folder))
    import own_slopes  # type: ignore[import-not-found]  # written just now

    return {
        "lightgbm": [one.model_to_string().encode() for one in light],
        "xgboost": [bytes(extreme.save_raw("ubj"))],
        "catboost": [(folder / "model.cbm").read_bytes()],
        "own_slopes:Slopes": [_joblib(own_slopes.Slopes().fit(ROWS, LABELS))],
        "sklearn.linear_model:Ridge": [_joblib(Ridge().fit(ROWS, LABELS))],
    }


def _joblib(estimator: object) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    return buffer.getvalue()


def models(trained: dict[str, list[bytes]]) -> Iterator[tuple[HostedPart, dict[str, str]]]:
    """Each model, and the estimators of its parts by name."""
    parts: list[HostedPart] = []
    names = {}
    for estimator, contents in trained.items():
        name = estimator.replace("_", "-").replace(".", "-").replace(":", "-")
        names[name] = estimator
        part = TrainedPart(
            name=name,
            features=FEATURES,
            missing_twos=estimator == "xgboost",
            scale=BINS,
            engine=hosted_module(EstimatorSpec(name=estimator)),
            members=tuple((f"{place}.bin", content) for place, content in enumerate(contents)),
            neutralization=AGAINST,
        )
        parts.append(part)
        yield part, names
    last = Neutralization(features=FEATURES[2:], proportion=0.7)
    shares = tuple(1.0 + n for n in range(4))
    yield (
        BlendPart(name="blend", parts=tuple(parts[:4]), shares=shares, neutralization=last),
        names,
    )


def judged(
    part: HostedPart, environment: Environment, folder: Path, tried_on: SmallRound, expected: Path
) -> dict[str, object]:
    """What came of one model in one environment."""
    began = time.monotonic()
    try:
        built = build_pickle(
            part,
            folder / f"{part.name}.pkl",
            python=environment.python,
            module_folder=folder,
            listener=SILENT,
        )
    except NumeriError as error:
        return {"model": part.name, "refused": error.message}
    trial = RoundFiles(live=tried_on.live, benchmarks=tried_on.benchmarks, expected=expected)
    found = run_checks(built.path, trial, environment=environment, listener=SILENT)
    return {
        "model": part.name,
        "same": next((one.message for one in found.findings if one.check == "same"), None),
        "mend": [f"{one.check}: {one.message}" for one in found.findings if one.level == "mend"],
        "warnings": [one.check for one in found.findings if one.level == "warning"],
        "checks": [one.check for one in found.findings if one.level == "fine"],
        "peak_mb": round(found.run.peak_bytes / 1e6),
        "wall_s": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Try every model in every environment, and print or write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pythons", nargs="+", default=["3.11", "3.12", "3.13"])
    parser.add_argument("--environments", type=Path)
    asked = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        trained = members(folder)
        tried_on = small_round(folder / "round")
        for part, estimators in models(trained):
            predicted_here(part, tried_on.live, folder, estimators)
        for word in asked.pythons:
            environment = make_environment(
                named_interpreter(word, environment=os.environ),
                ("lightgbm", "xgboost", "catboost", "scikit-learn"),
                root=asked.environments or folder / "environments",
                bare=False,
                listener=SILENT,
            )
            tried = []
            for part, _ in models(trained):
                expected = folder / f"{part.name}.parquet"
                tried.append(judged(part, environment, folder, tried_on, expected))
                print(environment.version, tried[-1], flush=True)
            results.append(
                {
                    "python": environment.version,
                    "is_image": environment.is_image,
                    "note": environment.note,
                    "packages": dict(environment.packages),
                    "models": tried,
                }
            )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
