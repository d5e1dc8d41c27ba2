"""A search whose members a cluster trains finds what one on this machine finds."""

from __future__ import annotations

from pathlib import Path

from tests.support.clusters import cluster_here
from tests.support.runner import PROFILE, Numeri

PROFILE_OF_TWO = PROFILE.replace(
    'features = "medium"', 'features = "small"\ndata = ["train", "validation"]\nseeds = [1, 2]'
).replace("n_estimators = 20,", "num_threads = 1, colsample_bytree = 0.5,")
SPACE = "\n[models.lighthouse.tune]\nn_estimators = { range = [2, 9] }\n"
WORDS = (
    *("tune", "lighthouse", "--trials", "1", "--seed", "3", "--hold-out", "12"),
    *("--stride", "2", "--window", "18", "--json"),
)


def test_trials_trained_by_workers_have_the_figures_of_trials_trained_here(
    trained: Path, profile: Path, numeri: Numeri, tmp_path: Path
) -> None:
    profile.write_text(PROFILE_OF_TWO + SPACE)
    here = numeri(*WORDS, "--study", "here")
    assert here.code == 0, here.err
    with cluster_here(tmp_path / "dask") as address:
        there = numeri(*WORDS, "--study", "there", "--cluster", address)
    assert there.code == 0, there.err
    found = [said.data for said in (here, there)]
    for data in found:
        for trial in data["trials"]:
            del trial["began"], trial["seconds"]
    assert found[1]["trials"] == found[0]["trials"]
    assert found[1]["outcomes"] == found[0]["outcomes"]
    refused = numeri(*WORDS, "--study", "nowhere", "--cluster", "nonsense://here")
    assert refused.code != 0
    assert "nonsense" in refused.problem["message"] + refused.problem["hint"]
