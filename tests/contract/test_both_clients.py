"""The official client and ours submit to the same round: both are accepted, the later counts."""

from __future__ import annotations

from pathlib import Path

import numerapi
import pytest

from numeri_cli.cli.app import main
from numeri_cli.practice.tournament import Tournament
from tests.contract.live_predictions import live_predictions


@pytest.fixture
def settings(address: str, tournament: Tournament, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment and profile that make numeri the same participant as numerapi."""
    public_id, secret = tournament.participant_keys()
    monkeypatch.setenv("NUMERI_API_URL", address)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public_id)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    Path("numeri.toml").write_text("[models.lighthouse]\n", encoding="utf-8")


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
        assert main(["submit", "ours.csv", "--quiet"]) == 0

    first, second = (by_numerapi, by_numeri) if numeri_is_later else (by_numeri, by_numerapi)
    first()
    second()
    newest, oldest = napi.submission_ids(lighthouse)
    assert newest["id"] != oldest["id"]
    [selected] = napi.get_submission_filenames(model_id=lighthouse)
    assert selected["filename"] == newest["filename"]
    assert newest["filename"].startswith("lighthouse-") is numeri_is_later
