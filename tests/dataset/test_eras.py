from __future__ import annotations

import math

import pytest

from numeri_cli.dataset.eras import (
    era_number,
    horizon_days,
    purge_eras,
    sort_eras,
    walk_forward,
)
from numeri_cli.errors import TargetAlias, TargetUnknown, UsageProblem

ERAS = [f"{number:04d}" for number in range(1, 575)]


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
