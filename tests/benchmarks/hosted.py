"""A hosted model at full size in the sandbox: one core, 4 GB, 10 minutes.

    python tests/benchmarks/hosted.py [--json] [--python 3.12] [--bare] [--trees N] [--features N]

3,555 features, 7,000 rows, two targets of 20,000 trees each, neutralized against all features. The
pickle is built and run as `numeri hosted check` does; its predictions are held against those of
`numeri predict`. The trees are 300 that LightGBM has grown, over and over under new numbers: what
is measured is how long trees of that number, depth and size take, not how good they are.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.hosted.answers import by_id, difference
from numeri_cli.hosted.build import build_pickle
from numeri_cli.hosted.environments import make_environment
from numeri_cli.hosted.interpreters import named_interpreter, own_interpreter
from numeri_cli.hosted.plan import TrainedPart
from numeri_cli.hosted.sandbox import Call, SandboxLimits, prepared, run_model
from numeri_cli.hosted.tables import lay_out
from numeri_cli.learning.estimators.base import hosted_module, make_estimator
from numeri_cli.learning.prediction import FittedModel, predict_file
from numeri_cli.model_spec import EstimatorSpec, ModelSpec, Neutralization
from numeri_cli.progress import SILENT

GROWN = 300
TRAINING_ROWS = 5_000


def bins(rows: int, features: int, *, seed: int) -> np.ndarray:
    """(rows, features) 0 to 4 with common factors, as real features have them."""
    generator = np.random.default_rng(seed)
    loadings = np.random.default_rng(2).standard_normal((40, features)).astype(np.float32) / 6
    factors = generator.standard_normal((rows, 40)).astype(np.float32)
    noise = generator.standard_normal((rows, features), dtype=np.float32)
    return np.clip(np.rint(1.2 * (factors @ loadings + noise) + 2), 0, 4).astype(np.int8)


def booster_text(names: list[str], trees: int, *, seed: int) -> str:
    """A model of so many trees with 31 leaves each."""
    import lightgbm

    cells = bins(TRAINING_ROWS, len(names), seed=seed)
    labels = cells[:, :50].sum(axis=1) + np.random.default_rng(seed).normal(size=len(cells)) * 20
    params = {
        "verbose": -1, "num_leaves": 31, "max_depth": 5, "learning_rate": 0.001,
        "colsample_bytree": 0.1, "min_data_in_leaf": 20, "seed": seed, "num_threads": 2,
    }  # fmt: skip
    data = lightgbm.Dataset(cells.astype(np.float32), labels, feature_name=names)
    text = lightgbm.train(params, data, min(GROWN, trees)).model_to_string()
    head, _, rest = text.partition("Tree=0\n")
    grown = re.split(r"Tree=\d+\n", rest.partition("end of trees")[0])
    repeated = [f"Tree={n}\n{grown[n % len(grown)].rstrip()}\n\n\n" for n in range(trees)]
    sizes = " ".join(str(len(tree.encode())) for tree in repeated)
    head = re.sub(r"tree_sizes=.*", lambda _: f"tree_sizes={sizes}", head)
    return f"{head}{''.join(repeated)}end of trees\n"


def write_live(path: Path, names: list[str], rows: int) -> None:
    """A live file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = bins(rows, len(names), seed=7)
    columns: dict[str, object] = {
        "id": [f"n{row:015x}" for row in range(rows)],
        "era": ["1200"] * rows,
    }
    columns |= {name: cells[:, place] for place, name in enumerate(names)}
    pq.write_table(pa.table(columns), path)


def measured(asked: argparse.Namespace, folder: Path) -> dict[str, object]:
    """The figures of one run."""
    names = [f"feature_{n:04d}" for n in range(asked.features)]
    live = folder / "live.parquet"
    write_live(live, names, asked.rows)
    texts = [booster_text(names, asked.trees, seed=seed).encode() for seed in (1, 2)]
    neutralization = Neutralization(features=tuple(names), proportion=1.0)
    spec = EstimatorSpec(name="lightgbm")
    scale = FeatureScale(least=0, most=4, whole=True)
    part = TrainedPart(
        name="full-size",
        features=tuple(names),
        missing_twos=False,
        scale=scale,
        engine=hosted_module(spec),
        members=tuple((f"{place}.txt", text) for place, text in enumerate(texts)),
        neutralization=neutralization,
    )
    python = own_interpreter()
    if asked.python:
        python = named_interpreter(asked.python, environment=os.environ)
    environment = make_environment(
        python,
        ["lightgbm"],
        root=Path(asked.environments or folder / "environments"),
        bare=asked.bare,
        listener=SILENT,
    )
    built = build_pickle(
        part,
        folder / "model.pkl",
        python=environment.python,
        module_folder=None,
        listener=SILENT,
    )
    with prepared(built.path) as place:
        lay_out(place, live, None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = run_model(
            place, (Call(name="live"),), environment=environment, limits=SandboxLimits()
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = {name: round(step.seconds, 1) for name, step in run.steps.items()}
    outcome = run.steps.get("live")
    found = by_id(outcome.answer) if outcome is not None and outcome.answer else None
    return {
        "benchmark": f"hosted model: {asked.features:,} features, {asked.rows:,} rows, 2 ×"
        f" {asked.trees:,} trees, neutralized against all",
        "ours": {
            "wall_s": round(sum(seconds.values()), 1),
            "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
            "peak_mb": round(run.peak_bytes / 1e6),
        },
        "ended": run.ended,
        "steps_s": seconds,
        "pickle_mb": round(built.size_bytes / 1e6),
        "python": environment.version,
        "packages": dict(environment.packages),
        "is_image": environment.is_image,
        "network_cut": run.network_cut,
        "memory_by": run.memory_by,
        "largest_difference": None
        if found is None
        else difference(found, _predicted(part, live, folder)),
    }


def _predicted(part: TrainedPart, live: Path, folder: Path) -> dict[str, float]:
    """What `numeri predict` says, by id."""
    estimator = make_estimator(EstimatorSpec(name="lightgbm"))
    members = tuple(
        estimator.load(content, features=part.features, source=Path(name), digest=None)
        for name, content in part.members
    )
    model = FittedModel(
        name=part.name,
        data_version="v5.3",
        features=part.features,
        spec=ModelSpec(),
        members=members,
        scale=part.scale,
    )
    output = folder / "predicted.parquet"
    predict_file(model, DataFile.open(live), output, neutralization=part.neutralization)
    column = read_predictions(output, name="predicted")
    return dict(zip(column.ids.to_pylist(), column.values.tolist(), strict=True))


def main() -> None:
    """Measure once and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--python")
    parser.add_argument("--environments")
    parser.add_argument("--trees", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=3_555)
    parser.add_argument("--rows", type=int, default=7_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        figures = measured(asked, Path(place))
    if asked.json:
        print(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
