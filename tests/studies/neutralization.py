"""Does neutralizing pay out of sample? Twenty worlds fixed beforehand.

    OPENBLAS_NUM_THREADS=1 nice -n 5 python -m tests.studies.neutralization [--now]

In each default-sized world the starter profile's model, trained once on all train eras and once on
every 4th, predicts the validation eras after the purge; the predictions are scored raw and with
0.25, 0.5, 0.75 and 1 of their fit on `fncv3_features` taken out. That was the profile's default
set when the study was defined and begun (commit 4f45fd9), and the starter's parameters were those
below; both have changed since, which changes nothing here. Rivals and files are left out. Results
are kept beside this file, world by world, with the commit of the market they were made with, and
the table is made of them; a second call continues where the first was stopped.

Judged is one case, the model trained on all train eras, half neutralized against raw: better in
Sharpe and in drawdown in at least 16 of 20 worlds, mean Sharpe gain above 0.05, mean ratio of the
drawdowns below 0.85. The others are shown beside it. There is no verdict before all are measured.

It came out at 15 of 20. `--now` is a second study, defined after that was known, of what the
profile does today: 200 trees at 0.04, neutralized against the model's own features. Its twenty
worlds are others, seen by nobody before; it stands beside the first and replaces nothing.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from numeri_cli.model_spec import EstimatorSpec, ModelSpec
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.scores import corr
from numeri_cli.scoring.summary import summarize
from tests.studies.starter import (
    TrainingHistory,
    across_seeds,
    predicted,
    train,
)

PROPORTIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
STARTER_THEN = EstimatorSpec(
    params={
        "n_estimators": 400,
        "learning_rate": 0.02,
        "max_depth": 5,
        "num_leaves": 31,
        "colsample_bytree": 0.1,
        "min_data_in_leaf": 1000,
    }
)
JUDGED = (1, 0.5)
SHALLOW = 0.02  # a drawdown that leaves nothing to gain
LEAST_WORLDS, LEAST_GAIN, LARGEST_RATIO = 16, 0.05, 0.85
PACKAGE = Path(__file__).parents[2] / "numeri_cli"
MARKET = [
    PACKAGE / "practice" / f"{name}.py"
    for name in ("market", "obfuscation", "targets", "universe", "streams")
]


@dataclass(frozen=True)
class Study:
    """What is measured in which worlds.

    neutralized: the feature set whose fit is taken out; strides: of the eras trained on
    """

    name: str
    seeds: tuple[int, ...]
    neutralized: str
    estimator: EstimatorSpec
    strides: tuple[int, ...]

    @property
    def results(self) -> Path:
        """Where the numbers are kept; the table is beside them."""
        return Path(__file__).with_name(f"{self.name}.json")


OPTIONS = {"neutralization": "", "neutralization-now": " --now"}
FIRST = Study("neutralization", tuple(range(201, 221)), "fncv3_features", STARTER_THEN, (1, 4))
NOW = Study("neutralization-now", tuple(range(221, 241)), "medium", ModelSpec().estimator, (1,))


@dataclass(frozen=True)
class Figures:
    """CORR over the validation eras of one world, of one model at one proportion."""

    stride: int
    proportion: float
    mean: float
    sharpe: float
    drawdown: float


@dataclass(frozen=True)
class SeedResult:
    """One world.

    market: the commit its market, features and targets were made with
    neutralized: the feature set whose fit was taken out
    """

    seed: int
    market: str
    neutralized: str
    eras: int
    figures: tuple[Figures, ...]

    def at(self, stride: int, proportion: float) -> Figures:
        """One case."""
        return next(
            one for one in self.figures if (one.stride, one.proportion) == (stride, proportion)
        )

    def gain(self, stride: int, proportion: float) -> float:
        """In Sharpe, over raw."""
        return self.at(stride, proportion).sharpe - self.at(stride, 0.0).sharpe

    def ratio(self, stride: int, proportion: float) -> float:
        """Of the drawdown to that of raw; where raw has none, 1 for none and infinite for any."""
        raw, drawdown = self.at(stride, 0.0).drawdown, self.at(stride, proportion).drawdown
        if raw == 0:
            return math.inf if drawdown else 1.0
        return drawdown / raw

    def better(self, stride: int, proportion: float) -> bool:
        """In Sharpe and in drawdown."""
        return self.gain(stride, proportion) > 0 and self.ratio(stride, proportion) < 1


def market_commit() -> str:
    """The commit of the files a world's history is made with, marked where one was changed."""
    asked = ["git", "-C", str(PACKAGE)]
    names = ["--", *map(str, MARKET)]
    commit = subprocess.check_output([*asked, "log", "-1", "--format=%h", *names], text=True)
    changed = subprocess.call([*asked, "diff", "--quiet", "HEAD", *names])
    return commit.strip() + (" and uncommitted changes" if changed else "")


