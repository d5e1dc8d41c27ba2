"""Does a crowd weighted by stake beat its members, and the organiser's own model? Twenty worlds.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 nice python -m tests.studies.crowd

In each default-sized world the full field of rivals and two in-house models are trained on the
history; then come two years of live rounds. In each round everybody on time is weighed by what is
at risk, which payouts and burns change after thirteen weeks, as the practice tournament settles
them. Scored is CORR with the 20-day target (the 60-day one beside it) of

- the meta model, weighted by stakes as they stand; by the first stakes; all alike,
- the in-house model as a tutorial trains it: medium features, every 4th era; and on all of them,
- the median rival; the best rival of the first year, in the second; the best in hindsight,

and each trades in the fund of `numeri practice fund`. In further worlds targets are dealt out anew
among the stocks of every era: nothing may have an edge there. Who is exposed is seen in the ranks
by the CORR of a round, of a quarter and of a year, with targets of 20 and of 60 days (a year of the
latter is what the tournament ranks by): those of the rivals of the three best features, and of the
neutralized ones. With a folder as argument every rival's score of every round is kept there.

Judged is two things: the meta model has a higher mean CORR and a higher Sharpe than the median
rival in at least 17 worlds, and than the tutorial's in-house model in at least 13. The market was
fixed before this was run, and so were the seeds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa

from numeri_cli.practice.market.market import RETURN_UNIT
from numeri_cli.practice.market.random_streams import (
    Purpose,
    stream,
)
from numeri_cli.practice.market.targets import (
    LAG_DAYS,
    RiskModel,
)
from numeri_cli.practice.market.universe import WorldSettings
from numeri_cli.practice.results.portfolio import (
    FundFigures,
    FundTerms,
    trade,
    tranche,
)
from numeri_cli.practice.rivals.meta_model import stake_weighted
from numeri_cli.practice.rivals.rivals import Attendance
from numeri_cli.practice.rounds import settlement
from numeri_cli.practice.rounds.daily_scores import daily_scores
from numeri_cli.practice.rounds.terms import ATOMIC
from numeri_cli.practice.world import history
from numeri_cli.practice.world.archive import (
    Archive,
    WorldState,
)
from numeri_cli.practice.world.eras import WorldDefinition
from numeri_cli.practice.world.trained_field import TrainedField
from numeri_cli.practice.world.world import World
from numeri_cli.progress import SilentTask
from numeri_cli.scoring.ranks import gaussianize, rank_average
from numeri_cli.scoring.summary import summarize
from tests.studies.crowd_report import (
    LIVE_ERAS,
    Contestant,
    RankedBy,
    Ranks,
    WorldResult,
    report,
)

SEEDS = tuple(range(301, 321))
SHUFFLED_SEEDS = tuple(range(321, 325))
RESULTS = Path(__file__).with_suffix(".json")
TABLE = Path(__file__).with_suffix(".md")
HORIZONS = (20, 60)
RESOLVED_AFTER = 13  # weeks
YEAR = 52
RANKED_BY = (1, 13, YEAR)  # rounds whose mean CORR is ranked
LEAST_RANKED = 13  # rounds before anybody is ranked by more of them
SHUFFLING = 2**30  # moments of the order stream that no era has
EXPOSED = ("icarus",)
NEUTRALIZED = ("quiet_harvest", "night_heron")
PAIR = (EXPOSED, NEUTRALIZED)
IN_HOUSE = {
    "objective": "regression",
    "learning_rate": 0.02,
    "max_depth": 5,
    "num_leaves": 31,
    "feature_fraction": 0.1,
    "min_data_in_leaf": 1000,
    "seed": 1,
    "force_col_wise": True,
    "deterministic": True,
    "num_threads": 1,  # two worlds at a time instead
    "bin_construct_sample_cnt": 20_000,
    "verbosity": -1,
}
IN_HOUSE_TREES = 400


@dataclass(frozen=True)
class Live:
    """The live rounds of a world, in order of stocks.

    predictions: (rounds, rivals, stocks) ranks; here, on_time: (rounds, rivals)
    in_house: by name (rounds, stocks); targets: (rounds, horizons, stocks) in 0 to 1
    """

    names: list[str]
    stakes_nmr: list[Decimal]
    predictions: np.ndarray
    here: np.ndarray
    on_time: np.ndarray
    in_house: dict[str, np.ndarray]
    targets: np.ndarray


def shuffle_history(archive: Archive) -> None:
    """Deal the targets of every era of the history out anew."""
    for days in HORIZONS:
        path = archive.root / "base" / f"targets_{days}.npy"
        codes = np.load(path)
        for index in range(len(codes)):
            codes[index] = codes[index][:, _dealt(archive.settings, index + 1)]
        np.save(path, codes)


def _dealt(settings: WorldSettings, era: int) -> np.ndarray:
    order = stream(settings.seed, Purpose.order, SHUFFLING + era)
    return order.permutation(settings.stocks)


def in_house_models(
    archive: Archive, definition: WorldDefinition
) -> dict[str, tuple[lightgbm.Booster, np.ndarray]]:
    """The organiser's model on every 4th era of the medium features, and on every era of all."""
    sets = definition.features.sets(archive.settings.seed, definition.market.plan)
    medium = np.flatnonzero(np.isin(definition.features.names, sets["medium"]))
    history = TrainedField(archive=archive, rivals=())._history(0)
    models = {}
    for name, columns, stride in (
        ("tutorial", medium, 4),
        ("all eras", np.arange(len(definition.features.names)), 1),
    ):
        eras = range(1, archive.settings.rival_eras + 1, stride)
        block = np.concatenate([history.features(era)[columns] for era in eras], axis=1)
        labels = np.concatenate([history.target(era, "target_ender_20") for era in eras])
        table = pa.table([pa.array(row) for row in block], names=[f"f{i}" for i in columns])
        data = lightgbm.Dataset(table, labels / np.float32(4))
        models[name] = (lightgbm.train(IN_HOUSE, data, IN_HOUSE_TREES), columns)
    return models


