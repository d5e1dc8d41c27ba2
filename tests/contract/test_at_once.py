"""Many uploads and two clients at once: each is accepted, recorded and kept, one a model counts."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numerapi
import pandas as pd
import pytest

from numeri_cli.practice.tournament import Tournament
from tests.support.live_predictions import live_predictions

UPLOADS = 50
ASK = """query($m: ID) { submissions(modelId: $m) {
    id status errorInfo selected submittedCount filteredCount filename } }"""


@pytest.mark.usefixtures("settings")
def test_fifty_uploads_of_one_client_and_one_of_another_at_once_lose_nothing(
    napi: numerapi.NumerAPI, tournament: Tournament
) -> None:
    table = live_predictions(napi)
    table.to_csv("ours.csv", index=False)
    models = napi.get_models()
    names = [sorted(models)[number % len(models)] for number in range(UPLOADS)]

    def upload(number: int) -> tuple[str, str]:
        one = table.assign(prediction=table["prediction"] * (1 - number / 99))
        made = napi.upload_predictions(df=one, model_id=models[names[number]])
        return str(made), hashlib.sha256(one.to_csv(index=False).encode()).hexdigest()

    command = [sys.executable, "-m", "numeri_cli", "submit", "ours.csv", "--replace", "--quiet"]
    with subprocess.Popen(command) as ours, ThreadPoolExecutor(UPLOADS) as pool:
        made = dict(pool.map(upload, range(UPLOADS)))
        assert ours.wait(120) == 0
    assert len(made) == UPLOADS

    kept: dict[str, str] = {}
    for name, model in models.items():
        rows = napi.raw_query(ASK, {"m": model}, authorization=True)["data"]["submissions"]
        assert len(rows) == names.count(name) + (name == "lighthouse")
        assert {row["status"] for row in rows} == {"accepted"}
        assert {row["errorInfo"] for row in rows} == {None}
        assert {row["filteredCount"] for row in rows} == {len(table)}
        assert [row["selected"] for row in rows] == [True] + [False] * (len(rows) - 1)
        [counted] = napi.get_submission_filenames(model_id=model)
        assert counted["filename"] == rows[0]["filename"]
        kept |= {row["id"]: name for row in rows}
    assert made.keys() < kept.keys()
    [of_ours] = kept.keys() - made.keys()
    assert kept[of_ours] == "lighthouse"

    served = {
        submission: napi.download_submission(
            submission_id=submission, dest_path=f"{submission}.csv"
        )
        for submission in made
    }
    for submission, path in served.items():
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == made[submission]
    assert len(set(made.values())) == UPLOADS
    theirs = Path(napi.download_submission(submission_id=of_ours, dest_path="theirs.bin"))
    sent = pd.read_parquet(theirs) if theirs.read_bytes()[:4] == b"PAR1" else pd.read_csv(theirs)
    sent = sent if "id" in sent else sent.reset_index()
    assert sent.set_index("id")["prediction"].equals(table.set_index("id")["prediction"])
    assert len(tournament.status().models) == len(models)
