"""Each field that the client asks for, spoilt in each way: only what the errand needs may stop it.

The table NEEDED is the promise: what stands in it may stop the errand, in a sentence; whatever
else a document of ours names may be missing, null, of another type or unknown to the server, and
the errand goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from graphql import GraphQLError

from numeri_cli.api import queries
from tests.support.front import Change, Way
from tests.support.said import Said
from tests.support.trial import Ground, Trial, numeri, one_object
from tests.support.typed_answers import FieldOf, fields_asked, read, root_names

_WHERE_IT_STANDS = {
    "RootQueryType.rounds",
    "RootQueryType.account",
    "Round.number",
    "Round.openTime",
    "Round.closeStakingTime",
    "Account.models",
    "Model.id",
    "Model.name",
    "Model.tournament",
    "Model.latestSubmissions",
    "LatestSubmission.roundNumber",
    "LatestSubmission.status",
    "LatestSubmission.id",
    "RootQueryType.submissions",
    "V2Submission.id",
    "V2Submission.selected",
    "V2Submission.errorInfo",
    "V2Submission.round",
}
_SENDING = {
    "RootQueryType.dataset",
    "RootQueryType.submissionUploadAuth",
    "FileUploadAuth.filename",
    "FileUploadAuth.url",
    "RootMutationType.createSubmission",
}
NEEDED: Mapping[str, set[str]] = {
    "run": _WHERE_IT_STANDS | _SENDING,
    "submit": _WHERE_IT_STANDS | _SENDING,
    "status": _WHERE_IT_STANDS,
}
QUESTIONS = {
    "run": {
        "rounds",
        "account",
        "submissions",
        "listDatasets",
        "dataset",
        "submissionUploadAuth",
        "createSubmission",
        "apiTokenInfo",
    },
    "status": {"rounds", "account", "submissions", "listDatasets"},
}
QUESTIONS["submit"] = QUESTIONS["run"]
WORDS = {"run": ("run",), "submit": ("submit", "lighthouse"), "status": ("status",)}


def asked_by(errand: str) -> set[FieldOf]:
    """Every field in our documents that ask one of the errand's questions."""
    found: set[FieldOf] = set()
    for text in vars(queries).values():
        try:
            document = read(text) if isinstance(text, str) else None
        except GraphQLError:
            continue  # a part of a document
        if document is not None and QUESTIONS[errand].intersection(root_names(document)):
            found |= fields_asked(document)
    return found


ALL = [
    pytest.param(errand, field, way, id=f"{errand}: {field} {way}")
    for errand in WORDS
    for field in sorted(asked_by(errand), key=str)
    for way in Way
]
DECORATIVE = [case for case in ALL if str(case.values[1]) not in NEEDED[str(case.values[0])]]
USED = [case for case in ALL if case not in DECORATIVE]


def together() -> dict[str, tuple[str, tuple[FieldOf, ...], Way]]:
    """Of submit and status all decorative fields of a type at once; run shows them one by one."""
    cases: dict[str, tuple[str, tuple[FieldOf, ...], Way]] = {}
    for case in DECORATIVE:
        errand, field, way = case.values
        assert isinstance(errand, str)
        assert isinstance(field, FieldOf)
        assert isinstance(way, Way)
        of = str(field) if errand == "run" else str(field).split(".")[0]
        name = f"{errand}: {of} {way}"
        _, before, _ = cases.get(name, (errand, (), way))
        cases[name] = (errand, (*before, field), way)
    return cases


TOGETHER = together()


@pytest.fixture
def trial(
    ground: Ground, tmp_path: Path, home: Path, request: pytest.FixtureRequest
) -> Iterator[Trial]:
    """A server and a home of its own; for status one where the model is in."""
    submitted = request.node.callspec.params["errand"] == "status"
    shutil.copytree(ground.submitted_practice if submitted else ground.practice, tmp_path / "p")
    shutil.copytree(ground.submitted_home if submitted else ground.home, home)
    with (
        pytest.MonkeyPatch.context() as patch,
        ground.open(tmp_path / "p", home, patch) as trial,
    ):
        trial.write_profile(attempts=2, read_seconds=1.0, settle_seconds=1.0)
        yield trial


def errand_with(trial: Trial, errand: str, way: Way, *fields: FieldOf) -> Said:
    """The command, while the server does that to the fields."""
    trial.front.change(*(Change(field, way) for field in fields))
    return numeri(*WORDS[errand], "--json")


@pytest.mark.parametrize(("errand", "fields", "way"), TOGETHER.values(), ids=TOGETHER)
def test_what_an_errand_does_not_need_does_not_stop_it(
    trial: Trial, errand: str, fields: tuple[FieldOf, ...], way: Way
) -> None:
    said = errand_with(trial, errand, way, *fields)
    assert said.code == 0, said.out
    assert said.json["error"] is None
    trial.require_one()


@pytest.mark.parametrize(("errand", "field", "way"), USED)
def test_what_an_errand_needs_stops_it_in_a_sentence_or_not_at_all(
    trial: Trial, errand: str, field: FieldOf, way: Way
) -> None:
    said = errand_with(trial, errand, way, field)
    assert said.code in (0, 1, 4, 6), said.out
    one_object(said)
    if said.code == 0:
        trial.require_one()
        return
    assert "Traceback" not in said.err
    if errand != "status" or said.json["error"]:
        assert said.problem["code"] != "unexpected"
        assert said.problem["hint"]


@pytest.mark.parametrize("errand", ["run"])
def test_without_the_close_of_staking_the_close_is_the_deadline(trial: Trial, errand: str) -> None:
    said = errand_with(trial, errand, Way.NULL, FieldOf("Round", "closeStakingTime"))
    assert said.code == 0, said.out
    trial.require_one()


@pytest.mark.parametrize("errand", WORDS)
def test_the_table_holds_what_the_errand_really_asks_for(trial: Trial, errand: str) -> None:
    assert numeri(*WORDS[errand], "--json").code == 0
    questions = [read(one.asking.query) for one in trial.front.passed if one.asking.names]
    really = set().union(*(fields_asked(document) for document in questions))
    assert really <= asked_by(errand)
    listed = {str(field) for field in asked_by(errand)}
    assert NEEDED[errand] <= listed


@pytest.mark.parametrize("errand", ["run"])
def test_a_planted_stop_is_found(trial: Trial, errand: str) -> None:
    said = errand_with(trial, errand, Way.MISSING, FieldOf("FileUploadAuth", "url"))
    assert said.code != 0
    with pytest.raises(AssertionError):
        trial.require_one()
