"""The official client and ours submit to the same round: both are accepted, the later counts."""

from __future__ import annotations

import numerapi
import pytest

from numeri_cli.cli.app import main
from tests.support.live_predictions import live_predictions


@pytest.mark.core
@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("numeri_is_later", [True, False])
def test_what_either_uploads_is_accepted_and_the_later_one_is_selected(
    napi: numerapi.NumerAPI, numeri_is_later: bool
) -> None:
    live_predictions(napi).to_csv("ours.csv", index=False)
    theirs = live_predictions(napi, seed=1)
    lighthouse = napi.get_models()["lighthouse"]

    def by_numerapi() -> str:
        return str(napi.upload_predictions(df=theirs, model_id=lighthouse))

    def by_numeri() -> None:
        assert main(["submit", "ours.csv", "--replace", "--quiet"]) == 0

    first, second = (by_numerapi, by_numeri) if numeri_is_later else (by_numeri, by_numerapi)
    first()
    second()
    newest, oldest = napi.submission_ids(lighthouse)
    assert newest["id"] != oldest["id"]
    [selected] = napi.get_submission_filenames(model_id=lighthouse)
    assert selected["filename"] == newest["filename"]
    assert newest["filename"].startswith("lighthouse-") is numeri_is_later
