"""Where a model is put to the test: its windows trained, predicted and scored, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from numeri_cli.commands.context import Context
from numeri_cli.commands.download import bring, bring_for_validation, missing
from numeri_cli.commands.tune.plan import SearchPlan
from numeri_cli.commands.validate.payout import rule_for
from numeri_cli.commands.validate.scores import META_MODEL, score_sources
from numeri_cli.commands.validate.validation import PredictionSource
from numeri_cli.dataset.eras import Window
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.prediction_files import (
    IdColumn,
    id_strings,
    join,
    read_id_column,
    read_predictions,
)
from numeri_cli.errors import FileMissing, PredictionsValues, UsageProblem
from numeri_cli.learning.backtest import walked_windows
from numeri_cli.learning.plan import Machines
from numeri_cli.learning.training import checked_estimator
from numeri_cli.learning.training_data import open_training_data
from numeri_cli.model_spec import ModelSpec
from numeri_cli.progress import Listener
from numeri_cli.scoring.ranks import FloatArray, known
from numeri_cli.scoring.score_table import Score, score_named
from numeri_cli.scoring.summary import PayoutRule
from numeri_cli.search.aims import Aim

Figures = tuple[float, ...]  # one for each aim


@dataclass(frozen=True)
class EraSeries:
    """Scores era by era: by a score's name (n_eras,), NaN where an era has none.

    lags: over how many eras targets share days
    """

    eras: tuple[str, ...]
    scores: dict[str, FloatArray]
    lags: int = 0

    def then(self, later: EraSeries) -> EraSeries:
        """These eras and the later ones."""
        joined = {
            name: np.concatenate([values, later.scores[name]])
            for name, values in self.scores.items()
        }
        return EraSeries((*self.eras, *later.eras), joined, max(self.lags, later.lags))


@dataclass(frozen=True, kw_only=True)
class TrialBench:
    """What every trial of a search is put to.

    rule: how the round pays; None where no aim asks for it
    meta_model: its file, where an aim rests on it; benchmarks: per data file its file and column
    machines: who trains the members of each window; this one where None
    """

    context: Context
    name: str
    plan: SearchPlan
    aims: tuple[Aim, ...]
    table: tuple[Score, ...]
    rule: PayoutRule | None
    meta_model: Path | None
    benchmarks: tuple[tuple[Path, str] | None, ...]
    listener: Listener
    machines: Machines | None = None
    force: bool = False

    def figures(self, series: EraSeries) -> Figures:
        """The figure of each aim over these eras; NaN where none of them has its scores."""
        return tuple(aim.figure(series.scores, self.rule) for aim in self.aims)

    def walk(
        self,
        spec: ModelSpec,
        windows: Sequence[Window],
        *,
        folder: Path,
        after: Callable[[Figures], None] = lambda figures: None,
    ) -> EraSeries:
        """Walk the model through the windows; its scores.

        folder: where predictions wait
        after: hears of the figures so far after each window; what it raises ends the walk
        """
        workspace = self.context.workspace
        spec = spec.model_copy(update={"era_stride": 1}) if self.plan.stride > 1 else spec
        data = open_training_data(spec, workspace)
        found: list[EraSeries] = []

        def scored(step: Window, paths: tuple[Path, ...]) -> None:
            own = self._scored(paths, step, [source.data.path for source in data.sources])
            found[:] = [found[0].then(own)] if found else [own]
            after(self.figures(found[0]))

        walked_windows(
            self.name,
            spec,
            workspace,
            data=data,
            windows=windows,
            estimator=checked_estimator(self.name, spec, workspace=workspace),
            purge=self.plan.purge,
            folder=folder,
            whole=self.plan.seen,
            after=scored,
            machines=self.machines,
            force=self.force,
            listener=self.listener,
        )
        return found[0]

    def _scored(self, paths: Sequence[Path], step: Window, files: Sequence[Path]) -> EraSeries:
        parts = [read_predictions(path, name=self.name) for path in paths]
        whole = IdColumn(
            self.name,
            pa.concat_arrays([part.ids for part in parts]),
            np.concatenate([part.values for part in parts]),
        )
        (first, bench), *more = zip(files, self.benchmarks, strict=True)
        try:
            scored = score_sources(
                [PredictionSource(predictions=whole)],
                first,
                target=self.plan.target,
                meta_model=self.meta_model,
                benchmark=bench,
                more=more,
                eras=list(step.test_eras),
                table=self.table,
            )
        except PredictionsValues:  # in every era the same for all rows
            blank = np.full(len(step.test_eras), np.nan)
            scores = {score.name: blank for score in self.table}
            return EraSeries(step.test_eras, scores | {"corr": np.zeros_like(blank)})
        card = scored.cards[0]
        scores = {score.name: card.score(score.name) for score in self.table}
        # an era that it says nothing of counts: else it would be left out where it is hard
        scores["corr"] = np.nan_to_num(scores["corr"], nan=0.0)
        return EraSeries(scored.eras, scores, scored.lags)


def trial_bench(
    context: Context,
    name: str,
    *,
    plan: SearchPlan,
    aims: tuple[Aim, ...],
    benchmark: str | None,
    machines: Machines | None,
    force: bool,
    listener: Listener,
) -> TrialBench:
    """Everything that the aims are scored with, downloaded where it is not here.

    benchmark: the column that BMC is against; the file's last where None
    Raises UsageProblem where an aim cannot be scored, and what downloading raises.
    """
    spec = context.profile.model(name)
    wanted = {score for aim in aims for score in aim.scores}
    rule = rule_for(context, plan.target) if any(aim.is_payout for aim in aims) else None
    if rule is not None:
        wanted |= {score.name for score, _ in rule.multipliers}
    elif any(aim.is_payout for aim in aims):
        raise UsageProblem(
            f"how a round pays for {plan.target} is not known, so that payout cannot be aimed at",
            hint="aim at corr and mmc, or score by the target that rounds pay on (--target)",
        )
    table = tuple(score_named(score) for score in sorted(wanted | {"corr"}))
    names = [context.files.named(part) for part in spec.data]
    meta_model = _meta_model(context) if "mmc" in wanted else None
    if meta_model is not None:
        _require_tested(context, names, plan, meta_model)
    return TrialBench(
        context=context,
        name=name,
        plan=plan,
        aims=aims,
        table=table,
        rule=rule,
        meta_model=meta_model,
        benchmarks=tuple(
            _benchmark(context, file, benchmark) if "bmc" in wanted else None for file in names
        ),
        machines=machines,
        force=force,
        listener=listener,
    )


def _meta_model(context: Context) -> Path:
    bring_for_validation(context)
    path = context.file(context.files.meta_model)
    if not path.is_file():
        raise FileMissing(
            f"MMC needs {path.name}, which is not here and could not be brought",
            hint=f"`numeri download {path.name}`, or aim at something else",
        )
    return path


def _require_tested(
    context: Context, names: Sequence[str], plan: SearchPlan, meta_model: Path
) -> None:
    """Raise UsageProblem where the meta model knows none of the eras that trials are scored on."""
    column = read_id_column(meta_model, META_MODEL)
    for name in names:
        file = DataFile.open(context.file(name))
        there = known(join(column, id_strings(file)).values)
        eras = file.eras()
        if {eras.names[code] for code in np.unique(eras.codes[there])} & set(plan.tested):
            return
    raise UsageProblem(
        f"{meta_model.name} knows none of the eras {plan.tested[0]} to {plan.tested[-1]} that the"
        " search is scored on, so that there is no MMC",
        hint='it knows late eras: give the model data = ["train", "validation"], or hold out fewer',
    )


def _benchmark(context: Context, file: str, asked: str | None) -> tuple[Path, str]:
    """The benchmarks' file of a data file and the column that is meant."""
    name = context.files.benchmarks_of(file)
    absent = missing(context, (name,))
    if absent:
        bring(context, absent)
    path = context.file(name)
    columns = [one for one in DataFile.open(path).columns if one not in ("id", "era", "data_type")]
    if asked not in (None, *columns):
        raise UsageProblem(
            f"{path.name} has no column {asked!r}", hint=f"it has {', '.join(columns[:12])}"
        )
    return path, asked or columns[-1]
