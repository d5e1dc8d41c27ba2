"""numeri backtest: every era predicted by a model that was trained on earlier ones, purged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_training
from numeri_cli.commands.train import require_as_downloaded
from numeri_cli.commands.words import chosen_models
from numeri_cli.learning import backtest as walking
from numeri_cli.published import Published


@dataclass(frozen=True)
class BacktestRow(Published):
    """Out-of-sample predictions of one model."""

    model: str
    path: Path
    rows: int
    eras: int
    windows: int
    purge_eras: int


@dataclass(frozen=True)
class Backtests(Published):
    """What was walked forward."""

    models: tuple[BacktestRow, ...]


def backtest(
    context: Context,
    models: Sequence[str],
    *,
    window: int,
    purge: int | None = None,
    force: bool = False,
) -> Backtests:
    """Walk models of the profile forward, all where none is named; missing data is downloaded.

    window: eras predicted by one training; purge: eras left out before it, by the target if None
    """
    names = chosen_models(context, models)
    context.make_practice()
    rows = []
    for name in names:
        spec = context.profile.model(name)
        bring_for_training(context, spec)
        require_as_downloaded(context, spec)
        done = walking.backtest(
            name,
            spec,
            context.workspace,
            window=window,
            purge=purge,
            force=force,
            listener=context.listener,
        )
        rows.append(
            BacktestRow(
                name, done.path, done.rows, len(done.eras), len(done.windows), done.purge_eras
            )
        )
    return Backtests(tuple(rows))
