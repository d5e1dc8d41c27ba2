"""Does the starter model find something, and is it really something? Ten worlds fixed beforehand.

    nice -n 10 python -m tests.studies.starter

In each default-sized world the starter profile's model (features, target, estimator and
neutralization as a newcomer gets them) is trained on the train eras and scored on the validation
eras after the purge; then once more with the targets shuffled within every era. Rivals and files
are left out. Results are kept beside this file, seed by seed, and the table is made of them.

Judged are: the mean of the seeds' mean CORR against its standard error across seeds (above 3 for
the market, not for shuffled targets), and in every seed the largest feature exposure (mean over
eras) with and without neutralization.

Which seeds judge: always some that were fixed after the last change and run only once.

- 101 to 110 came first, neutralized against fncv3_features as the default then was; after eight
  worlds it had raised the largest exposure in one (106), the run was broken off
  (starter-fncv3.json) and the default became the model's own features.
- 111 to 120 judged that, after a second look at 101 to 110 (both in starter-400-trees.json).
- Then the starter was halved from 400 trees at 0.02 to 200 at 0.04, to be quick on a newcomer's
  machine; on 101 to 106, long seen, both had the same CORR. 121 to 130 judge what is there now.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa

from numeri_cli.model_spec import ModelSpec
from numeri_cli.practice.market.features import FeaturePlan
from numeri_cli.practice.market.market import Market
from numeri_cli.practice.market.random_streams import (
    Purpose,
    stream,
)
from numeri_cli.practice.market.targets import (
    SCHEMES,
    RiskModel,
    eras_to_resolve,
    horizon_of,
    target_name,
)
from numeri_cli.practice.market.universe import (
    PURGE_ERAS,
    WorldSettings,
)
from numeri_cli.scoring.neutral import neutralize
from numeri_cli.scoring.ranks import gaussianize
from numeri_cli.scoring.scores import corr, exposures

SEEDS = tuple(range(121, 131))
RESULTS = Path(__file__).with_suffix(".json")
EARLIER = (
    ("Before: 400 trees at 0.02, seeds that judged it", "starter-400-trees.json", range(111, 121)),
    (
        "Before: the same, a second look at the first seeds",
        "starter-400-trees.json",
        range(101, 111),
    ),
    (
        "First: 400 trees, neutralized against fncv3_features, broken off",
        "starter-fncv3.json",
        range(101, 109),
    ),
)
TABLE = Path(__file__).with_suffix(".md")
STANDARD_ERRORS = 3.0
SHUFFLING = 2**30  # moments of the order stream that no era has


@dataclass(frozen=True)
class SeedResult:
    """Means over the validation eras of one world."""

    seed: int
    eras: int
    corr: float
    corr_std: float
    corr_neutral: float
    corr_neutral_std: float
    exposure: float
    exposure_neutral: float
    corr_shuffled: float


@dataclass(frozen=True)
class TrainingHistory:
    """The eras of a world in order of stocks: (features, stocks) and codes 0–4 per era."""

    settings: WorldSettings
    names: tuple[str, ...]
    sets: dict[str, tuple[str, ...]]
    features: list[np.ndarray]
    codes: list[np.ndarray]

    @classmethod
    def run(cls, settings: WorldSettings, target: str) -> TrainingHistory:
        """Let the market of a world pass."""
        market = Market.of(settings)
        plan = FeaturePlan.of(settings, market.plan)
        risk, days = RiskModel.of(market.stocks), horizon_of(target)
        row = [target_name(scheme, days) for scheme in SCHEMES].index(target)
        weeks: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=eras_to_resolve(days))
        state, noise = market.first_state(), plan.first_noise(settings.seed, settings.stocks)
        features, codes = [], []
        for era in range(1, settings.eras + 1):
            characteristics = market.characteristics(state)
            features.append(plan.features(characteristics, noise, era=era))
            noise = plan.next_noise(settings.seed, era + 1, noise=noise)
            returns, state = market.week(state)
            weeks.append((characteristics[: market.plan.styles].astype(np.float32), returns))
            if len(weeks) == weeks.maxlen:
                known = np.concatenate([returns for _, returns in weeks])
                codes.append(risk.resolve(weeks[0][0], known, horizon_days=days)[row])
        return cls(settings, plan.names, plan.sets(settings.seed, market.plan), features, codes)

    def columns(self, feature_set: str) -> np.ndarray:
        """Indices of a set's features."""
        return np.flatnonzero(np.isin(self.names, self.sets[feature_set]))


def train(history: TrainingHistory, model: ModelSpec, codes: list[np.ndarray]) -> lightgbm.Booster:
    """The model's booster on every `era_stride`-th of the train eras."""
    eras = slice(0, history.settings.train_eras, model.era_stride)
    columns = history.columns(str(model.features))
    block = np.concatenate([features[columns] for features in history.features[eras]], axis=1)
    table = pa.table([pa.array(values) for values in block], names=[f"f{i}" for i in columns])
    parameters = {
        **model.estimator.params,
        "objective": "regression",
        "seed": model.seeds[0],
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,  # two worlds at a time instead
        "bin_construct_sample_cnt": 20_000,
        "verbosity": -1,
    }
    rounds = parameters.pop("n_estimators")
    labels = np.concatenate(codes[eras]) / np.float32(4)
    return lightgbm.train(parameters, lightgbm.Dataset(table, labels), num_boost_round=rounds)


