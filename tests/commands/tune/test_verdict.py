"""What the held-out eras say of a gain, in words."""

from __future__ import annotations

import math
from dataclasses import replace

from numeri_cli.commands.tune.outcome import verdict
from numeri_cli.commands.tune.record import AimOutcome

FOUND = AimOutcome(
    aim="corr",
    label="CORR",
    search=0.031,
    search_profile=0.024,
    trials=40,
    spread=0.002,
    expected_optimism=0.0043,
    held_out=0.0254,
    held_out_profile=0.0241,
    gain=0.0013,
    standard_error=0.0019,
    t=0.68,
    t_needed=2.9,
    within_noise=True,
)


def said(seen: int = 1, **changes: object) -> str:
    return verdict((replace(FOUND, **changes),), eras=52, seen=seen)  # type: ignore[arg-type]


def test_a_gain_is_told_with_its_error_and_whether_it_is_within_noise() -> None:
    assert said() == (
        "The gain in CORR is within noise: on the 52 held-out eras +0.0013 ± 0.0019, t 0.7, where"
        " 2.9 would tell."
    )
    assert "more than noise" in said(gain=0.01, t=5.3, within_noise=False)
    assert said(gain=-0.002, t=-1.1).startswith("No gain in CORR: on the 52 held-out eras −0.0020")
    assert said(gain=-0.002, t=-1.1).endswith("which is within noise: 2.9 would tell.")
    assert said(gain=-0.02, t=-9.0).endswith("within noise or worse.")
    assert "too few to tell" in said(t_needed=math.inf)
    assert "is that of the profile" in said(gain=0.0, standard_error=0.0, t=math.nan)


def test_a_profile_that_was_no_worse_in_the_search_and_a_second_look_are_said() -> None:
    assert said(search_profile=0.04).startswith("The profile as it stands was no worse")
    assert "no worse" not in said()
    assert "looked at 3 times now" in said(seen=3)
    assert "looked at" not in said()
