"""A search whose members a cluster trains finds what one on this machine finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numeri_cli.commands.context import Context
from numeri_cli.commands.tune.at_once import TrialOrder
from numeri_cli.commands.tune.preparation import SearchSettings
from numeri_cli.commands.tune.trial_process import take_trials
from numeri_cli.home import Home
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
        heard: list[dict[str, Any]] = []
        order = TrialOrder(
            tournament=None,
            profile=profile,
            model="lighthouse",
            trials=3,
            settings=SearchSettings(hold_out=12, stride=2, window=18, study=Path("there")),
            seed=4,
            force=False,
            cluster=address,
        )
        context = Context(home=Home.find(), asked_profile=profile)
        take_trials(TrialOrder.model_validate_json(order.model_dump_json()), context, heard.append)
    assert there.code == 0, there.err
    found = [said.data for said in (here, there)]
    for data in found:
        for trial in data["trials"]:
            del trial["began"], trial["seconds"]
    assert found[1]["trials"] == found[0]["trials"]
    assert found[1]["outcomes"] == found[0]["outcomes"]
    assert [words["said"].partition(":")[0] for words in heard] == ["trial 1", "trial 2"]
    refused = numeri(*WORDS, "--study", "nowhere", "--cluster", "nonsense://here")
    assert refused.code != 0
    assert "nonsense" in refused.problem["message"] + refused.problem["hint"]
