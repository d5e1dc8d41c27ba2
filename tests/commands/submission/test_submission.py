"""Predictions, checked and submitted: never late, never doubled, never lost."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from numeri_cli.commands.submission.check import check_predictions
from numeri_cli.commands.submission.holdings import HoldingState, holdings
from numeri_cli.commands.submission.send import submit
from numeri_cli.errors import (
    ApiRefused,
    FileDamaged,
    FileForeign,
    FileMissing,
    HostedModel,
    NoRoundOpen,
    NumeriError,
    PredictionsHeaders,
    PredictionsIds,
    PredictionsValues,
    RoundClosed,
    ServerTrouble,
    SubmissionRefused,
    SubmissionUnconfirmed,
    TransferRefused,
)
from numeri_cli.practice.tournament import Tournament
from numeri_cli.progress import SILENT, Silent, Task
from numeri_cli.records import Receipt
from tests.support.counting_server import Application
from tests.support.participant import Participant
from tests.support.processes import forked
from tests.support.tournaments import fresh_tournament

IDS = [f"n{number:015x}" for number in range(100)]
GOOD = pd.DataFrame({"id": IDS, "prediction": (np.arange(100) + 1) / 100})


@pytest.fixture
def participant(tmp_path: Path) -> Iterator[Participant]:
    opened = Participant.at(fresh_tournament(tmp_path / "practice"), tmp_path / "participant")
    yield opened
    opened.close()


def written(tmp_path: Path, table: pd.DataFrame, *, suffix: str = ".csv") -> Path:
    path = tmp_path / f"predictions{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    return path


# what a file must be


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("column", ["prediction", "probability"])
def test_a_good_file_is_taken_with_its_very_bytes(tmp_path: Path, suffix: str, column: str) -> None:
    path = written(tmp_path, GOOD.rename(columns={"prediction": column}), suffix=suffix)
    checked = check_predictions(path, IDS)
    assert checked.ids.tolist() == IDS
    assert np.array_equal(checked.values, GOOD["prediction"])
    assert checked.rows == 100
    assert checked.content == path.read_bytes()
    assert checked.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_ids_that_are_the_index_of_a_parquet_file_are_no_column_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.set_index("id"), suffix=".parquet")
    with pytest.raises(PredictionsHeaders, match="'prediction'"):
        check_predictions(path, IDS)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_surplus_ids_are_counted_and_left_to_the_server(tmp_path: Path, suffix: str) -> None:
    more = pd.DataFrame({"id": ["nx", "ny", "nx"], "prediction": [np.nan, 7.0, 0.5]})
    checked = check_predictions(written(tmp_path, pd.concat([GOOD, more]), suffix=suffix), IDS)
    assert (checked.rows, checked.surplus) == (100, 3)
    assert checked.ids.tolist() == IDS


@pytest.mark.parametrize("name", ["mine.CSV", "mine.txt", "mine.parquet", "mine"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_a_file_is_its_content_says(tmp_path: Path, name: str, suffix: str) -> None:
    path = written(tmp_path, GOOD, suffix=suffix).rename(tmp_path / name)
    checked = check_predictions(path, IDS)
    assert (checked.rows, checked.suffix) == (100, suffix)


def test_a_maximum_that_rounds_to_one_is_taken(tmp_path: Path) -> None:
    table = with_value(4, 1.0000000000000009)(GOOD)
    assert check_predictions(written(tmp_path, table, suffix=".parquet"), IDS).rows == 100


def test_rank_over_n_reaches_one_and_is_taken(tmp_path: Path) -> None:
    assert GOOD["prediction"].max() == 1.0
    check_predictions(written(tmp_path, GOOD), IDS)
    check_predictions(written(tmp_path, GOOD.assign(prediction=np.linspace(0, 1, 100))), IDS)


def changed(**columns: Any) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda table: table.assign(**columns)


def with_value(row: int, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        values = table["prediction"].to_numpy(copy=True)
        values[row] = value
        return table.assign(prediction=values)

    return change


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], type[NumeriError], str]] = {
    "a surplus column": (changed(era="X"), PredictionsHeaders, "'era'"),
    "other names": (lambda t: t.rename(columns={"id": "ID"}), PredictionsHeaders, "'ID'"),
    "the order turned": (lambda t: t[["prediction", "id"]], PredictionsHeaders, "'prediction', "),
    "one column": (lambda t: t[["id"]], PredictionsHeaders, "columns 'id'"),
    "lost ids": (lambda t: t.iloc[3:], PredictionsIds, "3 missing"),
    "a repeated id": (lambda t: pd.concat([t, t.iloc[:2]]), PredictionsIds, "2 repeated"),
    "no id": (changed(id=[None, *IDS[1:]]), PredictionsIds, "1 without an id"),
    "yesterday's ids": (changed(id=[f"m{i}" for i in range(100)]), PredictionsIds, "none of the"),
    "row numbers": (changed(id=range(100)), PredictionsIds, "none of the 100 ids"),
    "NaN": (with_value(4, np.nan), PredictionsValues, "1 of 100 predictions"),
    "too high": (with_value(4, 1.0001), PredictionsValues, r"1 of 100 .*outside of \[0, 1\]"),
    "too low": (with_value(4, -0.0001), PredictionsValues, "outside"),
    "infinite": (with_value(4, np.inf), PredictionsValues, "outside"),
    "constant": (changed(prediction=0.5), PredictionsValues, "the same"),
    "whole and huge": (changed(prediction=range(2**62, 2**62 + 100)), PredictionsValues, "outside"),
    "words": (changed(prediction="high"), PredictionsValues, "no numbers"),
}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("case", BAD)
def test_what_the_server_would_refuse_is_refused_with_counts_and_a_cure(
    tmp_path: Path, case: str, suffix: str
) -> None:
    change, kind, words = BAD[case]
    path = written(tmp_path, change(GOOD).reset_index(drop=True), suffix=suffix)
    with pytest.raises(kind, match=words) as caught:
        check_predictions(path, IDS)
    assert caught.value.hint
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("p.csv", b"", FileDamaged),
        ("p.csv", b"id,prediction\nn1,0.5,0.6\n", FileDamaged),
        ("p.csv", b"\xff\xfe\x00\x80", NumeriError),
        ("p.csv", b"id,prediction\n", NumeriError),
        ("p.parquet", b"", FileDamaged),
        ("p.parquet", b"PAR1 and then nothing", FileDamaged),
        ("p.txt", b"id,prediction\n", PredictionsIds),
    ],
)
def test_half_and_foreign_files_are_named(
    tmp_path: Path, name: str, content: bytes, kind: type[NumeriError]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(kind) as caught:
        check_predictions(tmp_path / name, IDS)
    assert caught.value.hint


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"nowhere\.csv"):
        check_predictions(tmp_path / "nowhere.csv", IDS)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileForeign):
        check_predictions(tmp_path / "folder.csv", IDS)


# submitting


def send(
    participant: Participant, path: Path, *, model: str = "lighthouse", **more: Any
) -> Receipt:
    receipt = submit(
        participant.client,
        participant.ledger,
        tournament="practice",
        model=more.pop("slot", None) or participant.model(model),
        round_=more.pop("round_", None) or participant.round,
        predictions=check_predictions(path, participant.live_ids),
        **more,
    )
    assert receipt is not None
    return receipt


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_submission_is_accepted_selected_and_on_time(
    participant: Participant, suffix: str
) -> None:
    path = participant.file(suffix=suffix)
    receipt = send(participant, path)
    assert (receipt.timing, receipt.selected) == ("on-time", True)
    assert receipt.rows == len(participant.live_ids)
    assert receipt.prediction_digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert participant.held() == [(receipt.filename, True)]
    assert participant.ledger.receipts("practice") == (receipt,)
    (attempt,) = participant.ledger.attempts("practice")
    assert (attempt.state, attempt.server_id) == ("accepted", receipt.server_id)
    question = "query ($id: ID!) { submissionDownloadAuth(id: $id) { url } }"
    held = participant.client.ask(question, keyed=True, id=receipt.server_id)
    url = held.child("submissionDownloadAuth", kind="FileUploadAuth").text("url")
    assert participant.client.connector.client(httpx.URL(url)).get(url).content == path.read_bytes()


def test_a_submission_takes_few_requests(participant: Participant) -> None:
    path, round_, slot = participant.file(), participant.round, participant.model()
    participant.requests.seen.clear()
    send(participant, path, round_=round_, slot=slot)
    asked = [what for what in participant.requests.seen if what != "__typename"]
    assert asked == [
        "submissionUploadAuth", "PUT", "createSubmission", "submissions(id", "latestSubmissions",
    ]  # fmt: skip


def test_the_same_file_again_is_the_same_submission(participant: Participant) -> None:
    path = participant.file()
    first = send(participant, path)
    participant.requests.seen.clear()
    second = send(participant, path)
    assert second.server_id == first.server_id
    assert "createSubmission" not in participant.requests.seen
    assert "PUT" not in participant.requests.seen
    assert len(participant.held()) == 1


def test_another_file_replaces_the_first_and_the_first_may_come_back(
    participant: Participant,
) -> None:
    first, second = participant.file(seed=1), participant.file(seed=2)
    for path in (first, second, first):
        assert send(participant, path).selected
    assert [selected for _, selected in participant.held()] == [False, False, True]


def test_models_do_not_get_into_each_others_way(participant: Participant) -> None:
    path = participant.file()
    one, two = send(participant, path), send(participant, path, model="beacon")
    assert one.server_id != two.server_id
    assert len(participant.held("beacon")) == 1


def test_a_dry_run_does_everything_but_upload(participant: Participant) -> None:
    participant.requests.seen.clear()
    found = submit(
        participant.client,
        participant.ledger,
        tournament="practice",
        model=participant.model(),
        round_=participant.round,
        predictions=check_predictions(participant.file(), participant.live_ids),
        dry_run=True,
    )
    assert found is None
    assert "submissionUploadAuth" not in participant.requests.seen
    assert participant.ledger.attempts("practice") == ()


def test_a_model_with_an_uploaded_function_is_refused_by_name(participant: Participant) -> None:
    with pytest.raises(HostedModel, match="lighthouse"):
        send(participant, participant.file(), slot=participant.model(hosted=True))


def test_a_closed_round_is_refused_and_late_is_a_matter_of_asking(participant: Participant) -> None:
    path, round_ = participant.file(), participant.round
    participant.close_window()
    with pytest.raises(RoundClosed, match=r"closed at Sun 14:00 UTC, .* ago") as caught:
        send(participant, path, round_=round_)
    assert caught.value.exit_code == 6
    assert participant.held() == []
    receipt = send(participant, path, round_=round_, late=True)
    assert receipt.timing == "late"
    assert len(participant.held()) == 1


def test_a_round_that_has_not_opened_is_refused(participant: Participant) -> None:
    path, round_ = participant.file(), participant.round
    early = type(round_)(
        **{name: getattr(round_, name) for name in round_.__slots__}
        | {"open_time": round_.deadline, "deadline": round_.resolve_time}
    )
    with pytest.raises(NoRoundOpen, match="opens at Sun 14:00 UTC, in 25 hours"):
        send(participant, path, round_=early)


def test_what_the_server_refuses_is_told_in_its_words(participant: Participant) -> None:
    table = participant.table().iloc[1:]
    path = participant.folder / "half.csv"
    table.to_csv(path, index=False)
    checked = check_predictions(path, table["id"].tolist())  # as if the live file were old
    with pytest.raises((SubmissionRefused, ApiRefused), match=r"live IDs|invalid_submission_ids"):
        submit(
            participant.client,
            participant.ledger,
            tournament="practice",
            model=participant.model(),
            round_=participant.round,
            predictions=checked,
        )
    assert participant.ledger.attempts("practice")[0].state == "refused"
    assert participant.ledger.attempts("practice")[0].error


def standing(participant: Participant) -> dict[str, HoldingState]:
    """What the server holds of each model in the open round, by what that is worth."""
    found = holdings(
        participant.client,
        participant.ledger,
        tournament="practice",
        round_=participant.round,
    )
    return {name: one.state for name, one in found.items()}


def test_what_the_server_holds_is_asked_of_it_whoever_submitted(
    participant: Participant, tmp_path: Path
) -> None:
    assert standing(participant) == {}
    other = Participant.at(participant.tournament, tmp_path / "another machine")
    receipt = send(other, other.file())
    other.close()
    assert standing(participant) == {participant.model().name: "accepted"}
    [(_, held)] = holdings(
        participant.client, participant.ledger, tournament="practice", round_=participant.round
    ).items()
    assert held.id == receipt.server_id
    participant.tournament.advance()
    assert standing(participant) == {}


# what goes wrong


def status(code: str) -> Application:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response(code, [("Date", "Sat, 03 Jan 2026 12:05:00 GMT")])
        return [b"<Error><Code>AccessDenied</Code></Error>"]

    return app


def acted_then_500(app: Application) -> Application:
    def lose(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        list(app(environ, lambda *_: None))
        return status("500 X")(environ, start_response)

    return lose


class Once:
    """Something else instead of the first request of a kind; counts that it happened."""

    def __init__(self, what: str, make: Callable[[Application], Application]) -> None:
        self.what, self.make, self.fired = what, make, 0

    def __call__(self, what: str, app: Application) -> Application | None:
        if what != self.what or self.fired:
            return None
        self.fired += 1
        return self.make(app)


@pytest.mark.parametrize("make", [lambda _: status("500 X"), acted_then_500], ids=["lost", "acted"])
@pytest.mark.parametrize(
    "what",
    ["submissionUploadAuth", "PUT", "createSubmission", "submissions(id", "latestSubmissions"],
)
def test_one_failure_at_any_step_makes_neither_a_loss_nor_a_double(
    participant: Participant, what: str, make: Callable[[Application], Application]
) -> None:
    fault = participant.requests.instead = Once(what, make)
    receipt = send(participant, participant.file())
    assert fault.fired == 1
    assert participant.held() == [(receipt.filename, True)]


def test_an_expired_upload_address_is_asked_for_again_once(participant: Participant) -> None:
    participant.requests.instead = Once("PUT", lambda _: status("403 X"))
    receipt = send(participant, participant.file())
    assert participant.requests.seen.count("submissionUploadAuth") == 2
    assert participant.held() == [(receipt.filename, True)]
    participant.requests.instead = lambda what, app: status("403 X") if what == "PUT" else None
    with pytest.raises(TransferRefused, match="AccessDenied"):
        send(participant, participant.file(seed=2))
    assert len(participant.held()) == 1


@pytest.mark.parametrize(
    "what",
    ["submissionUploadAuth", "PUT", "createSubmission", "submissions(id", "latestSubmissions"],
)
def test_after_a_lasting_failure_the_same_call_ends_it_with_one_submission(
    participant: Participant, what: str
) -> None:
    path = participant.file()

    def broken(asked: str, app: Application) -> Application | None:
        return acted_then_500(app) if asked == what else None

    participant.requests.instead = broken
    if what == "createSubmission":  # found by its filename, so this is no failure at all
        send(participant, path)
    else:
        with pytest.raises(NumeriError) as caught:
            send(participant, path)
        assert caught.value.exit_code == 4
        assert participant.ledger.attempts("practice")[0].state == "failed"
    participant.requests.instead = lambda what, app: None
    receipt = send(participant, path)
    assert participant.held() == [(receipt.filename, True)]


def test_a_submission_that_does_not_settle_is_said_to_be_unconfirmed(
    participant: Participant,
) -> None:
    def pending(what: str, app: Application) -> Application | None:
        if what != "submissions(id":
            return None

        def answer(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
            body = b"".join(app(environ, lambda *_: None))
            start("200 OK", [("Date", "Sat, 03 Jan 2026 12:05:00 GMT")])
            return [body.replace(b'"selected": true', b'"selected": false')]

        return answer

    path = participant.file()
    participant.requests.instead = pending
    with pytest.raises(SubmissionUnconfirmed, match="has not settled") as caught:
        send(participant, path)
    assert caught.value.exit_code == 4
    participant.requests.instead = lambda what, app: None
    send(participant, path)
    assert len(participant.held()) == 1


def test_nothing_is_created_again_past_the_deadline(participant: Participant) -> None:
    path = participant.file()

    def slow(what: str, app: Application) -> Application | None:
        if what != "createSubmission":
            return None
        participant.close_window()
        return status("503 X")

    participant.requests.instead = slow
    with pytest.raises(ServerTrouble):
        send(participant, path)


class Deadly(Silent):
    """Kills the process at a named step."""

    def __init__(self, step: str) -> None:
        self._step = step

    def step(self, name: str) -> None:
        if name == self._step:
            os.kill(os.getpid(), signal.SIGKILL)

    def task(self, label: str, *, total: float | None, unit: str) -> AbstractContextManager[Task]:
        self.step(label)
        return SILENT.task(label, total=total, unit=unit)


def submit_and_die(world: Path, folder: Path, step: str) -> None:
    participant = Participant.at(Tournament.open(world), folder)
    send(participant, folder / "predictions-0.csv", listener=Deadly(step))


STEPS = [
    "round_checked", "upload_authorized", "uploading", "uploaded", "submission_created",
    "submission_settled", "submission_confirmed",
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_one_submission_after_the_next_call(
    participant: Participant, tmp_path: Path, step: str
) -> None:
    path = participant.file()
    code = forked(submit_and_die, tmp_path / "practice", participant.folder, step)
    assert code == -signal.SIGKILL
    receipt = send(participant, path)
    assert participant.held() == [(receipt.filename, True)]
    assert participant.ledger.receipts("practice") == (receipt,)


def test_a_kill_between_the_servers_deed_and_the_ledger_is_noticed(
    participant: Participant,
) -> None:
    """The worst moment: createSubmission was sent, and nobody has read the reply."""
    path = participant.file()
    send(participant, path)
    with sqlite3.connect(participant.folder / "ledger.sqlite") as raw:
        raw.execute("UPDATE attempts SET state = 'sending', server_id = NULL")
        raw.execute("DELETE FROM receipts")
    receipt = send(participant, path)
    assert participant.held() == [(receipt.filename, True)]
