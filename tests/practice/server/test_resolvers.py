"""What the API says: in both spellings, to lax variables, and how it refuses."""

from __future__ import annotations

import io
import pickle
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from graphql import parse, validate

from numeri_cli.practice.participants.check import WRONG_IDS
from numeri_cli.practice.server.graphql import MUTATIONS, QUERIES, tournament_schema
from numeri_cli.practice.server.spelling import camel_case, understood
from numeri_cli.practice.tournament import Tournament
from tests.support.wire import CREATE, UPLOAD_AUTH, Wire

CLOSED = "Current round not open for submissions"
NO_SESSION = "Your session is invalid or has expired."


class TestSpelling:
    @pytest.mark.parametrize(
        ("snake", "camel"),
        [
            ("return_1_day", "return1Day"),
            ("return_52_weeks", "return52Weeks"),
            ("public_id", "publicId"),
            ("create_submission", "createSubmission"),
            ("rounds", "rounds"),
        ],
    )
    def test_words_are_joined_at_capitals(self, snake: str, camel: str) -> None:
        assert camel_case(snake) == camel

    def test_the_answer_stands_under_the_name_that_was_sent(self, wire: Wire) -> None:
        query = """query($n: String!) {
            v3_user_profile(model_name: $n) { account_name accountName start: start_date }
            v2Leaderboard(limit: 1) { return_1_day return1Day ...Weeks }
        }
        fragment Weeks on V2LeaderboardEntry { return_52_weeks ... { nmr_staked } }"""
        data = wire.data(query, n="lighthouse")
        assert data["v3_user_profile"].keys() == {"account_name", "accountName", "start"}
        assert data["v3_user_profile"]["account_name"] == "newcomer"
        assert data["v2Leaderboard"][0].keys() == {
            "return_1_day", "return1Day", "return_52_weeks", "nmr_staked",
        }  # fmt: skip

    def test_nested_snake_case_is_found_under_snake_case(self, wire: Wire) -> None:
        query = "{ account { models { latest_submissions(latest_n_rounds: 1) { round_number } } } }"
        [row] = wire.data(query)["account"]["models"][0]["latest_submissions"]
        assert row.keys() == {"round_number"}

    def test_an_unknown_name_is_refused_as_it_was_sent(self, wire: Wire) -> None:
        message = wire.refusal("{ account { shoe_size } }")
        assert "shoe_size" in message

    @pytest.mark.parametrize("declared", ["String", "String!", "ID", "ID!", "Int"])
    def test_an_id_may_be_declared_as_something_else(self, wire: Wire, declared: str) -> None:
        query = f"query($m: {declared}) {{ submissionScores(modelId: $m) {{ value }} }}"
        if declared == "Int":
            assert wire.refusal(query, m=5) == "Model not found"
        elif declared == "ID":  # declared in the schema's own words, it is held to them
            assert "ID!" in wire.refusal(query, m=wire.model())
        else:
            assert wire.data(query, m=wire.model())["submissionScores"] == []

    def test_a_required_id_is_still_required(self, wire: Wire) -> None:
        query = "query($id: String) { submissionDownloadAuth(id: $id) { url } }"
        assert "$id" in wire.refusal(query)

    def test_other_types_are_held_to_what_they_declare(self, wire: Wire) -> None:
        query = "query($n: String) { rounds(number: $n) { number } }"
        assert "Int" in wire.refusal(query, n="0")

    def test_a_document_that_is_understood_is_valid_and_unchanged_in_meaning(self) -> None:
        schema = tournament_schema()
        source = "query($m: String) { model(model_id: $m) { v2_stake { stake_value } } }"
        assert validate(schema, parse(source)) != []
        assert validate(schema, understood(source, schema)) == []