def scores(history: TrainingHistory, model: ModelSpec, neutralized: str) -> np.ndarray:
    """(eras, proportions) CORR of the trained model."""
    taken_out = history.columns(neutralized)
    booster = train(history, model, history.codes)
    rows = []
    for era, raw in predicted(history, model, booster):
        fit = raw - neutralize(raw, history.features[era].T[:, taken_out], proportion=1.0)
        target = history.codes[era] / 4
        rows.append([corr(raw - proportion * fit, target) for proportion in PROPORTIONS])
    return np.array(rows)


def measure(seed: int, market: str, study: Study) -> SeedResult:
    """Everything for one world."""
    history = TrainingHistory.run(WorldSettings(seed=seed), ModelSpec().targets[0])
    figures = []
    for stride in study.strides:
        model = ModelSpec(era_stride=stride, estimator=study.estimator)
        table = scores(history, model, study.neutralized)
        for column, proportion in enumerate(PROPORTIONS):
            one = summarize(table[:, column])
            figures.append(Figures(stride, proportion, one.mean, one.sharpe, one.drawdown))
    return SeedResult(seed, market, study.neutralized, len(table), tuple(figures))


def verdicts(results: list[SeedResult], study: Study) -> list[str]:
    """Each threshold, what came, and whether it holds; only once every world is measured."""
    better = sum(one.better(*JUDGED) for one in results)
    gain = float(np.mean([one.gain(*JUDGED) for one in results]))
    ratio = float(np.mean([one.ratio(*JUDGED) for one in results]))
    judged = (
        (f"better in Sharpe and drawdown in {better} of {len(results)} worlds",
         f"at least {LEAST_WORLDS}", better >= LEAST_WORLDS),
        (f"mean Sharpe gain {gain:+.3f}", f"above {LEAST_GAIN}", gain > LEAST_GAIN),
        (f"mean ratio of drawdowns {ratio:.3f}", f"below {LARGEST_RATIO}", ratio < LARGEST_RATIO),
    )  # fmt: skip
    if len(results) < len(study.seeds):
        unfinished = f"**no verdict yet: {len(results)} of {len(study.seeds)} worlds are measured**"
        return [
            f"- {unfinished}",
            *(f"- so far: {what} (wanted: {wanted})" for what, wanted, _ in judged),
        ]
    return [
        f"- {what} (wanted: {wanted}): {'holds' if holds else '**does not hold**'}"
        for what, wanted, holds in judged
    ]


def summary_rows(results: list[SeedResult], study: Study) -> list[str]:
    """A line for each model and proportion, over the worlds."""
    lines = []
    for stride in study.strides:
        for proportion in PROPORTIONS:
            cases = [one.at(stride, proportion) for one in results]
            name = "all eras" if stride == 1 else f"every {stride}th era"
            line = (
                f"| {name} | {proportion:g} | {np.mean([one.mean for one in cases]):+.4f} "
                f"| {np.mean([one.sharpe for one in cases]):.3f} "
                f"| {np.mean([one.drawdown for one in cases]):.3f} "
            )
            if proportion:
                gain, error, _ = across_seeds([one.gain(stride, proportion) for one in results])
                ratio = np.mean([one.ratio(stride, proportion) for one in results])
                better = sum(one.better(stride, proportion) for one in results)
                line += f"| {gain:+.3f} ± {error:.3f} | {ratio:.3f} | {better} |"
            else:
                line += "| | | |"
            lines.append(line)
    return lines