def live_rounds(root: Path, seed: int, *, is_shuffled: bool) -> tuple[World, Live]:
    """A world after two years, and what was said and came true in them."""
    settings = WorldSettings(seed=seed)
    definition, archive = WorldDefinition.of(settings), Archive(root, settings)
    week_start = history.run_history(
        archive, definition.market, features=definition.features, task=SilentTask()
    )
    if is_shuffled:
        shuffle_history(archive)
    history.run_all(
        list(TrainedField(archive=archive, rivals=definition.rivals).trainings()), SilentTask()
    )
    models = in_house_models(archive, definition)
    # rivals are not asked of the history, and no file is written: neither is looked at here
    world = World(
        root,
        WorldState(settings=settings, live_era=settings.eras + 1, published_era=0, has_field=True),
    )
    world._make_live(week_start)
    world._predict_live(world.live_era)
    archive.write_week_start(week_start)
    for _ in range(LIVE_ERAS + RESOLVED_AFTER):
        world.advance()
    eras = range(settings.eras + 1, settings.eras + LIVE_ERAS + 1)
    targets = np.stack(
        [[archive.read(f"targets_{days}", era)[0] for days in HORIZONS] for era in eras]
    )
    if is_shuffled:
        targets = np.stack(
            [rows[:, _dealt(settings, era)] for era, rows in zip(eras, targets, strict=True)]
        )
    attended = [list(world.attendance(era).values()) for era in eras]
    said: dict[str, list[np.ndarray]] = {name: [] for name in models}
    for era in eras:
        features = archive.read("features", era)
        for name, (booster, columns) in models.items():
            matrix = np.ascontiguousarray(features[columns].T, dtype=np.float32)
            said[name].append(np.asarray(booster.predict(matrix, num_threads=1)))
    return world, Live(
        [rival.name for rival in definition.rivals],
        [rival.stake_nmr for rival in definition.rivals],
        np.stack([archive.read("rivals", era) for era in eras]).astype(np.float64),
        np.array([[one is not Attendance.missing for one in row] for row in attended]),
        np.array([[one is Attendance.on_time for one in row] for row in attended]),
        {name: np.stack(rows) for name, rows in said.items()},
        targets / 4.0,
    )