class TestRefusals:
    def test_a_refusal_has_message_locations_path_and_no_data(self, wire: Wire) -> None:
        payload = wire.answer("query { rounds(tournament: 3) { number } }")
        assert payload == {
            "data": None,
            "errors": [
                {
                    "message": "invalid tournament",
                    "locations": [{"line": 1, "column": 9}],
                    "path": ["rounds"],
                }
            ],
        }

    def test_what_was_answered_beside_a_refusal_is_kept(self, wire: Wire) -> None:
        payload = wire.answer("{ listDatasets rounds(tournament: 3) { number } }")
        assert payload["data"]["rounds"] is None
        assert "v5.3/live.parquet" in payload["data"]["listDatasets"]
        assert len(payload["errors"]) == 1

    @pytest.mark.parametrize(
        "header", ["", "Token", "Token x$y", "Bearer {0}${1}", "Token {1}${0}"]
    )
    def test_keys_that_are_wrong_swapped_or_absent_open_nothing(
        self, tournament: Tournament, wire: Wire, header: str
    ) -> None:
        keys = tournament.participant_keys()
        answer = wire.http.post(
            "/",
            json={"query": "{ account { id } }"},
            headers={"Authorization": header.format(*keys)} if header else {},
        )
        assert answer.status_code == 200
        assert answer.json()["errors"][0]["message"] == NO_SESSION
        assert answer.json()["data"] is None

    def test_without_keys_the_public_questions_are_answered(self, wire: Wire) -> None:
        public = """{ listDatasets dataset(filename: "v5.3/features.json") rounds { number }
            v2Leaderboard(limit: 1) { rank } accountLeaderboard(limit: 1) { rank }
            v3UserProfile(modelName: "beacon") { id } accountProfile(username: "newcomer") { id }
            pipelineStatus { isScoringDay } tournaments { name } latestNmrPrice { priceUsd }
            v3StakeConfig { paused } }"""
        answer = wire.http.post("/", json={"query": public})
        assert "errors" not in answer.json(), answer.json()
        assert all(value is not None for value in answer.json()["data"].values())

    @pytest.mark.parametrize(
        ("scope", "query"),
        [
            ("read_user_info", "{ account { id } }"),
            ("read_submission_info", "{ submissions { id } }"),
            ("read_submission_info", "{ model { submissions { id } } }"),
            (
                "upload_submission",
                '{ submissionUploadAuth(filename: "p.csv", tournament: 8) { url } }',
            ),
            (
                "upload_submission",
                'mutation { createSubmission(filename: "p.csv", tournament: 8) { id } }',
            ),
            ("download_submission", '{ submissionDownloadAuth(id: "x") { url } }'),
            ("write_user_info", 'mutation { setUserBio(value: "x") }'),
            ("stake", 'mutation { releaseStake(modelId: "x", amount: "1") { id } }'),
            ("web3_staking", '{ v3StakeRound(roundId: "1") { state } }'),
        ],
    )
    def test_a_missing_scope_is_named(
        self, tournament: Tournament, wire: Wire, scope: str, query: str
    ) -> None:
        every = ("read_user_info", "read_submission_info", "upload_submission", "stake")
        scopes = tuple(one for one in every if one != scope)
        poorer = wire.with_keys(*tournament.add_key(name="poorer", scopes=scopes))
        if query.startswith("{ model"):
            query = query.replace("model", f'model(modelId: "{wire.model()}")', 1)
        payload = poorer.answer(query)
        assert payload["errors"][0]["message"] == f"Insufficient permission for {scope}"

    def test_a_key_may_always_ask_what_it_is(self, tournament: Tournament, wire: Wire) -> None:
        poor = wire.with_keys(*tournament.add_key(name="poor", scopes=("delete",)))
        info = poor.data("{ apiTokenInfo { name scopes accountUsername } }")["apiTokenInfo"]
        assert info == {"name": "poor", "scopes": ["delete"], "accountUsername": "newcomer"}

    def test_between_rounds_there_is_no_current_round(
        self, tournament: Tournament, wire: Wire
    ) -> None:
        closes = tournament.status().closes_at
        for after, is_open in ((-1, True), (0, False), (3600, False)):
            moment = (closes + timedelta(seconds=after)).isoformat(timespec="microseconds")
            with tournament.store.writing() as connection:
                connection.execute("UPDATE tournament SET clock = ?", (moment,))
            query = "{ rounds(tournament: 8, number: 0) { number } }"
            if is_open:
                assert len(wire.data(query)["rounds"]) == 1
            else:
                assert wire.refusal(query) == CLOSED

    @pytest.mark.parametrize(
        "query",
        [
            '{ dataset(filename: "v5.3/nothing.parquet") }',
            '{ dataset(filename: "../../keys.json") }',
            '{ dataset(filename: "v5.3/live.parquet", round: 1) }',
            "{ roundDetails(roundNumber: 1, tournament: 8) { status } }",
            '{ v3UserProfile(modelName: "nobody") { id } }',
            '{ accountProfile(username: "nobody") { id } }',
            '{ model(modelId: "nobody") { id } }',
            '{ submissions(id: "nothing") { id } }',
            'mutation { assignPickleToModel(modelId: "x", pickleId: "y") }',
            '{ submissionUploadSignalsAuth(filename: "p.csv") { url } }',
            'mutation { createSignalsSubmission(filename: "p.csv") { id } }',
            '{ v3StakeRound(roundId: "61") { state } }',
        ],
    )
    def test_what_is_not_here_is_refused_in_a_sentence(self, wire: Wire, query: str) -> None:
        assert wire.refusal(query)

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"query": 1}', b'{"query": "{a}", "variables": 3}', b"\xff"]
    )
    def test_a_body_that_is_no_question_is_a_400(self, wire: Wire, body: bytes) -> None:
        assert wire.http.post("/", content=body).status_code == 400

    @pytest.mark.parametrize("query", ["", "{", "query a { rounds { number } } query b { x }"])
    def test_a_document_that_is_none_is_a_refusal(self, wire: Wire, query: str) -> None:
        assert wire.answer(query)["errors"]


