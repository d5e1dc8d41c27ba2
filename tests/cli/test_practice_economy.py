"""Stakes, time and worlds of the practice tournament, from the command line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from numeri_cli.files import free_bytes
from tests.support.runner import Numeri
from tests.support.scored_rounds import scored_rounds

practised = pytest.mark.usefixtures("practice")


@practised
def test_a_stake_shows_in_the_status_and_comes_from_the_wallet(numeri: Numeri) -> None:
    said = numeri("practice", "stake", "beacon", "12.5")
    assert said.code == 0, said.err
    assert "beacon has a stake of 12.5" in said.out
    assert "87.5" in said.out
    status = numeri("practice", "status", "--json").data
    assert Decimal(status["available_nmr"]) == Decimal("87.5")
    stakes = {one["name"]: Decimal(one["stake_nmr"]) for one in status["models"]}
    assert stakes == {"lighthouse": 0, "beacon": Decimal("12.5"), "harbour": 0}
    shown = numeri("practice", "status").out
    assert "in your wallet: 87.5 NMR" in shown
    assert "12.5 " in shown
    assert "12.50" not in shown
    assert numeri("practice", "stake", "beacon", "0").code == 0
    assert Decimal(numeri("practice", "status", "--json").data["available_nmr"]) == 100


@practised
@pytest.mark.parametrize(
    ("words", "message", "cure"),
    [
        (("lighthouse", "100.1"), "cannot stake 100.1 NMR", "stake at most 100"),
        (("lighthouse", "--", "-5"), "cannot be negative: -5 NMR", "0 withdraws all"),
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


@practised
@pytest.mark.parametrize("amount", ["-5", "-.5", "-1e3"])
def test_a_negative_stake_is_no_unknown_option(numeri: Numeri, amount: str) -> None:
    said = numeri("practice", "stake", "lighthouse", amount)
    assert said.code == 2
    assert f"{amount} is negative" in said.err
    assert "`numeri practice stake --help`" in said.err


@practised
def test_time_passes_until_a_day(numeri: Numeri) -> None:
    said = numeri("practice", "advance", "--until", "2026-01-24", "--json")
    assert said.code == 0
    assert said.data["round_number"] == 64  # opened on that very Saturday
    assert said.data["now"].startswith("2026-01-24T12:05")
    quiet = numeri("practice", "advance", "--until", "2026-01-30")
    assert quiet.code == 0
    assert "the next one on 2026-01-31" in quiet.err
    assert "round 64" in quiet.out


@practised
@pytest.mark.parametrize(
    ("words", "code", "message", "cure"),
    [
        (("--until", "2026-01-02"), 1, "2026-01-02 is past", "--rounds"),
        (("--until", "2026-02-07", "--rounds", "2"), 2, "--rounds and --until", "one of them"),
        (("--until", "soon"), 2, "'soon' is no date", "2026-01-03"),
        (("--until", "2126-01-01"), 2, "5,217 rounds", "at most 520"),
        (("--until", "9999-12-31"), 2, "rounds open", "at most 520"),
        (("--rounds", "521"), 2, "520", "--help"),
        (("--rounds", "0"), 2, "greater than or equal to 1", "--help"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_its_cure(
    numeri: Numeri, words: tuple[str, ...], code: int, message: str, cure: str
) -> None:
    said = numeri("practice", "advance", *words)
    assert said.code == code
    assert message in said.err.replace("\n", " ")
    assert cure in said.err.replace("\n", " ")
    assert numeri("practice", "status", "--json").data["round_number"] == 61


def test_an_advance_says_what_resolved_and_what_it_paid(numeri: Numeri, home: Path) -> None:
    root = home / "data" / "practice"
    scored_rounds(root).close()
    said = numeri("practice", "advance", "--rounds", 2, "--json")
    assert said.code == 0, said.err
    assert said.data["resolved_rounds"] == [69, 70]
    told = {(one["round_number"], one["model"]): one for one in said.data["resolved"]}
    assert told.keys() == {(69, "lighthouse"), (69, "beacon"), (70, "lighthouse"), (70, "beacon")}
    rows = numeri("payouts", "--tournament", "practice", "--json").data["rows"]
    paid = {(row["round_number"], row["model"]): Decimal(row["payout_nmr"]) for row in rows}
    assert {place: Decimal(one["payout_nmr"]) for place, one in told.items()} == {
        place: paid[place] for place in told
    }
    shown = numeri("practice", "advance")
    assert "round 71 resolved and " in shown.out
    assert " NMR in all" in shown.out


@practised
def test_an_advance_before_the_first_round_resolves_tells_of_none(numeri: Numeri) -> None:
    said = numeri("practice", "advance", "--json")
    assert (said.data["resolved_rounds"], said.data["resolved"]) == ([], [])
    assert "resolved" not in numeri("practice", "advance").out


@practised
def test_an_advance_names_the_rounds_that_passed_without_the_own_models(numeri: Numeri) -> None:
    said = numeri("practice", "advance", "--rounds", 3)
    assert "your models submitted nothing to rounds 61–63" in said.out
    assert numeri("practice", "advance", "--json").data["missed_rounds"] == [64]


def test_a_world_is_made_to_measure(numeri: Numeri, home: Path) -> None:
    measures = ("--stocks", 120, "--eras", 50, "--features", 12, "--rivals", 30, "--seed", 9)
    assert numeri("practice", "create", *measures).code == 0
    status = numeri("practice", "status", "--json").data
    assert status["live_era"] == 51
    root = home / "data" / "practice" / "world"
    settings = json.loads((root / "world.json").read_text())["settings"]
    assert settings == {"seed": 9, "stocks": 120, "eras": 50, "features": 12, "rivals": 30}
    assert numeri("practice", "advance").code == 0


@pytest.mark.parametrize(
    ("words", "message", "cure"),
    [
        (("--stocks", "99"), "cannot have stocks = 99", "from 100 to 20000"),
        (("--stocks", "20001"), "cannot have stocks = 20001", "from 100 to 20000"),
        (("--eras", "39"), "cannot have eras = 39", "from 40 to 9000"),
        (("--features", "11"), "cannot have features = 11", "from 12 to 10000"),
        (("--rivals", "0"), "cannot have rivals = 0", "from 1 to 1000"),
        (("--rivals", "1001"), "cannot have rivals = 1001", "from 1 to 1000"),
        (("--seed", "-1"), "cannot have seed = -1", "seed may be from"),
        (("--start", "9999-12-31"), "in the year 9999", "between 1970 and 2200"),
        (("--start", "0001-01-01"), "in the year 1", "between 1970 and 2200"),
    ],
)
def test_a_measure_no_world_can_have_is_refused_by_its_name(
    numeri: Numeri, home: Path, words: tuple[str, str], message: str, cure: str
) -> None:
    said = numeri("practice", "create", *words)
    assert said.code == 1
    assert message in said.err
    assert cure in said.err
    assert not (home / "data" / "practice").exists()


def test_a_world_larger_than_the_disk_is_refused_before_it_is_begun(
    numeri: Numeri, home: Path
) -> None:
    needed = 20_000 * 9_000 * 10_000
    if free_bytes(home) > needed:
        pytest.skip("this disk would hold it")
    said = numeri("practice", "create", "--stocks", 20_000, "--eras", 9_000, "--features", 10_000)
    assert said.code == 4
    assert "such a world needs 1,8" in said.err
    assert "fewer --stocks, --eras or --features" in said.err.replace("\n", " ")
    assert not (home / "data" / "practice").exists()
