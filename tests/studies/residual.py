"""Does a model of what the benchmark leaves add more to it? Twenty worlds fixed beforehand.

    nice -n 10 python -m tests.studies.residual

In each world two models are trained that differ in `residual_to` alone, neither neutralized, and
scored on the validation eras, 17 and more after the last that trained them: BMC against the
benchmark that was taken out, and CWMM. Wanted, before anything was measured: in at least 15 of 20
worlds the residual model has the higher mean BMC, and in at least 15 the lower mean CWMM. Worlds
are smaller than the default one, so that twenty can be made in an hour of two busy cores. Results
are kept beside this file, world by world; a second call continues where the first was stopped.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from numeri_cli.cli.app import main as numeri
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.tournament import Tournament

SEEDS = tuple(range(301, 321))
LEAST_WORLDS = 15
SIZE = {"stocks": 400, "eras": 220, "features": 60, "rivals": 16}
BENCHMARK = "v53_lgbm_ender60"
RESULTS = Path(__file__).with_suffix(".json")
MODEL = """
[models.{name}]
features = "all"
targets = ["target_ender_60"]
train_window = "0001-0160"
{more}

[models.{name}.neutralize]
proportion = 0

[models.{name}.estimator]
params = {{ n_estimators = 200, learning_rate = 0.04, max_depth = 5, num_leaves = 31,\
 colsample_bytree = 0.1, min_data_in_leaf = 200 }}
"""
PROFILE = (
    'tournament = "practice"\n'
    + MODEL.format(name="plain", more="")
    + MODEL.format(name="residual", more=f'residual_to = "{BENCHMARK}"')
)


def called(*words: str) -> dict[str, Any]:
    """What a command of the program answers."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = numeri([*words, "--json"])
    if code:
        raise SystemExit(out.getvalue() + err.getvalue())
    return dict(json.loads(out.getvalue())["data"])


def measure(seed: int) -> dict[str, Any]:
    """Both models in one world."""
    root = Path(tempfile.mkdtemp(prefix="residual-"))
    try:
        os.environ["NUMERI_HOME"] = str(root)
        os.chdir(root)
        Tournament.create(root / "data" / "practice", WorldSettings(seed=seed, **SIZE)).close()
        (root / "numeri.toml").write_text(PROFILE)
        called("train", "plain", "residual")
        shown = called("validate", "plain", "residual", "--benchmark", BENCHMARK)
        scores = {source["name"]: source["scores"] for source in shown["sources"]}
        return {
            "seed": seed,
            "eras": shown["eras"],
            **{
                f"{name} {score}": scores[name][score]["mean"]
                for name in ("plain", "residual")
                for score in ("bmc", "cwmm", "corr", "mmc")
            },
        }
    finally:
        os.chdir("/")
        shutil.rmtree(root, ignore_errors=True)


def table(results: list[dict[str, Any]]) -> str:
    """The worlds, and what was wanted of them."""
    bmc = sum(one["residual bmc"] > one["plain bmc"] for one in results)
    cwmm = sum(one["residual cwmm"] < one["plain cwmm"] for one in results)
    keys = ("plain bmc", "residual bmc", "plain cwmm", "residual cwmm", "plain mmc", "residual mmc")
    lines = [f"| seed | eras | {' | '.join(keys)} |", f"|{'---|' * (len(keys) + 2)}"]
    for one in results:
        cells = " | ".join(f"{one[key]:.4f}" for key in keys)
        lines.append(f"| {one['seed']} | {one['eras']} | {cells} |")
    gains = [one["residual bmc"] - one["plain bmc"] for one in results]
    error = float(np.std(gains, ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else math.nan
    plain, residual = (
        float(np.mean([one[f"{name} bmc"] for one in results])) for name in ("plain", "residual")
    )
    verdict = "" if len(results) == len(SEEDS) else " so far, no verdict yet"
    return (
        f"# What a benchmark leaves\n\nMade by `python -m tests.studies.residual`:"
        f" {SIZE}, seeds {SEEDS[0]}–{SEEDS[-1]}, fixed beforehand.\n\n"
        f"- the residual model has the higher BMC in {bmc} of {len(results)} worlds{verdict}"
        f" (wanted: at least {LEAST_WORLDS} of {len(SEEDS)})\n"
        f"- and the lower CWMM in {cwmm} of {len(results)}{verdict}"
        f" (wanted: at least {LEAST_WORLDS} of {len(SEEDS)})\n"
        f"- mean BMC over the worlds: {residual:.4f} against {plain:.4f}, a difference of"
        f" {np.mean(gains):+.4f} ± {error:.4f}; of one world it varies by"
        f" {np.std(gains, ddof=1) if len(gains) > 1 else math.nan:.4f}, since 32 eras of a 60-day"
        " target are three spans that do not overlap\n\n" + "\n".join(lines) + "\n"
    )


def main() -> None:
    """Measure what is not measured yet."""
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else []
    for seed in SEEDS:
        if seed not in {one["seed"] for one in results}:
            results.append(measure(seed))
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
            RESULTS.with_suffix(".md").write_text(table(results))
            print(results[-1], flush=True)


if __name__ == "__main__":
    main()
