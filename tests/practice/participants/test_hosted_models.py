"""A model that is handed in is stored and looked at; nothing in it ever runs."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from numeri_cli.practice.participants.hosted_models import is_pickle
from numeri_cli.practice.tournament import Tournament
from tests.support.wire import Wire

AUTH = """query($m: String) { computePickleUploadAuth(filename: "model.pkl", modelId: $m) {
    filename url } }"""
CREATE = """mutation($n: String!, $m: String) {
    createComputePickleUpload(filename: $n, tournament: 8, modelId: $m) {
        id validationStatus } }"""
ASSIGN = "mutation($m: String, $p: String) { assignPickleToModel(modelId: $m, pickleId: $p) }"
SHOW = "{ computePickles { id validationStatus assignedModelSlots diagnosticsStatus } }"


@dataclass(frozen=True)
class Burglar:
    """Whoever loads its pickle writes a file."""

    mark: Path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self.mark), "w")


def test_a_burglar_in_a_pickle_gets_in_where_it_is_loaded(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Burglar(mark)))  # noqa: S301 - the burglar is ours
    assert mark.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_model_is_stored_assigned_and_shown_and_never_runs(
    tournament: Tournament, wire: Wire, tmp_path: Path, protocol: int
) -> None:
    mark = tmp_path / "mark"
    content = pickle.dumps(Burglar(mark), protocol)
    auth = wire.data(AUTH, m=wire.model())["computePickleUploadAuth"]
    assert wire.http.put(auth["url"], content=content).status_code == 200
    made = wire.data(CREATE, n=auth["filename"], m=wire.model())["createComputePickleUpload"]
    assert made["validationStatus"] == "validated"  # it is a whole pickle, and that is all
    wire.data(ASSIGN, m=wire.model(), p=made["id"])
    [shown] = wire.data(SHOW)["computePickles"]
    assert shown["assignedModelSlots"] == [wire.model()]
    assert (tournament.folders.uploads / auth["filename"]).read_bytes() == content
    tournament.advance()
    again = Tournament.open(tournament.folders.root)
    again.advance()
    assert not mark.exists()


def test_what_is_no_whole_pickle_is_told_without_loading(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "model.pkl"
    whole = pickle.dumps(Burglar(mark))
    for content in (b"", whole[:-1], whole + b"more", b"\xff" + whole, whole + whole):
        path.write_bytes(content)
        assert not is_pickle(path)
    path.write_bytes(whole)
    assert is_pickle(path)
    assert not mark.exists()
