"""What became of the best trial: on the search's own eras, and on those that no trial saw."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from numeri_cli.commands.tune.bench import EraSeries, Figures
from numeri_cli.commands.tune.candidates import candidate
from numeri_cli.commands.tune.record import AimOutcome
from numeri_cli.commands.tune.work import SearchWork
from numeri_cli.dataset.eras import era_number
from numeri_cli.ledger.searches import HoldOutLook, keep_look, looks
from numeri_cli.model_spec import ModelSpec
from numeri_cli.scoring.optimism import expected_optimism, gain
from numeri_cli.search.trial_facts import TrialFacts

_LOOK_SECONDS = 0.5
_HELD_OUT = "held-out"


@dataclass(frozen=True)
class HeldOutScores:
    """Scores on the eras that no trial saw: of the trial that was taken, and of the profile."""

    taken: EraSeries
    profile: EraSeries


def held_out_scores(work: SearchWork, taken: TrialFacts) -> HeldOutScores:
    """Both models trained on all that the search may see and scored, once in the whole search.

    Raises what training and scoring raise.
    """
    search, key = work.search, f"{_HELD_OUT} {taken.number}"
    while (kept := search.noted(key)) is None:
        with search.alone(_HELD_OUT) as mine:
            if mine and search.noted(key) is None:
                search.note(key, _score(work, taken))
        if not mine:
            time.sleep(_LOOK_SECONDS)
    return HeldOutScores(_series(kept, "taken"), _series(kept, "profile"))


def _score(work: SearchWork, taken: TrialFacts) -> dict[str, Any]:
    work.listener.say(
        f"scoring trial {taken.number} and the profile on {len(work.bench.plan.held_out)} eras that"
        " no trial saw"
    )
    found: dict[str, Any] = {}
    for key, spec in (
        ("taken", model_of(work, taken)),
        ("profile", work.spec),
    ):
        series = work.bench.walk(spec, [work.bench.plan.final], folder=work.emptied())
        shutil.rmtree(work.folder, ignore_errors=True)
        found["eras"], found["lags"] = list(series.eras), series.lags
        found[key] = {
            name: [None if math.isnan(one) else float(one) for one in scores]
            for name, scores in series.scores.items()
        }
    return found


def model_of(work: SearchWork, taken: TrialFacts) -> ModelSpec:
    """The model that a trial tried."""
    space = work.spec.tune
    values = {name: space[name].meant(value) for name, value in taken.values.items()}
    return candidate(work.name, work.spec, values)


def _series(kept: Mapping[str, Any], key: str) -> EraSeries:
    scores = {name: np.array(values, dtype=np.float64) for name, values in kept[key].items()}
    return EraSeries(tuple(kept["eras"]), scores, int(kept["lags"]))


def outcomes(
    work: SearchWork,
    trials: tuple[TrialFacts, ...],
    taken: TrialFacts,
    *,
    profile: Figures,
    scores: HeldOutScores | None,
) -> tuple[AimOutcome, ...]:
    """By aim, what the search says of the trial that was taken, and what the held-out eras say.

    scores: None where those were not scored
    """
    done = [one for one in trials if one.state == "done"]
    count = sum(one.state in ("done", "pruned") for one in trials)  # the best is the best of these
    found = []
    for place, aim in enumerate(work.bench.aims):
        figures = [one.figures[place] for one in done]
        outcome = AimOutcome(
            aim=aim.name,
            label=aim.label,
            search=taken.figures[place],
            search_profile=profile[place],
            trials=count,
            spread=float(np.std(figures, ddof=1)) if len(figures) > 1 else math.nan,
            expected_optimism=expected_optimism(figures, count=count),
        )
        if scores is not None:
            rule = work.bench.rule
            ours = aim.series(scores.taken.scores, rule)
            theirs = aim.series(scores.profile.scores, rule)
            test = gain(ours, theirs, lags=scores.taken.lags)
            outcome = replace(
                outcome,
                held_out=aim.figure(scores.taken.scores, rule),
                held_out_profile=aim.figure(scores.profile.scores, rule),
                gain=test.mean,
                standard_error=test.standard_error,
                t=test.t,
                t_needed=test.critical,
                within_noise=test.within_noise,
            )
        found.append(outcome)
    return tuple(found)


def count_looks(work: SearchWork, taken: TrialFacts, made: tuple[AimOutcome, ...]) -> int:
    """How often models of this name were scored on any of these held-out eras, now included."""
    context, held_out = work.bench.context, work.bench.plan.held_out
    look = HoldOutLook(
        study=work.search.path.stem,
        model=work.name,
        trial=taken.number,
        first_era=held_out[0],
        last_era=held_out[-1],
        outcome={one.aim: [one.held_out, one.held_out_profile] for one in made},
        time=datetime.now(UTC),
    )
    keep_look(context.ledger, context.tournament, look)
    first, last = era_number(held_out[0]), era_number(held_out[-1])
    return sum(
        era_number(one.first_era) <= last and era_number(one.last_era) >= first
        for one in looks(context.ledger, context.tournament, work.name)
    )


def verdict(made: tuple[AimOutcome, ...], *, eras: int, seen: int) -> str:
    """What the held-out eras say of the gain, in a sentence or two; seen: how often they were."""
    told = [_verdict(one, eras) for one in made]
    if all(one.search <= one.search_profile for one in made):
        told.insert(0, "The profile as it stands was no worse in the search itself")
    if seen > 1:
        told.append(
            f"These eras were looked at {seen} times now, and the best of many looks is too good"
        )
    return ". ".join(told) + "."


def _verdict(one: AimOutcome, eras: int) -> str:
    if one.gain is None or one.t is None or one.t_needed is None or one.standard_error is None:
        return f"{one.label} was not scored on the held-out eras"
    if one.t_needed == math.inf:
        return f"{one.label}: {eras} held-out eras are too few to tell a gain from noise"
    needed = f"{one.t_needed:.1f}"
    if math.isnan(one.t):
        return f"{one.label} on the {eras} held-out eras is that of the profile: no gain"
    size = f"{one.gain:+.4f} ± {one.standard_error:.4f}, t {one.t:.1f}".replace("-", "−")
    if not one.within_noise:
        return (
            f"{one.label} on the {eras} held-out eras is above the profile's by {size}: more than"
            f" noise, which stays below {needed}"
        )
    if one.gain <= 0:
        return (
            f"No gain in {one.label}: on the {eras} held-out eras {size}, which is within noise"
            + (f": {needed} would tell" if one.t > -one.t_needed else " or worse")
        )
    return (
        f"The gain in {one.label} is within noise: on the {eras} held-out eras {size}, where"
        f" {needed} would tell"
    )