class TestSubmitting:
    def test_a_good_file_is_accepted_and_selected(self, wire: Wire) -> None:
        table = wire.predictions()
        made = wire.submit(table)
        found = wire.submission(made["id"])
        assert found["errorInfo"] is None
        assert found["selected"] is True
        assert (found["submittedCount"], found["filteredCount"]) == (len(table), len(table))
        assert found["dataDatestamp"] == 20260102
        assert found["round"]["tournament"] == 8
        assert found["insertedAt"] == "2026-01-03T12:05:00Z"

    def test_the_latest_valid_one_is_selected_and_only_that(self, wire: Wire) -> None:
        table = wire.predictions()
        first = wire.submit(table)
        second = wire.submit(table)
        bad = wire.submit(table.assign(prediction=2.0))
        other = wire.submit(table, model=wire.model("beacon"))
        states = {one["id"]: wire.submission(one["id"]) for one in (first, second, bad, other)}
        assert [states[one["id"]]["selected"] for one in (first, second, bad, other)] == [
            False, True, False, True,
        ]  # fmt: skip

    @pytest.mark.parametrize("value_name", ["prediction", "probability"])
    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_both_formats_and_both_names_are_taken(
        self, wire: Wire, suffix: str, value_name: str
    ) -> None:
        table = wire.predictions().rename(columns={"prediction": value_name})
        content = io.BytesIO()
        if suffix == ".csv":
            table.to_csv(content, index=False)
        else:
            table.set_index("id").to_parquet(content)
        made = wire.upload(content.getvalue(), name=f"my file{suffix}")
        assert (made["selected"], made["errorInfo"]) == (True, None)

    def test_zero_and_one_are_accepted_and_foreign_ids_are_dropped(self, wire: Wire) -> None:
        table = wire.predictions()
        table.loc[0, "prediction"], table.loc[1, "prediction"] = 0.0, 1.0
        foreign = pd.DataFrame({"id": ["n0123456789abcdef"], "prediction": [0.5]})
        made = wire.submit(pd.concat([table, foreign]))
        assert made["selected"]
        assert made["submittedCount"] == made["filteredCount"] + 1 == len(table) + 1

    @pytest.mark.parametrize(
        ("word", "spoil"),
        [
            ("headers", lambda t: t.rename(columns={"prediction": "score"})),
            ("headers", lambda t: t.rename(columns={"id": "stock"})),
            ("headers", lambda t: t.assign(more=1)),
            ("headers", lambda t: t[["id"]]),
            ("ids", lambda t: t.iloc[1:]),
            ("ids", lambda t: pd.concat([t, t.iloc[:1]])),
            ("ids", lambda t: t.assign(id="n" + t["id"].str[:0:-1])),
            ("values", lambda t: t.assign(prediction=t["prediction"] + 0.5)),
            ("values", lambda t: t.assign(prediction=t["prediction"] - 0.5)),
            ("values", lambda t: t.assign(prediction=[np.nan, *t["prediction"][1:]])),
            ("values", lambda t: t.assign(prediction=[np.inf, *t["prediction"][1:]])),
            ("values", lambda t: t.assign(prediction=0.5)),
            ("values", lambda t: t.assign(prediction=["much", *t["prediction"][1:]])),
        ],
    )
    def test_a_bad_file_is_refused_in_the_validators_word(
        self, wire: Wire, word: str, spoil: Any
    ) -> None:
        made = wire.submit(spoil(wire.predictions()))
        assert made["selected"] is False
        assert str(made["errorInfo"]).startswith(f"invalid_submission_{word}: ")

    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PAR1", b"id\n\n", b"\xff\xfe"])
    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_what_is_no_table_is_refused(self, wire: Wire, content: bytes, suffix: str) -> None:
        made = wire.upload(content, name=f"p{suffix}")
        assert str(made["errorInfo"]).startswith("invalid_submission_headers: ")

    def test_yesterdays_ids_are_refused_in_the_real_words(
        self, wire: Wire, tournament: Tournament
    ) -> None:
        table = wire.predictions()
        tournament.advance()
        assert wire.submit(table)["errorInfo"] == WRONG_IDS

    def test_a_file_that_was_never_put_is_refused(self, wire: Wire) -> None:
        model = wire.model()
        auth = wire.data(UPLOAD_AUTH, name="p.csv", model=model)["submissionUploadAuth"]
        made = wire.data(CREATE, name=auth["filename"], model=model)["createSubmission"]
        assert "no file was received" in made["errorInfo"]

    @pytest.mark.parametrize(
        "name",
        ["", "p", "p.txt", "../p.csv", "/etc/p.csv", ".csv", "a/b.csv", "p.csv\x00", "ü.csv"],
    )
    def test_a_file_name_that_could_do_harm_is_refused(self, wire: Wire, name: str) -> None:
        message = wire.refusal(UPLOAD_AUTH, name=name, model=wire.model())
        assert message.startswith("invalid filename")

    def test_a_file_of_another_model_or_kind_is_not_found(self, wire: Wire) -> None:
        auth = wire.data(UPLOAD_AUTH, name="p.csv", model=wire.model())["submissionUploadAuth"]
        beacon = wire.model("beacon")
        assert wire.refusal(CREATE, name=auth["filename"], model=beacon) == "File not found"
        query = """mutation($f: String!) {
            createDiagnostics(filename: $f, tournament: 8) { id } }"""
        assert wire.refusal(query, f=auth["filename"]) == "File not found"

    def test_data_of_another_round_is_refused(self, wire: Wire) -> None:
        auth = wire.data(UPLOAD_AUTH, name="p.csv", model=wire.model())["submissionUploadAuth"]
        query = """mutation($f: String!, $m: ID) { createSubmission(
            filename: $f, tournament: 8, modelId: $m, dataDatestamp: 20251226) { id } }"""
        assert "current round" in wire.refusal(query, f=auth["filename"], m=wire.model())

    def test_a_model_that_hosts_an_upload_takes_no_submissions(self, wire: Wire) -> None:
        model = wire.model()
        auth = wire.data(
            "query($m: ID) { computePickleUploadAuth(modelId: $m) { filename url } }", m=model
        )["computePickleUploadAuth"]
        wire.http.put(auth["url"], content=pickle.dumps([1, 2]))
        create = """mutation($f: String!, $m: ID) { createComputePickleUpload(
            filename: $f, tournament: 8, modelId: $m) { id validationStatus dockerImageName } }"""
        made = wire.data(create, f=auth["filename"], m=model)["createComputePickleUpload"]
        assert made["validationStatus"] == "validated"
        assign = "mutation($m: String, $p: ID) { assignPickleToModel(modelId: $m, pickleId: $p) }"
        wire.data(assign, m=model, p=made["id"])
        auth = wire.data(UPLOAD_AUTH, name="p.csv", model=model)["submissionUploadAuth"]
        assert "uploaded model is assigned" in wire.refusal(
            CREATE, name=auth["filename"], model=model
        )
        wire.data(assign, m=model, p=None)
        assert wire.submit(wire.predictions(), model=model)["selected"]

    def test_what_is_no_pickle_is_not_validated(self, wire: Wire) -> None:
        auth = wire.data("{ computePickleUploadAuth { filename url } }")["computePickleUploadAuth"]
        wire.http.put(auth["url"], content=b"import os")
        create = """mutation($f: String!) { createComputePickleUpload(
            filename: $f, tournament: 8) { id validationStatus } }"""
        made = wire.data(create, f=auth["filename"])["createComputePickleUpload"]
        assert made["validationStatus"] == "failed"