def settle(live: Live) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Round after round: the crowd's predictions by name, and every rival's scores.

    returns: (rounds, stocks) by name; (rounds, horizons, rivals) CORR, NaN of who was missing
    """
    stakes = list(live.stakes_nmr)
    first = list(live.stakes_nmr)
    crowds: dict[str, list[np.ndarray]] = {"meta model": [], "first stakes": [], "all alike": []}
    scores: list[np.ndarray] = []
    due: list[list[Decimal]] = []
    at_risk: list[list[Decimal]] = []
    for number, predictions in enumerate(live.predictions):
        if number >= RESOLVED_AFTER:
            stakes = [
                held + paid for held, paid in zip(stakes, due[number - RESOLVED_AFTER], strict=True)
            ]
        on_time = live.on_time[number]
        held = [sum(rounds) for rounds in zip(*at_risk[1 - RESOLVED_AFTER :], strict=True)]
        risked = [
            settlement.round_stake(stake, free_nmr=stake - (held[at] if held else 0))
            if on_time[at]
            else Decimal(0)
            for at, stake in enumerate(stakes)
        ]
        at_risk.append(risked)
        gaussian = gaussianize(predictions.T)
        crowds["meta model"].append(stake_weighted(predictions, risked))
        crowds["first stakes"].append(
            stake_weighted(
                predictions, [s if t else Decimal(0) for s, t in zip(first, on_time, strict=True)]
            )
        )
        crowds["all alike"].append(gaussian[:, on_time].mean(axis=1))
        found = daily_scores(predictions.T, crowds["meta model"][-1], targets=live.targets[number])
        corr, mmc = found[:, 0], found[:, 1]
        due.append(
            [
                ATOMIC.payout(risk, {"corr60": float(corr[1, at]), "mmc60": float(mmc[1, at])})
                for at, risk in enumerate(risked)
            ]
        )
        scores.append(np.where(live.here[number], corr, np.nan))
    return {name: np.stack(rows) for name, rows in crowds.items()}, np.stack(scores)


def corr_of(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(rounds, horizons) CORR of one contestant; rows: (rounds, stocks)."""
    unused = np.ones(rows.shape[1])
    return np.stack(
        [
            daily_scores(row[:, None], unused, targets=aims)[:, 0, 0]
            for row, aims in zip(rows, targets, strict=True)
        ]
    )


def traded(world: World, rows: np.ndarray, first_era: int) -> FundFigures:
    """The fund on one contestant's predictions; rows: (rounds, stocks) from `first_era` on."""
    archive, stocks = world.era_records.archive, world.era_records.definition.market.stocks
    risk, terms = RiskModel.of(stocks), FundTerms()
    styles = [archive.read("styles", first_era + place) for place in range(len(rows))]
    weights = np.stack(
        [
            tranche(row, risk=risk, styles=one, gross=terms.gross)
            for row, one in zip(rows, styles, strict=True)
        ]
    )
    drawn = archive.returns_from(first_era, len(rows) + 1)[LAG_DAYS : LAG_DAYS + 5 * len(rows)]
    returns = drawn.astype(np.float64) * RETURN_UNIT
    track = trade(
        weights,
        returns,
        terms=terms,
        older=weights[:0],
        neutral=lambda place, book: risk.neutral(styles[place], book[None])[0],
    )
    return FundFigures.of(track, np.expm1(returns).mean(axis=1))


def ranks_of(
    names: Sequence[str], scores: np.ndarray, kinds: Sequence[str], rounds: int
) -> tuple[Ranks, ...]:
    """The ranks that each rival of some kinds had by the mean CORR of as many `rounds`.

    scores: (rounds, rivals); who handed in nothing in those rounds is last
    """
    chosen = [at for at, name in enumerate(names) if name.startswith(tuple(kinds))]
    table = []
    for number in range(min(rounds, LEAST_RANKED), len(scores) + 1):
        window = scores[max(0, number - rounds) : number]
        submitted_scores = np.isfinite(window).sum(axis=0)
        mean = np.nansum(window, axis=0) / np.maximum(submitted_scores, 1)
        table.append(rank_average(np.where(submitted_scores, -mean, np.inf)[:, None])[:, 0])
    return tuple(
        Ranks(best=float(own.min()), median=float(np.median(own)), worst=float(own.max()))
        for own in np.stack(table)[:, chosen].T
    )


