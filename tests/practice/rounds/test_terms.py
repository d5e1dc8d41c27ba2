"""A round pays by its own terms, whatever the rounds before and after it pay by."""

from __future__ import annotations

from decimal import Decimal

from numeri_cli.practice.rounds.terms import ATOMIC, RoundTerms, keep_terms, terms_of
from numeri_cli.practice.tournament import Tournament
from tests.support.wire import Wire

OTHER = RoundTerms(
    multipliers={"v2_corr20": Decimal("0.5")},
    clip_threshold=Decimal("0.05"),
    payout_factor=Decimal("0.8"),
    stake_threshold_nmr=Decimal(72_000),
)
CONFIGS = """query($n: Int!) { rounds(tournament: 8, number: $n) {
    payoutFactor stakeThreshold roundScoreConfigs {
        displayName isPayout defaultMultiplier clipThreshold payoutFactor stakeThreshold } } }"""


def test_a_payout_is_the_clipped_sum_times_the_factor() -> None:
    assert OTHER.payout(Decimal(10), {"v2_corr20": 0.02, "mmc60": 9.0}) == Decimal("0.08")
    assert OTHER.payout(Decimal(10), {"v2_corr20": -0.9}) == Decimal("-0.5")


def test_terms_are_fixed_when_a_round_opens(tournament: Tournament) -> None:
    number = tournament.state().live_round
    with tournament.store.writing() as connection:
        assert terms_of(connection, number) == ATOMIC
        keep_terms(connection, number, terms=OTHER)
        assert terms_of(connection, number) == ATOMIC
        keep_terms(connection, number + 1, terms=OTHER)
        assert terms_of(connection, number + 1) == OTHER
        assert terms_of(connection, number + 2) == ATOMIC


def test_every_round_pays_and_shows_its_own_terms(tournament: Tournament, wire: Wire) -> None:
    other = RoundTerms(
        multipliers={**ATOMIC.multipliers, "v2_corr20": Decimal(2)},  # known long before it is paid
        clip_threshold=ATOMIC.clip_threshold,
        payout_factor=Decimal("0.5"),
        stake_threshold_nmr=ATOMIC.stake_threshold_nmr,
    )
    first = tournament.state().live_round
    with tournament.store.writing() as connection:
        keep_terms(connection, first + 1, terms=other)
    tournament.advance(15)
    with tournament.store.reading() as connection:
        for number, terms in ((first, ATOMIC), (first + 1, other)):
            due: dict[str, tuple[Decimal, Decimal]] = {}
            for row in connection.execute(
                """SELECT scores.model_id, scores.name, value, at_risk_nmr FROM scores
                   JOIN entries ON entries.round = scores.round
                   AND entries.model_id = scores.model_id WHERE scores.round = ?""",
                (number,),
            ):
                paid_at = terms.multiplier(row["name"]) * terms.payout_factor
                share = paid_at * Decimal(repr(row["value"]))
                known = due.get(row["model_id"], (Decimal(0), Decimal(0)))[0]
                due[row["model_id"]] = known + share, Decimal(row["at_risk_nmr"])
            paid = dict(
                connection.execute(
                    "SELECT model_id, amount_nmr FROM stake_moves WHERE round = ?", (number,)
                ).fetchall()
            )
            assert len(paid) > 3
            for model_id, amount in paid.items():
                share, at_risk = due[model_id]
                wanted = at_risk * max(Decimal(-1), min(Decimal(1), share))
                assert abs(Decimal(amount) - wanted) <= Decimal("1e-17"), (number, model_id)
            [shown] = wire.data(CONFIGS, n=number)["rounds"]
            assert Decimal(str(shown["payoutFactor"])) == terms.payout_factor
            configs = {one["displayName"]: one for one in shown["roundScoreConfigs"]}
            assert Decimal(str(configs["mmc60"]["payoutFactor"])) == terms.payout_factor
            paid_names = {name for name, one in configs.items() if one["isPayout"]}
            assert paid_names == set(terms.multipliers)
