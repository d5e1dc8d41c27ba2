"""The same predictions on further targets: of the other horizon, and those of the trainings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from numeri_cli.commands.validate.purge import after_purge
from numeri_cli.commands.validate.scores import score_sources
from numeri_cli.commands.validate.validation import PredictionSource, Validation
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.errors import PredictionsError, TargetMissing
from numeri_cli.progress import Listener
from numeri_cli.scoring.score_table import score_named

_TABLE = ("corr", "mmc")
_HORIZONS = {"20": "60", "60": "20"}


def other_targets(validation: Validation) -> tuple[str, ...]:
    """The scored target at its other horizon, and what the models were trained for, if there."""
    stem, _, days = validation.target.rpartition("_")
    wanted = [f"{stem}_{_HORIZONS[days]}"] if days in _HORIZONS else []
    wanted += [target for source in validation.sources for target in source.targets]
    columns = set(DataFile.open(validation.data).columns)
    there = [one for one in dict.fromkeys(wanted) if one in columns and re.search(r"_\d+$", one)]
    return tuple(one for one in there if one != validation.target)


def on_other_targets(
    validation: Validation,
    *,
    meta_model: Path | None,
    eras: Sequence[str],
    listener: Listener,
) -> Validation:
    """The validation with CORR and MMC on further targets.

    eras: that were asked for; by default each target has its own purge
    """
    sources = [replace(source, raw=None) for source in validation.sources]
    made = _scored(validation, sources, meta_model=meta_model, eras=eras, listener=listener)
    return replace(validation, others=tuple(made))


def _scored(
    validation: Validation,
    sources: Sequence[PredictionSource],
    *,
    meta_model: Path | None,
    eras: Sequence[str],
    listener: Listener,
) -> Iterator[Validation]:
    data = validation.data
    for target in other_targets(validation):
        try:
            yield score_sources(
                sources,
                data,
                target=target,
                meta_model=meta_model,
                eras=list(eras) or after_purge(sources, data, target=target),
                table=tuple(score_named(name) for name in _TABLE),
                listener=listener,
            )
        except (TargetMissing, PredictionsError) as error:
            listener.say(f"not scored on {target}: {error.message}")
