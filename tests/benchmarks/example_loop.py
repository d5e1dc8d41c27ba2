"""The peer of the benchmark of many models: numerapi, LightGBM and pandas in a loop.

    python tests/benchmarks/example_loop.py ADDRESS MODEL_FILE…

A model's name is that of the folder above its artifact's. Keys come from the environment. As in
numerapi's README each file is uploaded, and nobody looks at what becomes of it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm
import numerapi
import numerapi.base_api
import pandas as pd


def main() -> None:
    """Download the live file once; predict and upload for each model."""
    address, *model_files = sys.argv[1:]
    numerapi.base_api.API_TOURNAMENT_URL = address
    napi = numerapi.NumerAPI(verbosity="ERROR", show_progress_bars=False)  # type: ignore[no-untyped-call]
    napi.download_dataset("v5.3/live.parquet", "live.parquet")
    live = pd.read_parquet("live.parquet")
    slots = napi.get_models()
    for file in model_files:
        booster = lightgbm.Booster(model_file=file)
        predictions = booster.predict(live[booster.feature_name()])
        table = pd.Series(predictions, index=live.index).to_frame("prediction")
        table.to_csv("predictions.csv")
        napi.upload_predictions("predictions.csv", model_id=slots[Path(file).parents[1].name])


if __name__ == "__main__":
    main()