def shuffled(seed: int, codes: list[np.ndarray]) -> list[np.ndarray]:
    """The same targets, dealt out anew among the stocks of every era."""
    return [
        stream(seed, Purpose.order, SHUFFLING + era).permutation(values)
        for era, values in enumerate(codes)
    ]


def predicted(
    history: TrainingHistory, model: ModelSpec, booster: lightgbm.Booster
) -> Iterator[tuple[int, np.ndarray]]:
    """(index of the era, gaussianized raw predictions) of validation after the purge."""
    columns = history.columns(str(model.features))
    first = history.settings.train_eras + PURGE_ERAS[horizon_of(model.targets[0])]
    for era in range(first, len(history.codes)):
        matrix = np.ascontiguousarray(history.features[era].T[:, columns], dtype=np.float32)
        yield era, gaussianize(np.asarray(booster.predict(matrix, num_threads=1)))


def scored(
    history: TrainingHistory,
    model: ModelSpec,
    booster: lightgbm.Booster,
    codes: list[np.ndarray],
) -> np.ndarray:
    """(eras, 4) CORR and largest exposure, raw and neutralized, of validation after the purge."""
    assert model.neutralize is not None
    taken_out = history.columns(str(model.neutralize.features))
    rows = []
    for era, raw in predicted(history, model, booster):
        features = history.features[era].T
        neutral = neutralize(raw, features[:, taken_out], proportion=model.neutralize.proportion)
        row = []
        for prediction in (raw, neutral):
            row.append(corr(prediction, codes[era] / 4))
            row.append(float(np.nanmax(np.abs(exposures(prediction, features)))))
        rows.append(row)
    return np.array(rows)


def measure(seed: int) -> SeedResult:
    """Everything for one world."""
    model = ModelSpec()
    history = TrainingHistory.run(WorldSettings(seed=seed), model.targets[0])
    real = scored(history, model, train(history, model, history.codes), history.codes)
    dealt = shuffled(seed, history.codes)
    chance = scored(history, model, train(history, model, dealt), dealt)
    return SeedResult(
        seed=seed,
        eras=len(real),
        corr=real[:, 0].mean(),
        corr_std=real[:, 0].std(),
        corr_neutral=real[:, 2].mean(),
        corr_neutral_std=real[:, 2].std(),
        exposure=real[:, 1].mean(),
        exposure_neutral=real[:, 3].mean(),
        corr_shuffled=chance[:, 0].mean(),
    )


def across_seeds(values: list[float]) -> tuple[float, float, float]:
    """Mean, standard error, and how many of those the mean is above 0."""
    mean, error = float(np.mean(values)), float(np.std(values, ddof=1) / len(values) ** 0.5)
    return mean, error, mean / error


def section(title: str, results: list[SeedResult]) -> list[str]:
    """A table of worlds and what they say together."""
    lines = [
        f"## {title}",
        "",
        "| seed | CORR raw | std | CORR neutral | std | exposure raw | neutral | CORR shuffled |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {one.seed} | {one.corr:+.4f} | {one.corr_std:.4f} | {one.corr_neutral:+.4f} "
        f"| {one.corr_neutral_std:.4f} | {one.exposure:.3f} | {one.exposure_neutral:.3f} "
        f"| {one.corr_shuffled:+.4f} |"
        for one in results
    ]
    lines.append("")
    for name, values in (
        ("raw", [one.corr for one in results]),
        ("neutralized", [one.corr_neutral for one in results]),
        ("shuffled targets", [one.corr_shuffled for one in results]),
    ):
        mean, error, distance = across_seeds(values)
        verdict = "above" if distance > STANDARD_ERRORS else "not above"
        lines.append(
            f"- {name}: mean CORR {mean:+.4f}, standard error {error:.4f}: {distance:.1f} "
            f"standard errors above 0, {verdict} {STANDARD_ERRORS:.0f}"
        )
    lower = sum(one.exposure_neutral < one.exposure for one in results)
    lines.append(f"- neutralizing lowers the largest exposure in {lower} of {len(results)} worlds")
    return [*lines, ""]


def report(results: list[SeedResult]) -> str:
    """The tables and the verdicts, as Markdown; what came before among them."""
    lines = [
        "# The starter model over many worlds",
        "",
        "Made by `python -m tests.studies.starter`; the numbers are in `starter.json`.",
        "Validation eras after the purge; exposure is the largest over all features, mean of eras.",
        "The starter model hands in what is called neutral here.",
        "",
        *section("Verdict: seeds fixed before any was run, run once", results),
        "What follows came earlier, with other settings, and does not judge.",
        "",
    ]
    for title, name, seeds in EARLIER:
        lines += section(title, [one for one in read(RESULTS.with_name(name)) if one.seed in seeds])
    return "\n".join(lines).rstrip() + "\n"


def read(path: Path) -> list[SeedResult]:
    """The results of a file; none where there is none."""
    return [SeedResult(**one) for one in json.loads(path.read_text())] if path.exists() else []


def main() -> None:
    """Measure what has not been measured, then write the table."""
    results = {one.seed: one for one in read(RESULTS)}
    missing = [seed for seed in SEEDS if seed not in results]
    with ProcessPoolExecutor(2) as pool:
        for result in pool.map(measure, missing):
            results[result.seed] = result
            print(result, flush=True)
            ordered = [asdict(results[one]) for one in SEEDS if one in results]
            RESULTS.write_text(json.dumps(ordered, indent=1) + "\n")
    TABLE.write_text(report([results[seed] for seed in SEEDS]))
    print(TABLE.read_text())


if __name__ == "__main__":
    main()