def test_every_question_and_change_of_the_schema_is_answered_here() -> None:
    schema = tournament_schema()
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert schema.query_type.fields.keys() == QUERIES.keys()
    assert schema.mutation_type.fields.keys() == MUTATIONS.keys()


def test_the_whole_schema_can_be_selected(wire: Wire, tournament: Tournament) -> None:
    wire.submit(wire.predictions())
    tournament.advance()
    query = """{
        rounds { id number resolvedGeneral roundScoreConfigs { displayName scoringEnd } }
        roundDetails(roundNumber: 61, tournament: 8) { status totalSubmitted totalAtStake
            models { modelName selectedStakeValue payoutPending corr60 } }
        tournaments { rounds { number } }
        account { walletTxns(limit: 1) { amount } models { latestUserScores { rank }
            computePickleUpload { id } v2Stake { stakeValue latestValue } } }
        stakeTransactions { amount } pendingModelPayouts(tournament: 8) { pending { roundNumber } }
        v3UserProfile(modelName: "beacon") { latestRanks { corr60 } latestReps { mmc }
            latestReturns { oneYear oneYearNmr } stakeValues { value } latestUserScores { rank }
            latestSubmissionScores { value } dailyModelPerformances { date } }
        accountProfile(username: "newcomer") { totalStake models { displayName } }
    }"""
    data = wire.data(query)
    details = data["roundDetails"]
    assert details["totalSubmitted"] == len(details["models"]) > 1
    assert details["totalAtStake"] > 0
    assert data["pendingModelPayouts"]["pending"] == [{"roundNumber": 61}]


def test_scores_of_20_days_end_eight_weeks_before_those_of_60(wire: Wire) -> None:
    query = "{ rounds(number: 0) { resolveTime roundScoreConfigs { displayName scoringEnd } } }"
    [found] = wire.data(query)["rounds"]
    late = pd.Timestamp(found["resolveTime"])
    soon = late - pd.Timedelta(weeks=8)
    ends = {
        one["displayName"]: pd.Timestamp(one["scoringEnd"]) for one in found["roundScoreConfigs"]
    }
    assert ends == {name: late if name in ("corr60", "mmc60") else soon for name in ends}
    assert {"v2_corr20", "mmc", "corr_w_meta_model", "corr60", "mmc60"} < ends.keys()
