"""What `numeri tune` publishes: its trials, the front, and what became of the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from numeri_cli.published import Published


@dataclass(frozen=True, kw_only=True)
class SearchTrial(Published):
    """One trial; state: running, done, pruned or failed.

    values: what was tried, by name; figures: of each aim by its name, None where it is not done
    windows: how many were walked; on_front: whether no other beats it in every aim
    note: why it failed
    """

    number: int
    state: str
    values: Mapping[str, Any]
    figures: Mapping[str, float | None]
    windows: int
    seconds: float | None
    began: datetime
    on_front: bool
    note: str


@dataclass(frozen=True, kw_only=True)
class AimOutcome(Published):
    """What came of one aim, for the trial that was taken and for the profile as it stands.

    search, search_profile: over the eras that the search was scored on; the first is optimistic,
    since it is the best of many
    trials: that competed, pruned ones included
    spread: standard deviation of the trials' figures; expected_optimism: how far the best of so
    many would lie above their mean by luck alone
    held_out, held_out_profile: over the eras that no trial saw; None where they were not scored
    gain: between the two, era by era; with its standard_error, t, and the t that it would need
    within_noise: whether luck alone could have brought the gain, or there is none
    """

    aim: str
    label: str
    search: float
    search_profile: float
    trials: int
    spread: float
    expected_optimism: float
    held_out: float | None = None
    held_out_profile: float | None = None
    gain: float | None = None
    standard_error: float | None = None
    t: float | None = None
    t_needed: float | None = None
    within_noise: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Tuning(Published):
    """A search as it stands.

    study: the journal's file, by which others take part and the search goes on
    space: what is varied, in words; wanted: how many trials were asked for
    eras: that trials were scored on; windows: so many each; held_out_eras: what none of them saw
    front: numbers of the trials that no other beats in every aim; chosen: the one that was taken
    looks: how often models of this name were scored on the held-out eras, this time included
    within_noise: whether luck alone could have brought every gain; None before it is scored
    importances: by aim how much each parameter decides, summing to 1
    verdict: a sentence; snippet: the file of the profile that was written; page: the HTML page
    """

    model: str
    target: str
    study: Path
    aims: tuple[str, ...]
    space: Mapping[str, str]
    wanted: int
    done: int
    pruned: int
    failed: int
    running: int
    eras: int
    windows: int
    purge_eras: int
    stride: int
    held_out_eras: tuple[str, ...]
    trials: tuple[SearchTrial, ...]
    front: tuple[int, ...]
    chosen: int | None
    outcomes: tuple[AimOutcome, ...]
    looks: int
    within_noise: bool | None
    importances: Mapping[str, Mapping[str, float]]
    verdict: str
    snippet: Path | None = None
    page: Path | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class TuningPage:
    """What the HTML page shows.

    labels: of the aims
    held_out: CORR of each held-out era, of the trial that was taken and of the profile
    """

    tuning: Tuning
    labels: tuple[str, ...]
    held_out: tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]] | None
