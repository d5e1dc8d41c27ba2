"""How often the sentence about behaving as validated is wrong, and whether its power is met.

python tests/studies/as_validated.py [--models 2000] [--json FILE]

Each simulated model has a score that is the mean of 20 or 60 days, eras a week apart on which it is
validated, and live rounds that open weekly or daily. Its days are independent, with the tails of
Student's t of five degrees; `worlds` below bend that. The seed of model i is (19, i), fixed before
the first run. Three questions are asked of every model:

- live rounds are as validated: is it called changed?
- CORR has halved, as many rounds: how often is it called lower, and how often should it by the
  power that the sentence states? Halved is what validation showed, as the sentence has it.
- CORR has halved, and as many rounds have resolved as the sentence says are needed for 80 %.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from numeri_cli.scoring.expectation import Expectation
from numeri_cli.scoring.ranks import FloatArray

SEED = 19
ERAS = (60, 86, 150, 300, 650)
ROUNDS = (10, 20, 40, 80, 160, 260)
SHARPES = {20: (0.4, 1.6), 60: (0.6, 2.0)}  # of an era, as seen in v5
WORLDS = {
    "tails": "independent days, Student's t with 5 degrees",
    "normal": "independent days, normal",
    "restless": "as tails, with a volatility that wanders (half-life 20 weeks, log sd 0.35)",
    "drifting": (
        "normal days around a premium that wanders (half-life 40 weeks, 1/25 of a day's sd)"
    ),
}
MAIN = "tails"


@dataclass(frozen=True)
class Answers:
    """Of one model; the last two are None where no number of rounds was named."""

    called_changed: bool
    stated: float
    called_lower: bool
    needed: int | None
    called_lower_then: bool | None


def wandering(rng: np.random.Generator, weeks: int, *, half_life: float) -> FloatArray:
    """(weeks,) of unit variance, from its own stationary start."""
    keep = 2 ** (-1 / half_life)
    steps = rng.standard_normal(weeks) * math.sqrt(1 - keep * keep)
    made, now = np.empty(weeks), rng.standard_normal()
    for at, step in enumerate(steps):
        now = keep * now + step
        made[at] = now
    return made


def days_of(rng: np.random.Generator, count: int, world: str) -> FloatArray:
    """(count,) what each day adds to a score, of about unit variance."""
    if world in ("normal", "drifting"):
        days = rng.standard_normal(count)
    else:
        days = rng.standard_t(5, count) / math.sqrt(5 / 3)
    slow = np.arange(count) // 5
    if world == "restless":
        log_sd = 0.35 * wandering(rng, count // 5 + 1, half_life=20.0)
        days *= np.exp(log_sd - 0.35**2)[slow]
    if world == "drifting":
        days += wandering(rng, count // 5 + 1, half_life=40.0)[slow] / 25
    return np.asarray(days, dtype=np.float64)


def scored(
    rng: np.random.Generator, count: int, *, gap: int, horizon: int, world: str
) -> FloatArray:
    """(count,) scores so many days apart, mean 0, of unit variance but for the world."""
    sums = np.concatenate([[0.0], np.cumsum(days_of(rng, gap * count + horizon, world))])
    starts = gap * np.arange(count)
    return np.asarray((sums[starts + horizon] - sums[starts]) / math.sqrt(horizon))


def answers_of(number: int, world: str) -> Answers:
    """Everything that is asked of a model."""
    rng = np.random.default_rng([SEED, number])
    horizon, gap = int(rng.choice([20, 60])), int(rng.choice([1, 5]))
    eras, rounds = int(rng.choice(ERAS)), int(rng.choice(ROUNDS))
    mean = rng.uniform(*SHARPES[horizon])

    def live(count: int, level: float) -> tuple[FloatArray, FloatArray]:
        values = scored(rng, count, gap=gap, horizon=horizon, world=world)
        return level + values, gap * np.arange(count) / 5

    validated = mean + scored(rng, eras, gap=5, horizon=horizon, world=world)
    expected = Expectation(validated, horizon_days=horizon)
    found = expected.judge(*live(rounds, mean))
    halved = expected.judge(*live(rounds, expected.mean / 2))
    then = None
    if found.rounds_needed is not None:
        then = expected.judge(*live(found.rounds_needed, expected.mean / 2)).verdict == "lower"
    return Answers(
        called_changed=found.verdict != "as validated",
        stated=found.power,
        called_lower=halved.verdict == "lower",
        needed=found.rounds_needed,
        called_lower_then=then,
    )


def figures(world: str, models: int) -> dict[str, object]:
    """Shares over all models, with the standard errors of counting."""
    found = [answers_of(number, world) for number in range(models)]
    then = [one.called_lower_then for one in found if one.called_lower_then is not None]

    def share(hits: list[bool]) -> dict[str, float]:
        rate = float(np.mean(hits))
        return {
            "share": round(rate, 4),
            "error": round(math.sqrt(rate * (1 - rate) / len(hits)), 4),
        }

    return {
        "world": world,
        "what": WORLDS[world],
        "models": models,
        "called_changed_wrongly": share([one.called_changed for one in found]),
        "power_stated": round(float(np.mean([one.stated for one in found])), 4),
        "power_met": share([one.called_lower for one in found]),
        "models_with_a_number_of_rounds": len(then),
        "power_at_that_number": share([bool(one) for one in then]),
        "median_number": int(np.median([one.needed for one in found if one.needed is not None])),
    }


def main() -> None:
    """All worlds; the main one with all models, the others with half as many."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = []
    for world in WORLDS:
        count = options.models if world == MAIN else options.models // 2
        results.append(figures(world, count))
        print(json.dumps(results[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
