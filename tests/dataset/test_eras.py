from __future__ import annotations

import math
from datetime import date, timedelta

import pytest

from numeri_cli.dataset.eras import (
    before_purge,
    chosen_eras,
    era_number,
    era_ranges,
    horizon_days,
    purge_eras,
    require_times,
    sort_eras,
    walk_forward,
)
from numeri_cli.errors import FileForeign, TargetAlias, TargetUnknown, UsageProblem

ERAS = [f"{number:04d}" for number in range(1, 575)]


def test_ranges_hold_no_era_that_is_not_meant() -> None:
    meant = [*ERAS[:156], *ERAS[240:300], "0400"]
    told = ("0001–0156", "0241–0300", "0400")
    assert era_ranges(meant, among=[*ERAS[156:240], *ERAS[300:]]) == told
    assert era_ranges(["0004", "0008"], among=["0012"]) == ("0004–0008",), "every fourth week"


def test_eras_are_ordered_by_their_number_and_live_ones_come_last() -> None:
    assert sort_eras(["1000", "0999", "eraX", "12", "era5", "12"]) == (
        "era5",
        "12",
        "0999",
        "1000",
        "eraX",
    )
    assert era_number("era12") == 12
    assert era_number("X") == math.inf


def test_the_horizon_stands_at_the_end_of_a_targets_name() -> None:
    assert horizon_days("target_ender_60") == 60
    assert horizon_days("target_nomi_v4_20") == 20


def test_the_bare_alias_has_no_horizon() -> None:
    with pytest.raises(TargetAlias):
        horizon_days("target")
    with pytest.raises(TargetUnknown, match="does not say how many days"):
        horizon_days("target_ender")


def test_eight_eras_are_purged_for_twenty_days_and_sixteen_for_sixty() -> None:
    assert purge_eras("target_ender_20") == 8
    assert purge_eras("target_ender_60") == 16
    assert purge_eras(["target_ender_20", "target_jasper_60"]) == 16


def test_numerais_own_windows_come_out() -> None:
    windows = walk_forward(ERAS, purge=8)
    bounds = [(w.train_eras[0], w.train_eras[-1], w.test_eras[0], w.test_eras[-1]) for w in windows]
    assert bounds == [
        ("0001", "0148", "0157", "0312"),
        ("0001", "0304", "0313", "0468"),
        ("0001", "0460", "0469", "0574"),
    ]


def test_eras_that_are_missing_from_the_data_do_not_shorten_the_purge() -> None:
    eras = [era for era in ERAS if not 140 <= int(era) <= 150]
    first = walk_forward(eras, purge=8, window=150)[0]
    assert int(first.test_eras[0]) - int(first.train_eras[-1]) > 8


@pytest.mark.parametrize(("window", "purge"), [(574, 8), (8, 8), (10, -1)])
def test_windows_that_cannot_be_made_are_refused(window: int, purge: int) -> None:
    with pytest.raises(UsageProblem):
        walk_forward(ERAS, purge=purge, window=window)


def test_dates_are_ordered_by_time_and_the_purge_counts_their_weeks() -> None:
    fridays = [f"{date(2020, 1, 3) + timedelta(weeks=week)}" for week in range(60)]
    compact = [day.replace("-", "") for day in fridays]
    assert sort_eras(fridays[::-1]) == tuple(fridays)
    for eras in (fridays, compact):
        trained = before_purge(eras, first_test_era=eras[40], purge=8)
        assert trained == tuple(eras[:32])
    assert era_number("2024-01-12") - era_number("2024-01-05") == 1
    assert era_number("20240112") == era_number("2024-01-12 00:00:00")
    daily = [f"{date(2020, 1, 1) + timedelta(days=day)}" for day in range(400)]
    trained = before_purge(daily, first_test_era=daily[300], purge=8)
    assert len(trained) == 300 - 8 * 7


def test_ranges_of_dates_are_chosen() -> None:
    eras = ["2024-01-05", "2024-01-12", "2024-01-19", "2024-01-26"]
    assert chosen_eras(eras, ["2024-01-12-2024-01-20"]) == tuple(eras[1:3])
    assert chosen_eras(eras, ["2024-01-26"]) == (eras[3],)
    with pytest.raises(UsageProblem):
        chosen_eras(["0001", "eraX"], ["spring"])


@pytest.mark.parametrize(
    ("eras", "words"),
    [(["0001", "spring"], "'spring' .* neither a number nor a date"),
     (["0001", "2024-01-05"], "are dates, such as 2024-01-05, and numbers, such as 0001")],
)  # fmt: skip
def test_eras_without_an_order_in_time_are_refused(eras: list[str], words: str) -> None:
    with pytest.raises(FileForeign, match=words):
        require_times(eras, source="train.parquet")
    require_times(eras[:1], source="train.parquet")