def measure(seed: int, is_shuffled: bool, scores_folder: str | None = None) -> WorldResult:
    """Everything for one world."""
    with tempfile.TemporaryDirectory(prefix="numeri-crowd-") as folder:
        world, live = live_rounds(Path(folder), seed, is_shuffled=is_shuffled)
        crowds, scores = settle(live)
        if scores_folder:
            np.savez(Path(scores_folder) / f"{seed}.npz", names=live.names, scores=scores)
        means = np.nanmean(scores[:, 0], axis=0)
        best_early = int(np.nanargmax(np.nanmean(scores[:YEAR, 0], axis=0)))
        best_late = int(np.nanargmax(means))
        first_era = world.settings.eras + 1
        rows = {**crowds, **live.in_house}
        rows["best in hindsight"] = live.predictions[:, best_late]
        contestants = [
            _contestant(world, name, found, live.targets, first_era) for name, found in rows.items()
        ]
        second_year = {
            "best of the first year": live.predictions[:, best_early],
            "meta model, second year": crowds["meta model"],
        }
        contestants += [
            _contestant(world, name, found[YEAR:], live.targets[YEAR:], first_era + YEAR)
            for name, found in second_year.items()
        ]
        rivals = [summarize(scores[:, 0, at]) for at in range(scores.shape[2])]
        longer = [summarize(scores[:, 1, at]) for at in range(scores.shape[2])]
        median = Contestant(
            "median rival",
            float(np.median([one.mean for one in rivals])),
            float(np.median([one.sharpe for one in rivals])),
            float(np.median([one.mean for one in longer])),
            float(np.median([one.sharpe for one in longer])),
            fund_sharpe=None,
        )
        return WorldResult(
            seed,
            is_shuffled,
            (*contestants, median),
            tuple(
                RankedBy(
                    rounds,
                    days,
                    *(ranks_of(live.names, scores[:, place], kinds, rounds) for kinds in PAIR),
                )
                for place, days in enumerate(HORIZONS)
                for rounds in RANKED_BY
            ),
        )


def _contestant(
    world: World, name: str, rows: np.ndarray, targets: np.ndarray, first_era: int
) -> Contestant:
    found = corr_of(rows, targets)
    short, long = summarize(found[:, 0]), summarize(found[:, 1])
    fund = traded(world, rows, first_era)
    return Contestant(name, short.mean, short.sharpe, long.mean, long.sharpe, fund.sharpe)


def kept() -> dict[int, WorldResult]:
    """What earlier calls have measured."""
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    return {row["seed"]: WorldResult.of(row) for row in rows}


def keep(results: dict[int, WorldResult]) -> None:
    """Write what is measured, and the tables made of it."""
    ordered = [results[seed] for seed in SEEDS + SHUFFLED_SEEDS if seed in results]
    RESULTS.write_text(json.dumps([asdict(one) for one in ordered], indent=1) + "\n")
    TABLE.write_text(report(ordered, worlds=len(SEEDS)))


def main() -> None:
    """Measure what has not been measured."""
    results = kept()
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    missing = [
        (seed, seed in SHUFFLED_SEEDS, folder)
        for seed in SEEDS + SHUFFLED_SEEDS
        if seed not in results
    ]
    with ProcessPoolExecutor(2) as pool:
        for done in as_completed([pool.submit(measure, *one) for one in missing]):
            result = done.result()
            results[result.seed] = result
            print(
                result.seed,
                *(f"{one.name} {one.mean:+.4f}" for one in result.contestants),
                sep="; ",
                flush=True,
            )
            keep(results)
    keep(results)


if __name__ == "__main__":
    main()
