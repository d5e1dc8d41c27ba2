"""numeri hosted upload: one pickle, tried by the server, assigned and proved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.delivery import seconds_until_allowed
from numeri_cli.home import Home
from numeri_cli.ledger.hosted_uploads import HostedFacts, HostedUploadEntry
from numeri_cli.locks import held_lock
from numeri_cli.practice.server.hosted_runs import HostedState
from numeri_cli.practice.server.rate_limits import Excess, Rate, RateLimiter
from tests.support.hosting import CONTENT, HostingBench, hosting_bench
from tests.support.hosting_script import FAILED, SILENT
from tests.support.runner import Numeri


class Impatient(RateLimiter):
    """Takes one upload; whoever is refused need not wait any longer than is said."""

    def __init__(self) -> None:
        self.now = 0.0
        rates = {"createComputePickleUpload": Rate(1, 1.0)}
        super().__init__(rates, seconds=lambda: self.now)

    def excess(self, address: str, names: Sequence[str]) -> Excess | None:
        """The refusal, after which the time has passed."""
        found = super().excess(address, names)
        self.now += found.wait_seconds if found else 0.0
        return found


UPLOAD = ("hosted", "upload", "model.pkl", "--no-check", "--python", "3.12")


def test_a_pickle_is_uploaded_tried_assigned_and_proved(
    numeri: Numeri, hosting: HostingBench
) -> None:
    said = numeri(*UPLOAD, "--assign", "--json")
    assert said.code == 0, said.out
    [found] = hosting.pickles()
    assert said.data["pickle_id"] == found["id"] == hosting.assigned()
    assert (said.data["model"], said.data["status"]) == ("lighthouse", "validated")
    assert (said.data["image"], said.data["data_version"]) == ("Python 3.12", "v5.3")
    assert (said.data["uploaded"], said.data["assigned"]) == (True, True)
    [run, _] = hosting.script.runs
    assert run.file.read_bytes() == CONTENT
    shown = numeri(*UPLOAD, "--assign")
    assert shown.code == 0
    assert "was there, validated" in shown.out
    assert "Numerai has this pickle already" in shown.err
    assert len(hosting.pickles()) == 1


def test_without_assign_it_is_left_to_a_command_that_is_shown(
    numeri: Numeri, hosting: HostingBench
) -> None:
    said = numeri(*UPLOAD)
    [found] = hosting.pickles()
    assert said.code == 0
    assert f"`numeri hosted assign lighthouse {found['id']}`" in said.out
    assert "Waiting for the validation of lighthouse: validating" in said.err
    assert hosting.assigned() is None


def test_where_the_server_cannot_run_it_its_own_log_is_shown_the_telling_line_first(
    numeri: Numeri, hosting: HostingBench
) -> None:
    hosting.script.validation = FAILED
    said = numeri(*UPLOAD, "--assign")
    assert (said.code, said.out) == (1, "")
    first, *rest = [line for line in said.err.splitlines() if line.startswith(("error", "hint"))]
    assert first.startswith("error: the validation of lighthouse failed: ModuleNotFoundError: No")
    assert "pickled by value" in rest[0]
    assert '  File "predict.py", line 12, in main' in said.err  # the rest of the log, as it was
    assert hosting.assigned() is None
    told = numeri(*UPLOAD, "--json")  # once told, the same bytes may be tried again
    assert told.json["error"]["code"] == "hosted_failed"
    assert len(hosting.pickles()) == 2


def test_a_validator_that_is_silent_is_named_and_the_next_call_goes_on_without_an_upload(
    numeri: Numeri, hosting: HostingBench
) -> None:
    hosting.script.validation = SILENT
    profile = Path("numeri.toml")
    profile.write_text(profile.read_text().replace("hosted_seconds = 20", "hosted_seconds = 0.05"))
    said = numeri(*UPLOAD, "--assign", "--json")
    assert said.code == 4
    assert said.json["error"]["code"] == "hosted_pending"
    assert "within 0.05 seconds: it still says 'validating'" in said.json["error"]["message"]
    with hosting.tournament.store.writing() as connection:  # the validator wakes up
        connection.execute("UPDATE hosted_models SET validation_status = 'validated'")
        connection.execute("UPDATE hosted_runs SET status = 'validated'")
    again = numeri(*UPLOAD, "--assign", "--json")
    assert again.code == 0, again.out
    assert again.data["uploaded"] is False
    assert len(hosting.pickles()) == 1
    assert hosting.assigned() == again.data["pickle_id"]


def test_at_the_limit_of_uploads_it_waits_and_says_until_when(
    numeri: Numeri, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosting_bench(tmp_path, limiter=Impatient()) as hosting:
        hosting.settle_in(monkeypatch)
        profile = Path("numeri.toml")
        text = profile.read_text(encoding="utf-8")
        profile.write_text(f"{text}retry_after_seconds = 0.1\n", encoding="utf-8")
        assert numeri(*UPLOAD).code == 0
        Path("model.pkl").write_bytes(CONTENT[:-1] + b"0.")
        said = numeri(*UPLOAD)
        assert said.code == 0, said.err
        assert "the limit is reached: waiting until " in said.err
        assert len(hosting.pickles()) == 2


def test_two_slots_for_one_pickle_are_refused_unless_both_are_meant(
    numeri: Numeri, hosting: HostingBench
) -> None:
    assert numeri(*UPLOAD, "--assign").code == 0
    said = numeri(*UPLOAD, "--model", "beacon", "--assign")
    assert said.code == 1
    assert "submits for lighthouse already, and beacon would submit the same" in said.err
    assert "numeri hosted remove lighthouse" in said.err
    assert hosting.assigned("beacon") is None
    both = numeri(*UPLOAD, "--model", "beacon", "--assign", "--also", "--json")
    assert both.code == 0, both.out
    assert both.data["uploaded"] is False
    assert hosting.assigned("beacon") == hosting.assigned("lighthouse")
    assert len(hosting.pickles()) == 1


def test_a_webhook_on_the_slot_is_named_and_taken_off_only_when_asked(
    numeri: Numeri, hosting: HostingBench
) -> None:
    hosting.set_webhook("http://127.0.0.1:9/a-path-nobody-guesses")
    said = numeri(*UPLOAD, "--assign")
    assert said.code == 1
    assert "lighthouse has the webhook http://127.0.0.1:9/…, and Numerai runs" in said.err
    assert "nobody-guesses" not in said.err + said.out
    assert hosting.pickles() == []  # before any work
    assert numeri(*UPLOAD).code == 0
    assert hosting.slot()["submissionWebhook"] == "http://127.0.0.1:9/a-path-nobody-guesses"
    taken = numeri(*UPLOAD, "--assign", "--webhook-off")
    assert taken.code == 0, taken.err
    assert "is off lighthouse now" in taken.err
    assert hosting.slot()["submissionWebhook"] is None
    assert hosting.assigned() is not None


def test_keys_without_the_scope_are_refused_before_the_upload(
    numeri: Numeri, hosting: HostingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = ("read_user_info", "read_submission_info")
    public, secret = hosting.tournament.add_key(name="poor", scopes=poor)
    monkeypatch.setenv("NUMERAI_PUBLIC_ID", public)
    monkeypatch.setenv("NUMERAI_SECRET_KEY", secret)
    said = numeri(*UPLOAD)
    assert said.code == 3
    assert said.err.startswith("error: the keys lack the scope upload_submission")
    assert hosting.pickles() == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--python", "3.9"), 1, "no image of Numerai's has Python 3.9"),
        (("--model", "lighthuose"), 1, "the account has no model 'lighthuose'"),
        (("--also",), 2, "--also says nothing without --assign"),
        (("--webhook-off",), 2, "--webhook-off says nothing without --assign"),
        (("--bare",), 2, "--bare says nothing of model.pkl with --no-check"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    numeri: Numeri, hosting: HostingBench, words: tuple[str, ...], code: int, sentence: str
) -> None:
    said = numeri("hosted", "upload", "model.pkl", "--no-check", *words)
    assert said.code == code, said.err
    assert sentence in said.err
    assert hosting.pickles() == []


def test_a_word_that_is_no_status_we_know_is_shown_and_waited_on(
    numeri: Numeri, hosting: HostingBench
) -> None:
    hosting.script.validation = (
        HostedState(status="queued for a moment"),
        HostedState(status="validated"),
    )
    said = numeri(*UPLOAD)
    assert said.code == 0
    assert "Waiting for the validation of lighthouse: queued for a moment" in said.err


def test_a_trained_model_is_pickled_uploaded_and_known_again_by_what_it_predicts(
    numeri: Numeri, trained: Path
) -> None:
    words = ("hosted", "upload", "lighthouse", "--no-check", "--bare", "--assign", "--json")
    said = numeri(*words)
    assert said.code == 0, said.out
    assert (said.data["targets"], said.data["assigned"]) == (["target_ender_20"], True)
    assert said.data["checked"] is False
    again = numeri(*words)  # not pickled again: the bytes might be others
    assert (again.data["uploaded"], again.data["pickle_id"]) == (False, said.data["pickle_id"])
    for ledger in (trained / "data").glob("ledger*"):
        ledger.unlink()
    row, *_ = numeri("hosted", "status", "--json").data["models"]
    assert row["targets"] == ["target_ender_20"]  # as its label tells any machine
    messages = [one["message"] for one in row["findings"]]
    assert any("pays for 60 days, but what Numerai runs" in one for one in messages)
    kept = list((trained / "cache" / "hosted" / "uploads").rglob("*.pkl"))
    assert len(kept) == 1


def test_where_the_profile_neutralizes_otherwise_another_pickle_is_made_and_assigned(
    numeri: Numeri, trained: Path
) -> None:
    words = ("hosted", "upload", "lighthouse", "--no-check", "--bare", "--assign", "--json")
    profile = Path("numeri.toml")
    plain = profile.read_text(encoding="utf-8")
    seen = []
    for proportion in (0.5, 1.0, 1.0):
        steps = f'neutralize = [{{ features = "small", proportion = {proportion} }}]'
        profile.write_text(plain.replace("targets =", f"{steps}\ntargets ="), encoding="utf-8")
        said = numeri(*words)
        assert said.code == 0, said.out
        seen.append((said.data["uploaded"], said.data["pickle_id"]))
    half, whole, again = seen
    assert (half[0], whole[0], again[0]) == (True, True, False)
    assert half[1] != whole[1] == again[1]


def test_what_would_fail_on_the_machines_is_not_uploaded(
    numeri: Numeri, hosting: HostingBench
) -> None:
    said = numeri("hosted", "upload", "model.pkl", "--bare", "--assign", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "pickle_unfit"
    assert said.json["error"]["message"].startswith("it would fail on Numerai's machines: ")
    assert "--no-check" in said.json["error"]["hint"]
    assert hosting.pickles() == []
    Path("model.pkl").write_bytes(CONTENT[:-5])
    cut = numeri(*UPLOAD)
    assert (cut.code, "is no whole pickle" in cut.err) == (1, True)


def test_two_uploads_for_one_slot_at_once_are_one_at_a_time(
    numeri: Numeri, hosting: HostingBench
) -> None:
    context = Context(home=Home.find())
    lock = context.home.lock(context.tournament, f"hosted {hosting.slot()['id']}")
    with held_lock(lock, what="another upload"):
        said = numeri(*UPLOAD)
    assert (said.code, hosting.pickles()) == (5, [])
    assert said.err.startswith("error: an upload of a model for lighthouse is already at work")


def test_an_upload_counts_against_the_limit_from_its_start_however_late_its_verdict_comes() -> None:
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def row(minutes_ago: int, *, pickle_id: str | None = "p") -> HostedUploadEntry:
        return HostedUploadEntry(
            id=1, tournament="practice", slot="lighthouse", digest="", data_version="", image="",
            state="validated", filename="a.pkl", pickle_id=pickle_id, facts=HostedFacts(),
            started=now - timedelta(minutes=minutes_ago), updated=now,
        )  # fmt: skip

    filled = [row(2), row(5, pickle_id=None), row(10), row(29), row(40)]
    assert seconds_until_allowed(filled, now=now) == 60.0  # one minute until the third is old
    assert seconds_until_allowed([row(2), row(4), row(9)], now=now) == 21 * 60
    assert seconds_until_allowed([row(31), row(32), row(33)], now=now) == 60.0
