"""Rows whose ids are not live: the server leaves them out, and every record says how many."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.support.trial import MODELS, Trial, numeri


def with_others(trial: Trial, name: str, *, count: int) -> Path:
    """A sound file with so many rows of ids that no live file has."""
    path = trial.predictions(name)
    more = pd.DataFrame({"id": [f"other{one}" for one in range(count)], "prediction": 0.5})
    pd.concat([pd.read_csv(path), more]).to_csv(path, index=False)
    return path


def test_one_file_with_other_ids_goes_in_and_the_record_and_the_screen_say_so(
    trial: Trial,
) -> None:
    file = with_others(trial, "mine.csv", count=3)
    tried = numeri("submit", file, "--dry-run", "--json")
    assert (tried.code, tried.model["surplus"]) == (0, 3)
    said = numeri("submit", file, "--json")
    assert said.code == 0, said.out
    live = len(trial.tournament.live_ids(trial.round_number))
    assert (said.model["rows"], said.model["surplus"]) == (live, 3)
    again = numeri("submit", with_others(trial, "more.csv", count=1), "--replace")
    assert again.code == 0, again.err
    assert "1 row has an id that is not in the live data" in " ".join(again.out.split())


def test_run_says_it_of_every_model(trial: Trial) -> None:
    trial.write_profile(models=MODELS[:2])
    said = numeri("run", "--json")
    assert said.code == 0, said.out
    assert [one["surplus"] for one in said.json["data"]["models"]] == [0, 0]
