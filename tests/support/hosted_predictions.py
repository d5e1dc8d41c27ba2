"""What numeri predict writes for a model that goes into a hosted function."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.dataset.scale import FeatureScale
from numeri_cli.hosted.plan import BlendPart, HostedPart, TrainedPart
from numeri_cli.learning.blend import BlendModel
from numeri_cli.learning.estimators.base import make_estimator
from numeri_cli.learning.prediction import FittedModel, predict_file
from numeri_cli.model_spec import EstimatorSpec, ModelSpec

BINS = FeatureScale(least=0, most=4, whole=True)


def predicted_here(
    part: HostedPart, data: Path, folder: Path, estimators: dict[str, str]
) -> pd.Series:
    """What numeri predict writes for a model, by id."""
    output = folder / f"{part.name}.parquet"
    model: FittedModel | BlendModel
    if isinstance(part, BlendPart):
        columns = []
        for one in part.parts:
            predicted_here(one, data, folder, estimators)
            columns.append(read_predictions(folder / f"{one.name}.parquet", name=one.name))
        shares = dict(zip((one.name for one in part.parts), part.shares, strict=True))
        model = BlendModel(part.name, tuple(columns), shares)
    else:
        assert isinstance(part, TrainedPart)
        spec = EstimatorSpec(name=estimators[part.name])
        estimator = make_estimator(spec, module_folder=folder)
        model = FittedModel(
            name=part.name,
            data_version="v5.3",
            features=part.features,
            spec=ModelSpec(missing_twos="nan" if part.missing_twos else "keep"),
            scale=part.scale,
            members=tuple(
                estimator.load(
                    content, features=part.features, source=Path(name), digest=_digest(content)
                )
                for name, content in part.members
            ),
        )
    predict_file(model, DataFile.open(data), output, neutralization=part.neutralization)
    table = pd.read_parquet(output)
    return table.set_index("id")["prediction"]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
