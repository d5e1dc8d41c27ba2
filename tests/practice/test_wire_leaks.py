"""An attacker's view of the wire: what no answer may tell, and what scores tell by nature.

Each probe is first shown to find what it seeks where the leak is planted.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from numeri_cli.practice.tournament import Tournament
from numeri_cli.practice.world.world import World
from numeri_cli.scoring.ranks import gaussianize
from tests.support.tournaments import let_the_window_pass
from tests.support.wire import Wire
from tests.support.wire_answers import SECRET_SEED, SETTINGS, told

DOWNLOAD = "query($id: ID!) { submissionDownloadAuth(id: $id) { filename url } }"
DIAGNOSE = """mutation($n: String!) { createDiagnostics(filename: $n, tournament: 8) {
    status message erasAcceptedCount erasMissing validationCorrMean validationMmcMean
    validationBmcMean examplePredsCorrMean validationFeatureCorrMax
    perEraDiagnostics { era validationCorr validationMmc validationFeatureNeutralCorrV3 } } }"""
DIAGNOSTICS_AUTH = (
    """{ diagnosticsUploadAuth(filename: "v.csv", tournament: 8) { filename url } }"""
)
SCORES = """query($m: ID!) { submissionScores(modelId: $m) {
    roundNumber displayName day value } }"""


def differences(some: dict[str, str], others: dict[str, str]) -> list[str]:
    assert some.keys() == others.keys()
    return [question for question in some if some[question] != others[question]]


def with_another_future(played: Tournament, root: Path, *, days: int) -> Tournament:
    """A copy in which the last days' returns, and all that the market has in store, are others."""
    shutil.copytree(played.folders.root, root)
    world = root / "world"
    shutil.rmtree(root / "scores", ignore_errors=True)  # made again when asked for
    [path] = world.glob(f"weeks/{played.status().live_era - 1:04d}/returns.npy")
    returns = np.load(path)
    returns[-days:] = -returns[-days:]
    np.save(path, returns)
    [eve] = (world / "state").glob("*.npz")
    with np.load(eve) as saved:
        kept = {name: saved[name] for name in saved.files}
    np.savez(eve, **{name: np.flip(values) for name, values in kept.items()})
    for path in (world / "published").rglob("*.*"):
        os.utime(path, (10**9, 10**9))
    return Tournament.open(root)


def test_no_answer_and_no_file_depends_on_returns_that_are_not_scored_yet(
    played: Tournament, tmp_path: Path
) -> None:
    """Two returns of the last week lie in the store, but not in any score, when a round opens."""
    before = told(played)
    assert len(before) > 60
    planted = with_another_future(played, tmp_path / "scored", days=3)
    changed = differences(before, told(planted))
    assert {"submissionScores", "roundDetails"} <= {
        question.strip("{ ").partition("(")[0] for question in changed
    }
    hidden = with_another_future(played, tmp_path / "hidden", days=2)
    assert differences(before, told(hidden)) == []


def secrets_in(texts: dict[str, str], tournament: Tournament) -> set[str]:
    """Names of the secrets that are written anywhere."""
    keys = json.loads(tournament.folders.keys.read_text())
    sought = {
        "seed": str(SECRET_SEED),
        "seed in hexadecimal": f"{SECRET_SEED:x}",
        "path": str(tournament.folders.root),
        "key of the signatures": keys["signing_key"],
        "key of the participant": keys["secret"],
    }
    whole = "\n".join(texts.values())
    return {name for name, secret in sought.items() if secret in whole}


def test_neither_seed_nor_keys_nor_paths_are_told(played: Tournament) -> None:
    keys = played.folders.keys.read_text()
    planted = {"a": f"world of {SECRET_SEED}", "b": keys, "c": f"no {played.folders.root}/x"}
    assert len(secrets_in({**planted, "d": f"{SECRET_SEED:x}"}, played)) == 5
    faults = {}
    with Wire.inside(played) as wire:
        for query in (
            "{",
            "{ nothing }",
            '{ model(modelId: "1") { name } }',
            "query($x: Int) { a }",
        ):
            faults[query] = wire.post(query).text
        for path in ("/data/46/v5.3/live.parquet", "/submissions/../keys.json", "/uploads/x"):
            faults[path] = wire.http.get(path).text
        shutil.move(played.folders.keys, played.folders.keys.with_suffix(".away"))
        faults["broken"] = wire.post("{ account { username } }").text
        shutil.move(played.folders.keys.with_suffix(".away"), played.folders.keys)
    assert secrets_in({**told(played), **faults}, played) == set()


def linked(first: dict[str, float], second: dict[str, float], world: World, era: int) -> float:
    """Share of an era's stocks whose ids in the next era two tables tell, by equal predictions."""
    ids = {value: name for name, value in second.items()}
    pairs = [(name, ids[value]) for name, value in first.items() if value in ids]
    places = [
        dict(zip(world.live_ids(one), world.era_records.order(one), strict=True))
        for one in (era, era + 1)
    ]
    right = sum(places[0].get(a) == places[1].get(b, -1) for a, b in pairs)
    return float(right) / SETTINGS.stocks


def test_a_late_submission_that_was_carried_over_does_not_tell_whose_ids_it_bears(
    played: Tournament,
) -> None:
    """Its predictions, all different, would link the ids of two eras."""
    number = played.status().round_number
    with Wire.inside(played) as wire:
        made = wire.data(
            "query($m: ID) { submissions(modelId: $m) { id filename round { number } } }",
            m=wire.model("beacon"),
        )["submissions"]
        carried, late = made
        assert [one["round"]["number"] for one in made] == [number, number - 1]

        def table(content: bytes) -> dict[str, float]:
            frame = pd.read_csv(io.BytesIO(content), index_col="id")
            return {str(name): round(value, 9) for name, value in frame["prediction"].items()}

        def downloaded(submission_id: str) -> dict[str, float]:
            auth = wire.data(DOWNLOAD, id=submission_id)["submissionDownloadAuth"]
            return table(wire.http.get(auth["url"]).content)

        sent = downloaded(late["id"])
        kept = played.folders.submission(carried["id"], carried["filename"]).read_bytes()
        assert linked(sent, table(kept), played.world(), number - 1) == 1.0
        assert linked(sent, downloaded(carried["id"]), played.world(), number - 1) == 0.0
        assert downloaded(carried["id"]) == sent  # as it was handed in


