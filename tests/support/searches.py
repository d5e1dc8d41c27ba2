"""A search of two aims as it may end, for its table and its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from numeri_cli.commands.tune.record import AimOutcome, SearchTrial, Tuning, TuningPage

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _trial(number: int, rng: np.random.Generator) -> SearchTrial:
    rate, share = float(rng.uniform(0.01, 0.1)), float(rng.uniform(0, 1))
    corr = 0.02 + 0.1 * rate + 0.004 * float(rng.normal())
    state = "failed" if number == 5 else "pruned" if number % 6 == 4 else "done"
    is_done = state == "done"
    return SearchTrial(
        number=number,
        state=state,
        values={
            "learning_rate": round(rate, 4),
            "num_leaves": 15 + number,
            "features": "small" if number % 2 else '["medium", "-<b>charisma</b>"]',
            "neutralize.proportion": round(share, 3),
        },
        figures={
            "corr": corr if is_done else None,
            "sharpe": 1.2 - 8 * rate + 0.1 * float(rng.normal()) if is_done else None,
        },
        windows=4 if is_done else 1,
        seconds=12.5,
        began=BEGAN + timedelta(minutes=number),
        on_front=False,
        note="the model gave 3 predictions that are no number" if state == "failed" else "",
    )


def _is_beaten(one: SearchTrial, done: list[SearchTrial]) -> bool:
    aims = ("corr", "sharpe")
    return any(
        other is not one and all((other.figures[a] or 0) >= (one.figures[a] or 0) for a in aims)
        for other in done
    )


def sample_search(trials: int = 30) -> TuningPage:
    """Thirty trials, some pruned, one failed, one with a name that wants escaping."""
    rng = np.random.default_rng(4)
    made = [_trial(number, rng) for number in range(trials)]
    done = [one for one in made if one.state == "done"]
    rows = tuple(replace(one, on_front=one in done and not _is_beaten(one, done)) for one in made)
    on_front = sorted(
        (one for one in rows if one.on_front), key=lambda one: -(one.figures["corr"] or 0.0)
    )
    eras = tuple(f"{era:04d}" for era in range(523, 575))
    outcomes = tuple(
        AimOutcome(
            aim=aim,
            label=label,
            search=scale * 0.031,
            search_profile=scale * 0.024,
            trials=29,
            spread=scale * 0.0021,
            expected_optimism=scale * 0.0043,
            held_out=scale * 0.0254,
            held_out_profile=scale * 0.0241,
            gain=scale * 0.0013,
            standard_error=scale * 0.0019,
            t=0.68,
            t_needed=2.9,
            within_noise=True,
        )
        for aim, label, scale in (("corr", "CORR", 1.0), ("sharpe", "Sharpe", 35.0))
    )
    tuning = Tuning(
        model="lighthouse",
        target="target_ender_20",
        study=Path("/home/me/searches/numerai/lighthouse-0123456789abcdef.journal"),
        aims=("corr", "sharpe"),
        space={
            "learning_rate": "0.01 to 0.1, by magnitude",
            "num_leaves": "15 to 63",
            "features": 'small | ["medium", "-<b>charisma</b>"]',
            "neutralize.proportion": "0 to 1",
        },
        wanted=trials,
        done=sum(one.state == "done" for one in rows),
        pruned=sum(one.state == "pruned" for one in rows),
        failed=1,
        running=0,
        eras=104,
        windows=4,
        purge_eras=8,
        stride=4,
        held_out_eras=eras,
        trials=rows,
        front=tuple(one.number for one in on_front),
        chosen=on_front[1].number,
        outcomes=outcomes,
        looks=2,
        within_noise=True,
        importances={
            "corr": {"learning_rate": 0.7, "num_leaves": 0.2, "neutralize.proportion": 0.1},
            "sharpe": {"learning_rate": 0.4, "neutralize.proportion": 0.35, "num_leaves": 0.25},
        },
        verdict="The gain in CORR is within noise: on the 52 held-out eras +0.0013 ± 0.0019, t 0.7,"
        " where 2.9 would tell.",
        snippet=Path("/home/me/lighthouse-tuned.toml"),
    )
    taken = rng.normal(0.025, 0.03, len(eras))
    profile = taken - rng.normal(0.001, 0.01, len(eras))
    held_out = (eras, tuple(map(float, taken)), tuple(map(float, profile)))
    return TuningPage(tuning=tuning, labels=("CORR", "Sharpe"), held_out=held_out)