def reasons(results: list[SeedResult]) -> list[str]:
    """What sets the worlds apart in which neutralizing did not pay."""
    better = [one for one in results if one.better(*JUDGED)]
    worse = [one for one in results if not one.better(*JUDGED)]
    if not better or not worse:
        return []

    def paid(some: list[SeedResult]) -> int:
        return sum(one.at(JUDGED[0], 0.0).mean > one.at(*JUDGED).mean for one in some)

    shallow = sum(one.at(JUDGED[0], 0.0).drawdown <= SHALLOW for one in worse)
    seeds = ", ".join(str(one.seed) for one in worse)
    return [
        "",
        "Why not everywhere: what is taken out is the part of the forecast that features explain",
        "in a line, and the market lets linear premia turn now and then. Where they go on paying,",
        f"taking them out costs: in {paid(worse)} of the {len(worse)} worlds that were not better",
        f"({seeds}) the raw model has the higher mean CORR,",
        f"in {paid(better)} of the {len(better)} others; and in {shallow} of those {len(worse)}",
        f"it hardly fell at all (drawdown {SHALLOW} or less),",
        f"so nothing was left to gain. {results[0].eras} eras of a 60-day target are about",
        f"{round(results[0].eras / 12)} that do not overlap:",
        "a theme that stays on for 90 weeks in the mean often does not turn within them.",
    ]


def report(results: list[SeedResult], study: Study) -> str:
    """The verdicts and the tables, as Markdown."""
    markets = sorted({one.market for one in results})
    lines = [
        f"# Neutralizing the starter model in {len(results)} worlds",
        "",
        f"Made by `python -m tests.studies.neutralization{OPTIONS[study.name]}`;",
        f"the numbers are in `{study.name}.json`.",
        f"Seeds {study.seeds[0]} to {study.seeds[-1]}, fixed beforehand;",
        f"market of commit {', '.join(markets)}; {results[0].eras} eras scored in each.",
        "",
        f"The model trained on all train eras, half neutralized against `{study.neutralized}`,",
        "and raw:",
        "",
        *verdicts(results, study),
        *reasons(results),
        "",
        "Means over the worlds, ± one standard error; gain in Sharpe and ratio of drawdown, both",
        "against raw; better means in both.",
        "",
        "| trained on | taken out | CORR | Sharpe | drawdown | gain | ratio | better in |",
        "|:---|---:|---:|---:|---:|---:|---:|---:|",
        *summary_rows(results, study),
        "",
        "World by world, trained on all train eras:",
        "",
        "| seed | CORR raw | half | Sharpe raw | half | drawdown raw | half | better |",
        "|---:|---:|---:|---:|---:|---:|---:|:---|",
    ]
    for one in results:
        raw, half = one.at(JUDGED[0], 0.0), one.at(*JUDGED)
        lines.append(
            f"| {one.seed} | {raw.mean:+.4f} | {half.mean:+.4f} | {raw.sharpe:.3f} "
            f"| {half.sharpe:.3f} | {raw.drawdown:.3f} | {half.drawdown:.3f} "
            f"| {'yes' if one.better(*JUDGED) else 'no'} |"
        )
    return "\n".join(lines) + "\n"


def kept(study: Study) -> dict[int, SeedResult]:
    """What earlier calls have measured."""
    rows = json.loads(study.results.read_text()) if study.results.exists() else []
    return {
        row["seed"]: SeedResult(
            **row | {"figures": tuple(Figures(**one) for one in row["figures"])}
        )
        for row in rows
    }


def keep(results: dict[int, SeedResult], study: Study) -> None:
    """Write what is measured, and the table made of it."""
    ordered = [results[seed] for seed in study.seeds if seed in results]
    study.results.write_text(json.dumps([asdict(one) for one in ordered], indent=1) + "\n")
    study.results.with_suffix(".md").write_text(report(ordered, study))


def main() -> None:
    """Measure what has not been measured."""
    study = NOW if "--now" in sys.argv else FIRST
    results, market = kept(study), market_commit()
    with ProcessPoolExecutor(2) as pool:
        missing = [seed for seed in study.seeds if seed not in results]
        for done in as_completed([pool.submit(measure, seed, market, study) for seed in missing]):
            result = done.result()
            results[result.seed] = result
            print(f"{result.seed}: {result.gain(*JUDGED):+.3f}, {result.ratio(*JUDGED):.3f}")
            keep(results, study)
    keep(results, study)


if __name__ == "__main__":
    main()
