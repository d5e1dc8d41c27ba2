"""The peer of the submission benchmark: numerapi, LightGBM and pandas, as their examples have it.

    python tests/benchmarks/example_submission.py ADDRESS MODEL_FILE MODEL_NAME

Keys come from the environment, as numerapi's README shows. Like the example it does not look at
what becomes of the upload.
"""

from __future__ import annotations

import sys

import lightgbm
import numerapi
import numerapi.base_api
import pandas as pd


def main() -> None:
    """Download the live file, predict, upload."""
    address, model_file, name = sys.argv[1:]
    numerapi.base_api.API_TOURNAMENT_URL = address
    napi = numerapi.NumerAPI(verbosity="ERROR", show_progress_bars=False)  # type: ignore[no-untyped-call]
    napi.download_dataset("v5.3/live.parquet", "live.parquet")
    model = lightgbm.Booster(model_file=model_file)
    features = model.feature_name()
    live = pd.read_parquet("live.parquet", columns=features)
    predictions = model.predict(live[features])
    pd.Series(predictions, index=live.index).to_frame("prediction").to_csv("predictions.csv")
    napi.upload_predictions("predictions.csv", model_id=napi.get_models()[name])


if __name__ == "__main__":
    main()
