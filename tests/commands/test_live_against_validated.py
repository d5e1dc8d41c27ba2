"""Live rounds are held against what `numeri validate` found of the same model, and of no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from numeri_cli.commands.context import Context
from numeri_cli.commands.live_against_validated import LiveAgainstValidated, against_validated
from numeri_cli.commands.score_rows import RoundScore
from numeri_cli.commands.validate.kept import keep
from numeri_cli.home import Home
from numeri_cli.ledger import scores
from numeri_cli.ledger.validations import ValidatedModel, keep_validation, validation
from numeri_cli.records import Round
from tests.support.rounds import a_round
from tests.support.validations import sample_validation

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def context() -> Iterator[Context]:
    """A home whose ledger knows thirty weekly rounds."""
    made = Context(home=Home.find(), asked_tournament="http://127.0.0.1:1")
    scores.keep_rules(
        made.ledger, made.tournament, [weekly(number) for number in range(61, 91)], seen=NOW
    )
    yield made
    made.close()


def weekly(number: int) -> Round:
    return a_round(number, opens=NOW - timedelta(weeks=91 - number))


def validated(**facts: object) -> ValidatedModel:
    drawn = np.random.default_rng(1).normal(0.02, 0.01, 60).round(9).tolist()
    known = ValidatedModel(
        model="lighthouse", artifact="20261101-1", target="target_ender_60", horizon_days=60,
        eras=range(575, 635), corr=drawn, mmc=[None] * 60, seen_in_training=0, time=NOW,
    )  # fmt: skip
    return replace(known, **facts)  # type: ignore[arg-type]  # of its fields


def rows(*values: float, kind: tuple[str, str] = ("corr60", "3")) -> list[RoundScore]:
    return [
        RoundScore(61 + at, "lighthouse", *kind, None, 60, 60, value, None, date(2026, 1, 1), True)
        for at, value in enumerate(values)
    ]


def judged(context: Context, found: Sequence[RoundScore]) -> dict[str, LiveAgainstValidated]:
    return {one.kind[0]: one for one in against_validated(context, {"lighthouse": found})}


def test_what_was_validated_is_kept_as_it_was_scored(context: Context) -> None:
    keep_validation(context.ledger, context.tournament, validated())
    assert validation(context.ledger, context.tournament, "lighthouse") == replace(
        validated(), eras=list(range(575, 635))
    )
    assert validation(context.ledger, context.tournament, "beacon") is None
    keep_validation(context.ledger, context.tournament, validated(artifact="newer"))
    known = validation(context.ledger, context.tournament, "lighthouse")
    assert known is not None
    assert known.artifact == "newer"


def test_a_model_is_kept_and_a_file_and_a_raw_model_are_not(context: Context) -> None:
    scored = sample_validation("lighthouse", "beacon-raw", "file")
    contracts = (
        (("model", "lighthouse"), ("artifact", "a1")),
        (("model", "beacon"), ("artifact", "a2")),
        (("file", "x.csv"), ("model", "file"), ("artifact", "a3")),
    )
    sources = tuple(
        replace(source, contract=contract)
        for source, contract in zip(scored.sources, contracts, strict=True)
    )
    keep(context, replace(scored, sources=sources))
    known = [
        validation(context.ledger, context.tournament, name)
        for name in ("lighthouse", "beacon-raw", "beacon", "file")
    ]
    assert [one is not None for one in known] == [True, False, False, False]
    [found] = [one for one in known if one is not None]
    card = scored.cards[0]
    assert (found.artifact, found.horizon_days) == ("a1", 20)
    assert found.corr == card.score("corr").tolist()
    assert list(found.eras) == list(range(1133, 1173))
    assert found.mmc[:5] == [None] * 5  # the meta model starts at the sixth era


def test_rounds_far_below_are_called_lower_and_rounds_alike_are_not(context: Context) -> None:
    keep_validation(context.ledger, context.tournament, validated())
    low = judged(context, rows(*[-0.08] * 30))
    assert low["corr60"].judgement is not None
    assert low["corr60"].judgement.verdict == "lower"
    alike = judged(context, rows(*[0.02] * 30))["corr60"]
    assert alike.judgement is not None
    assert alike.judgement.verdict == "as validated"
    assert alike.numbers == tuple(range(61, 91))
    assert (alike.low < np.cumsum(alike.values)).all()
    assert low["mmc60"].judgement is None
    assert low["mmc60"].why == "it was validated on 0 eras, and 20 are the least"


def test_scores_of_another_horizon_are_never_held_against_it(context: Context) -> None:
    keep_validation(context.ledger, context.tournament, validated())
    other = judged(context, rows(*[-0.08] * 30, kind=("v2_corr20", "6")))
    assert other.keys() == {"corr60", "mmc60"}
    assert other["corr60"].why == "no round of it has resolved yet"


@pytest.mark.parametrize(
    ("facts", "rounds", "why"),
    [
        ({"seen_in_training": 3}, 30, "eras of its own training"),
        ({"corr": [0.01] * 60}, 30, "never changes"),
        ({}, 4, "4 rounds are too few"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(
    context: Context, facts: dict[str, object], rounds: int, why: str
) -> None:
    keep_validation(context.ledger, context.tournament, validated(**facts))
    found = judged(context, rows(*[0.01] * rounds))["corr60"]
    assert found.judgement is None
    assert why in found.why
