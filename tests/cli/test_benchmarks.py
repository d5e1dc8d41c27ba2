"""The benchmark models' predictions in training and in a round of the practice tournament."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.runner import PROFILE, Numeri

BENCHMARK = "v53_lgbm_ender20"
LEARNS_THE_REST = PROFILE.replace(
    'features = "medium"',
    f'features = "medium"\nresidual_to = "{BENCHMARK}"\nneutralize = [\n'
    '    { features = ["medium", "-charisma"], proportion = 0.5 },\n'
    f'    {{ benchmark = "{BENCHMARK}", proportion = 1 }},\n]',
)


def test_a_model_of_what_a_benchmark_leaves_is_trained_and_goes_into_the_round(
    trained: Path, profile: Path, numeri: Numeri
) -> None:
    """Each benchmark file is brought where it is needed, the live one for the round."""
    sets = json.loads(next(trained.rglob("features.json")).read_text())["feature_sets"]
    away = next(name for name, some in sets.items() if 0 < len(set(some)) < len(sets["medium"]))
    profile.write_text(LEARNS_THE_REST.replace("charisma", away))
    for path in (trained / "data" / "datasets").rglob("*benchmark_models.parquet"):
        path.unlink()
    assert numeri("train", "--json").code == 0
    datasets = trained / "data" / "datasets"
    folder = next(datasets.rglob("train_benchmark_models.parquet")).parent
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert said.model["state"] == "accepted"
    assert (folder / "live_benchmark_models.parquet").is_file()
    numeri("practice", "advance")
    assert numeri("run", "--json").model["state"] == "accepted"
