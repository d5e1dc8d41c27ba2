"""Stakes, time and worlds of the practice tournament, from the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cli.conftest import Numeri

pytestmark = pytest.mark.usefixtures("practice")


def test_a_stake_shows_in_the_status_and_comes_from_the_wallet(numeri: Numeri) -> None:
    said = numeri("practice", "stake", "beacon", "12.5")
    assert said.code == 0, said.err
    assert "beacon has a stake of 12.5" in said.out
    assert "87.5" in said.out
    status = numeri("practice", "status", "--json").data
    assert Decimal(status["available_nmr"]) == Decimal("87.5")
    stakes = {one["name"]: Decimal(one["stake_nmr"]) for one in status["models"]}
    assert stakes == {"lighthouse": 0, "beacon": Decimal("12.5"), "harbour": 0}
    assert "in your wallet: 87.5" in numeri("practice", "status").out
    assert numeri("practice", "stake", "beacon", "0").code == 0
    assert Decimal(numeri("practice", "status", "--json").data["available_nmr"]) == 100


@pytest.mark.parametrize(
    ("words", "message", "cure"),
    [
        (("lighthouse", "100.1"), "cannot stake 100.1 NMR", "stake at most 100"),
        (("lighthouse", "--", "-5"), "cannot be negative", "0 withdraws all"),
        (("lighthouse", "much"), "'much' is no amount of NMR", "12.5"),
        (("lighthouse", "inf"), "is no amount of NMR", "12.5"),
        (("icarus", "5"), "no model 'icarus'", "lighthouse, beacon, harbour"),
    ],
)
def test_a_stake_that_cannot_be_is_refused_with_its_cure(
    numeri: Numeri, words: tuple[str, ...], message: str, cure: str
) -> None:
    said = numeri("practice", "stake", *words)
    assert said.code == 1
    assert message in said.err.replace("\n", " ")
    assert cure in said.err.replace("\n", " ")
    assert Decimal(numeri("practice", "status", "--json").data["available_nmr"]) == 100
