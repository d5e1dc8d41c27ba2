"""numeri backtest: every era predicted by a model that was trained on earlier ones, purged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from numeri_cli.commands.blends import expanded, shares_of
from numeri_cli.commands.cluster import machines
from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring_for_training
from numeri_cli.commands.train import require_as_downloaded
from numeri_cli.commands.validate.model_sources import WALKED
from numeri_cli.commands.validate.summary import ValidationSummary
from numeri_cli.commands.validate.validate import validate
from numeri_cli.commands.validate.validation import Validation
from numeri_cli.commands.walked_blends import walked_blend
from numeri_cli.commands.words import chosen_models
from numeri_cli.errors import PredictionsError, TargetMissing
from numeri_cli.learning import backtest as walking
from numeri_cli.learning.plan import Machines
from numeri_cli.model_spec import Distribute
from numeri_cli.published import Published

Scored = TypeVar("Scored")


@dataclass(frozen=True)
class BacktestRow(Published):
    """Out-of-sample predictions of one model.

    windows, purge_eras: of a blend the most that one of its parts has
    """

    model: str
    path: Path
    rows: int
    eras: int
    windows: int
    purge_eras: int


@dataclass(frozen=True)
class Backtests(Published):
    """What was walked forward, and its scores over all the eras that were predicted.

    validation: None where no era has a target yet
    """

    models: tuple[BacktestRow, ...]
    validation: ValidationSummary | None = None


def backtest(
    context: Context,
    models: Sequence[str],
    *,
    write_page: Callable[[Validation, Path], object],
    window: int,
    purge: int | None = None,
    stride: int = 1,
    force: bool = False,
    cluster: str | None = None,
    distribute: Distribute | None = None,
) -> Backtests:
    """Walk models of the profile forward, all where none is named; missing data is downloaded.

    The parts of a blend are walked, each once for all that is asked for, and then blended.
    write_page: writes what was scored as a page
    window: eras predicted by one training; purge: eras left out before it, by the target if None
    stride: every so many eras of the data alone, for training and predictions
    cluster, distribute: whose machines train, and how; as the profile says where None
    """
    rows = walk(
        context,
        models,
        window=window,
        purge=purge,
        stride=stride,
        force=force,
        cluster=cluster,
        distribute=distribute,
    )
    scored = scored_where_known(
        context, lambda: validate(context, words_of(rows), write_page=write_page)
    )
    return Backtests(rows, scored)


def walk(
    context: Context,
    models: Sequence[str],
    *,
    window: int,
    purge: int | None = None,
    stride: int = 1,
    force: bool = False,
    cluster: str | None = None,
    distribute: Distribute | None = None,
) -> tuple[BacktestRow, ...]:
    """Walk models forward as `backtest` does, and score nothing."""
    names = list(dict.fromkeys(chosen_models(context, models)))
    context.make_practice()
    with machines(context, cluster=cluster, distribute=distribute) as others:
        walked = {
            name: _walked(
                context,
                name,
                window=window,
                purge=purge,
                stride=stride,
                machines=others,
                force=force,
            )
            for name in expanded(context, names)
        }
    blends = [name for name in names if shares_of(context, name)]
    return (*walked.values(), *(_blended(context, name, walked) for name in blends))


def words_of(rows: Sequence[BacktestRow]) -> list[str]:
    """What `validate` calls them."""
    return [f"{row.model}{WALKED}" for row in rows]


def scored_where_known(context: Context, score: Callable[[], Scored]) -> Scored | None:
    """What scoring gives; None, with a word to the listener, where no era has a target yet."""
    try:
        return score()
    except (TargetMissing, PredictionsError) as error:
        context.listener.say(f"not scored: {error.message}")
        return None


def _walked(
    context: Context,
    name: str,
    *,
    window: int,
    purge: int | None,
    stride: int,
    machines: Machines | None,
    force: bool,
) -> BacktestRow:
    """One model, walked forward."""
    spec = context.profile.model(name)
    bring_for_training(context, spec)
    require_as_downloaded(context, spec)
    done = walking.backtest(
        name,
        spec,
        context.workspace,
        window=window,
        purge=purge,
        stride=stride,
        machines=machines,
        force=force,
        listener=context.listener,
    )
    return BacktestRow(
        name, done.path, done.rows, len(done.eras), len(done.windows), done.purge_eras
    )


def _blended(context: Context, name: str, walked: Mapping[str, BacktestRow]) -> BacktestRow:
    """A blend of models that were walked forward."""
    parts = [walked[part] for part in shares_of(context, name)]
    done = walked_blend(context, name)
    return BacktestRow(
        name,
        done.path,
        done.rows,
        len(done.eras),
        max(part.windows for part in parts),
        max(part.purge_eras for part in parts),
    )
