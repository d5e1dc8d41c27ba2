"""numeri on a cluster: what a person types, and what is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.support.runner import Numeri

CLUSTER = "\n[cluster]\n"


def test_train_backtest_validate_and_models_on_a_cluster_say_what_they_say_here(
    numeri: Numeri, trained: Path, scheduler: str
) -> None:
    here = numeri("validate", "lighthouse", "--eras", "0049-0056", "--json").data
    for file in (trained / "data" / "predictions" / "practice" / "scored").glob("*"):
        file.unlink()
    said = numeri("validate", "lighthouse", "--eras", "0049-0056", "--cluster", scheduler, "--json")
    assert said.code == 0, said.out
    far = said.data
    for scored in (here, far):
        scored.pop("report")
    assert far == here
    said = numeri("train", "lighthouse", "--cluster", scheduler, "--json")
    assert said.code == 0
    [row] = said.data["models"]
    assert row["machines"]
    listed = numeri("models", "--local", "--json").data["artifacts"]
    assert [one["machines"] for one in listed] == [row["machines"], []]
    assert row["machines"][0] in numeri("models", "--local").out
    assert "this machine" in numeri("models", "--local").out
    walked = numeri("backtest", "lighthouse", "--window", "24", "--cluster", scheduler, "--json")
    assert walked.code == 0, walked.err
    predicted = pd.read_parquet(walked.data["models"][0]["path"])
    assert len(predicted) == walked.data["models"][0]["rows"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--cluster", "tcp://10.1.2.3:8786"], 1, "cluster_unsafe"),
        (["--cluster", "tls://127.0.0.1:1"], 1, "cluster_unsafe"),
        (["--cluster", "nowhere"], 2, "usage"),
        (["--distribute", "rows"], 2, "usage"),
    ],
)
def test_an_unsafe_or_impossible_cluster_is_refused(
    words: list[str], code: int, told: str, numeri: Numeri, trained: Path
) -> None:
    said = numeri("train", "lighthouse", *words, "--json")
    assert (said.code, said.problem["code"]) == (code, told)


def test_none_takes_the_cluster_of_the_profile_out_of_one_command(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    profile.write_text(profile.read_text() + CLUSTER + 'address = "tcp://10.1.2.3:8786"\n')
    assert numeri("train", "lighthouse").code == 1
    assert numeri("train", "lighthouse", "--cluster", "none").code == 0


def test_an_unknown_key_of_the_cluster_is_refused_with_the_nearest(
    numeri: Numeri, trained: Path, profile: Path
) -> None:
    profile.write_text(profile.read_text() + CLUSTER + 'adress = "local:2"\n')
    assert "did you mean 'address'?" in numeri("train", "lighthouse").err
