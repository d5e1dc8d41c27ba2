"""From nothing to a history: the market runs, features are made, models are trained."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from numeri_cli.files import disk_errors
from numeri_cli.practice.market.features import FeatureArray, FeaturePlan, NoiseArray
from numeri_cli.practice.market.market import Market, ReturnArray
from numeri_cli.practice.market.targets import HORIZONS_DAYS, RiskModel, eras_to_resolve
from numeri_cli.practice.market.universe import FloatArray, WorldSettings
from numeri_cli.practice.rivals.benchmarks import chunk_of
from numeri_cli.practice.world.archive import Archive, WeekStart, resolved_eras
from numeri_cli.practice.world.trained_field import RankArray, TrainedField
from numeri_cli.progress import Task
from numeri_cli.threads import one_blas_thread

WORKERS = 2
ERAS_PER_BLOCK = 10
FOLDERS = ("base", "weeks", "state", "models", "published")


def clear(root: Path) -> None:
    """Remove what a killed creation has left; only folders of ours."""
    for name in FOLDERS:
        with disk_errors(root / name):
            if (root / name).exists():
                shutil.rmtree(root / name)


def run_history(
    archive: Archive, market: Market, *, features: FeaturePlan, task: Task
) -> WeekStart:
    """Write features, styles, returns and targets of all eras; return the start of the live one."""
    settings = archive.settings
    state = market.first_state()
    noise = features.first_noise(settings.seed, settings.stocks)
    styles: deque[FloatArray] = deque(maxlen=eras_to_resolve(max(HORIZONS_DAYS)))
    returns: deque[ReturnArray] = deque(maxlen=styles.maxlen)
    risk = RiskModel.of(market.stocks)

    def make_features(
        characteristics: FloatArray, noise: NoiseArray, era: int
    ) -> tuple[FeatureArray, NoiseArray]:
        made = features.features(characteristics, noise, era=era)
        return made, features.next_noise(settings.seed, era + 1, noise=noise)

    with ExitStack() as stack:
        worker = stack.enter_context(ThreadPoolExecutor(1))

        def open_base(kind: str, count: int) -> Callable[..., None]:
            return stack.enter_context(archive.base_writer(kind, count=count))

        keep_features = open_base("features", settings.eras)
        keep_styles = open_base("styles", settings.eras)
        keep_returns = open_base("returns", settings.eras)
        keep_targets = {
            days: open_base(f"targets_{days}", resolved_eras(settings.eras + 1, days))
            for days in HORIZONS_DAYS
        }
        for era in range(1, settings.eras + 1):
            characteristics = market.characteristics(state)
            making = worker.submit(make_features, characteristics, noise, era)
            styles.append(characteristics[: market.plan.styles].astype(np.float32))
            week, state = market.week(state)
            returns.append(week)
            keep_styles(styles[-1])
            keep_returns(week)
            for days, keep in keep_targets.items():
                span = eras_to_resolve(days)
                if era >= span:
                    known = np.concatenate(list(returns)[-span:])
                    keep(risk.resolve(styles[-span], known, horizon_days=days))
            made, noise = making.result()
            keep_features(made)
            task.advance(1)
    return WeekStart(state, noise)


def run_all(works: Iterable[Callable[[], None]], task: Task) -> None:
    """Do independent works on the cores there are; the first error ends it.

    No work is going on any more when this returns or raises, not even in a thread that the pool
    knows nothing of, because Ctrl-C came while it was started.
    """
    stop, at_work = threading.Event(), threading.Semaphore(WORKERS)

    def do(work: Callable[[], None]) -> None:
        with at_work:
            if not stop.is_set():
                work()

    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            running: set[Future[None]] = {pool.submit(do, work) for work in works}
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    task.advance(1)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            for _ in range(WORKERS):
                at_work.acquire()


def predict_history(archive: Archive, field: TrainedField, *, task: Task) -> None:
    """Keep what the organiser's models and the rivals said of the eras they had not seen."""
    settings = archive.settings
    blocks = _blocks(settings)

    def predict(eras: tuple[int, ...]) -> tuple[RankArray, RankArray | None]:
        features = np.concatenate([archive.read("features", era) for era in eras], axis=1)
        if eras[0] <= settings.train_eras:
            return field.benchmark_ranks(eras, features), None
        return field.ranks(eras, features)

    def keep(append: Callable[..., None], ranks: RankArray, eras: int) -> None:
        for part in np.split(ranks, eras, axis=1):
            append(part)

    with ExitStack() as stack:
        stack.enter_context(one_blas_thread())  # eras are side by side
        pool = stack.enter_context(ThreadPoolExecutor(WORKERS))
        append_benchmarks = stack.enter_context(
            archive.base_writer("benchmarks", count=settings.eras - settings.chunk_eras)
        )
        append_rivals = stack.enter_context(
            archive.base_writer("rivals", count=settings.eras - settings.train_eras)
        )
        for eras, (benchmarks, rivals) in zip(blocks, pool.map(predict, blocks), strict=True):
            keep(append_benchmarks, benchmarks, len(eras))
            if rivals is not None:
                keep(append_rivals, rivals, len(eras))
            task.advance(len(eras))


def _blocks(settings: WorldSettings) -> list[tuple[int, ...]]:
    """The eras that have a model, a few together, none across a chunk or the end of train."""
    blocks: list[list[int]] = []
    for era in range(settings.chunk_eras + 1, settings.eras + 1):
        begins = era == settings.train_eras + 1 or chunk_of(settings, era) != chunk_of(
            settings, era - 1
        )
        if begins or len(blocks[-1]) == ERAS_PER_BLOCK:
            blocks.append([])
        blocks[-1].append(era)
    return [tuple(block) for block in blocks]
