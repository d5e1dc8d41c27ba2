"""Does `numeri tune` fool itself? Shuffled targets, and worlds where there is something to find.

    python -m tests.studies.tune shuffled --json tests/studies/tune-shuffled.json
    python -m tests.studies.tune worlds --json tests/studies/tune-worlds.json

Seeds, spaces and numbers of trials were fixed before the first run. A file that is there is gone on
with, so that a study may be stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring
from numeri_cli.commands.tune.preparation import SearchSettings
from numeri_cli.commands.tune.tune import tune
from numeri_cli.home import Home
from numeri_cli.ledger.ledger import Ledger
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament

SIZE = {"stocks": 200, "eras": 160, "features": 40, "rivals": 2}
TRIALS = 12
SHUFFLES = range(1, 21)  # of the targets of one world
WORLDS = range(101, 121)
FILES = ("train.parquet", "validation.parquet")
TUTORIAL = """\
tournament = "practice"

[models.lighthouse]
data = ["train", "validation"]
targets = ["{target}"]

[models.lighthouse.estimator]
name = "lightgbm"
params = {{ n_estimators = 200, learning_rate = 0.04, max_depth = 5, num_leaves = 31, \
colsample_bytree = 0.1, min_data_in_leaf = 1000, num_threads = 1 }}

[models.lighthouse.tune]
learning_rate = {{ log = [0.005, 0.1] }}
num_leaves = {{ range = [7, 63] }}
min_data_in_leaf = {{ log = [50, 1000] }}
colsample_bytree = {{ range = [0.05, 0.5] }}
neutralize.proportion = {{ range = [0, 1] }}
"""


@contextmanager
def home_of_world(seed: int, target: str) -> Iterator[tuple[Home, Path]]:
    """A home with a practice tournament of its own and a profile."""
    folder = Path(tempfile.mkdtemp(prefix="numeri-tune-"))
    try:
        home = Home(*(folder / name for name in ("config", "data", "cache", "log")))
        settings = WorldSettings(seed=seed, **SIZE)
        Tournament.create(home.practice, settings, field=False).close()
        profile = folder / "numeri.toml"
        profile.write_text(TUTORIAL.format(target=target), encoding="utf-8")
        yield home, profile
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shuffle(home: Home, dataset: Path, *, target: str, seed: int) -> None:
    """The target's values dealt anew within each era; the files count as one's own then."""
    rng = np.random.default_rng(seed)
    for name in FILES:
        table = pq.read_table(dataset / name)
        eras = np.array(table.column("era").to_pylist())
        values = table.column(target).to_numpy().copy()
        for era in np.unique(eras):
            rows = np.flatnonzero((eras == era) & ~np.isnan(values))
            values[rows] = rng.permutation(values[rows])
        place = table.column_names.index(target)
        pq.write_table(table.set_column(place, target, pa.array(values)), dataset / name)
    with Ledger.open(home.ledger) as ledger:
        ledger.forget("practice")


def searched(seed: int, *, target: str, world: int, shuffled: bool) -> dict[str, Any]:
    """What one search says, as numbers."""
    began = time.process_time()
    with home_of_world(world, target) as (home, profile):
        context = Context(home=home, asked_profile=profile)
        bring(context, ("features.json", *FILES))
        if shuffled:
            shuffle(home, context.dataset, target=target, seed=seed)
        found = tune(
            context,
            "lighthouse",
            trials=TRIALS,
            seed=seed,
            settings=SearchSettings(),
            write_page=lambda page, path: None,
        )
        context.close()
    [outcome] = found.outcomes
    return {
        "seed": seed,
        **asdict(outcome),
        "pruned": found.pruned,
        "eras": found.eras,
        "verdict": found.verdict,
        "cpu_s": round(time.process_time() - began, 1),
    }


def main() -> None:
    """Run what is left of a study, one line of it after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("study", choices=("shuffled", "worlds"))
    parser.add_argument("--json", type=Path, required=True)
    asked = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    done = json.loads(asked.json.read_text()) if asked.json.is_file() else []
    is_shuffled = asked.study == "shuffled"
    for seed in SHUFFLES if is_shuffled else WORLDS:
        if any(row["seed"] == seed for row in done):
            continue
        target = "target_ender_20" if is_shuffled else "target_ender_60"
        world = 1 if is_shuffled else seed
        row = searched(seed, target=target, world=world, shuffled=is_shuffled)
        done.append(row)
        asked.json.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
        print(seed, row["verdict"], f"{row['cpu_s']} s", flush=True)


if __name__ == "__main__":
    main()
