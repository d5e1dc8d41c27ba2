"""numerapi's quick start and ours: a round from nothing to an upload, lines and seconds.

    python -m tests.benchmarks.quick_start [--json FILE]

Both train the same 200 trees on the same features of the default practice world, predict its live
ids and upload them to the same server, each in a process of its own. numerapi's ends once the file
is uploaded; ours ends when the server has accepted it. Lines are those that are neither empty nor
the keys', which ours finds where `numeri login` put them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.served import serve

PROFILE = """\
[models.lighthouse]
features = "medium"
targets = ["target_ender_60"]
neutralize = { proportion = 0 }
"""

OURS = """\
import numeri_cli as numeri
session = numeri.open()
session.train("lighthouse")
live = session.predict("lighthouse")
session.submit(live, model="lighthouse")
"""

# The steps and calls of numerapi's README, with the model of Numerai's example scripts.
PEER = """\
import json
import pandas as pd
from lightgbm import LGBMRegressor
from numerapi import NumerAPI
napi = NumerAPI(verbosity="ERROR", show_progress_bars=False)
napi.download_dataset("v5.3/features.json", "features.json")
napi.download_dataset("v5.3/train.parquet", "train.parquet")
napi.download_dataset("v5.3/live.parquet", "live.parquet")
features = json.load(open("features.json"))["feature_sets"]["medium"]
train = pd.read_parquet("train.parquet", columns=["target_ender_60", *features])
model = LGBMRegressor(PARAMETERS)
model.fit(train[features], train["target_ender_60"])
live = pd.read_parquet("live.parquet", columns=features)
made = pd.Series(model.predict(live[features]), index=live.index)
made.rank(pct=True, method="first").mul(0.999).to_frame("prediction").to_csv("predictions.csv")
napi.upload_predictions("predictions.csv", model_id=napi.get_models()["beacon"])
"""
BEFORE_PEER = """\
import os, numerapi.base_api
numerapi.base_api.API_TOURNAMENT_URL = os.environ["NUMERI_API_URL"]
"""


def parameters() -> str:
    """Those of a model of the profile that names none, which are of the practice world's size."""
    from numeri_cli.model_spec import ModelSpec

    given = ModelSpec().estimator.params | {"verbosity": -1, "random_state": 1}
    return ", ".join(f"{name}={value!r}" for name, value in given.items())


def measured(script: str, folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Wall and CPU seconds of a script as a process of its own."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=environment, check=True)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}


def main() -> None:
    """Serve a practice tournament, run both against it, print what they took."""
    options = argparse.ArgumentParser()
    options.add_argument("--json", type=Path, default=None)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as root:
        organiser, folder = Path(root) / "organiser", Path(root) / "work"
        folder.mkdir()
        (folder / "numeri.toml").write_text(PROFILE, encoding="utf-8")
        server = serve(organiser)
        environment = {**os.environ, **server.variables, "NUMERI_HOME": str(Path(root) / "home")}
        peer = PEER.replace("PARAMETERS", parameters())
        try:
            found = {
                "benchmark": "quick_start",
                "ours": measured(OURS, folder, environment),
                "peer": measured(BEFORE_PEER + peer, folder, environment),
                "lines": {"ours": OURS.count("\n"), "peer": PEER.count("\n")},
            }
        finally:
            server.process.terminate()
            server.process.wait()
    text = json.dumps(found, indent=1)
    sys.stdout.write(f"{text}\n")
    if asked.json is not None:
        asked.json.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