def diagnosed(tournament: Tournament, predictions: pd.Series) -> dict[str, Any]:
    """What the service says of predictions for validation."""
    table = predictions.rename("prediction").rename_axis("id").reset_index()
    with Wire.inside(tournament) as wire:
        auth = wire.data(DIAGNOSTICS_AUTH)["diagnosticsUploadAuth"]
        wire.http.put(auth["url"], content=table.to_csv(index=False).encode())
        made: dict[str, Any] = wire.data(DIAGNOSE, n=auth["filename"])["createDiagnostics"]
    return made


def test_diagnostics_tell_nothing_of_eras_whose_target_is_unresolved(
    played: Tournament, tmp_path: Path
) -> None:
    rows = pd.read_parquet(played.files()["v5.3/validation.parquet"])
    live = pd.read_parquet(played.files()["v5.3/live.parquet"])
    known = rows[rows["data_type"] == "validation"]
    unknown = pd.concat([rows[rows["data_type"] == "test"], live])
    assert len(known)
    assert len(unknown)
    random = np.random.default_rng(4)
    honest = pd.Series(random.random(len(known)), known.index)
    probing = pd.Series(random.random(len(unknown)), unknown.index)

    shutil.copytree(played.folders.root, tmp_path / "knowing")
    knowing = Tournament.open(tmp_path / "knowing")
    knowing.advance(13)  # it has these targets, and the same files do find them
    eras = known["era"].nunique(), unknown["era"].nunique()
    assert diagnosed(knowing, honest)["erasAcceptedCount"] == eras[0]
    assert diagnosed(knowing, pd.concat([honest, probing]))["erasAcceptedCount"] == sum(eras)
    assert diagnosed(knowing, probing) != diagnosed(knowing, 1 - probing)

    alone = diagnosed(played, honest)
    assert alone["status"] == "done"
    assert diagnosed(played, known["target"] + honest) != alone  # what is known is scored
    for probe in (probing, 1 - probing):
        assert diagnosed(played, pd.concat([honest, probe])) == alone
        only = diagnosed(played, probe)
        assert only["status"] == "failed"
        assert only["message"].endswith("no validation era is in the file")


def spike(wire: Wire, row: int) -> pd.DataFrame:
    """One id above all others, which are equal."""
    ids = wire.live_ids()
    return pd.DataFrame({"id": ids, "prediction": np.where(np.arange(len(ids)) == row, 0.9, 0.5)})


def scored(wire: Wire, model: str, number: int, name: str) -> dict[int, float]:
    rows = wire.data(SCORES, m=model)["submissionScores"]
    return {
        row["day"]: row["value"]
        for row in rows
        if (row["roundNumber"], row["displayName"]) == (number, name)
    }


def test_by_nature_a_score_tells_the_target_so_far_of_a_single_id_whom_it_was_aimed_at(
    played: Tournament,
) -> None:
    """A score is a sum over all ids. Who gives up a submission for it can make it one id's.

    So a model learns a day's target of one id in a round that is closed: two bits a day.
    """
    number, row = played.status().round_number, 17
    with Wire.inside(played) as wire:
        model = wire.model("harbour")
        assert wire.submit(spike(wire, row), model=model)["selected"]
        usual = wire.model("lighthouse")
        wire.submit(wire.predictions(seed=3), model=usual)
        played.advance(3)

        def aimed(model_id: str) -> np.ndarray:
            days = scored(wire, model_id, number, "mmc60")
            spread = np.ptp(gaussianize(spike(wire, row)["prediction"].to_numpy()))
            values = np.array([days[day] for day in sorted(days)])
            return np.clip(np.rint(values * SETTINGS.stocks / spread + 2), 0, 4) / 4

        targets = played.world().era_records.targets_so_far(number, days=len(aimed(model)))
        assert len(targets) == 11
        assert (aimed(model) == targets[:, row]).all()
        assert len(set(targets[:, row].tolist())) > 1
        assert (aimed(usual) == targets[:, row]).mean() < 1


def test_by_nature_a_late_spike_can_be_found_again_under_the_next_rounds_ids(
    played: Tournament,
) -> None:
    """Its score with the meta model tells its place there, among a few others.

    The likeness of rows links all stocks of neighbouring eras anyway.
    """
    number, row = played.status().round_number, 23
    with Wire.inside(played) as wire:
        model = wire.model("harbour")
        late = spike(wire, row)
        let_the_window_pass(played)
        wire.submit(late, model=model)
        played.advance(2)
        told_by = scored(wire, model, number + 1, "corr_w_meta_model")[1]
        meta = pd.read_parquet(played.files()["v5.3/meta_model.parquet"])
        ranks = meta[meta["era"] == f"{number + 1:04d}"]["numerai_meta_model"]
    expected = gaussianize(ranks.to_numpy()) / len(ranks) ** 0.5
    nearest = ranks.index[np.argsort(np.abs(expected - told_by))]
    world = played.world()
    row_of_stock = np.argsort(world.era_records.order(number + 1))
    sought = world.live_ids(number + 1)[row_of_stock[world.era_records.order(number)[row]]]
    assert nearest.tolist().index(sought) < 5  # of 100 ids
