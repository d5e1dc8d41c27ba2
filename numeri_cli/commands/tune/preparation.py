"""What every process of a search begins with: the same eras, aims and journal in all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.tune.bench import Figures, TrialBench, trial_bench
from numeri_cli.commands.tune.candidates import require_possible, study_name
from numeri_cli.commands.tune.plan import HOLD_OUT_ERAS, STRIDE, SearchPlan, search_plan
from numeri_cli.commands.tune.work import Hushed, SearchWork, worker_folder
from numeri_cli.files import expanded
from numeri_cli.learning.plan import Machines
from numeri_cli.learning.training_data import open_training_data
from numeri_cli.ledger.searches import KeptTrial, keep_trials
from numeri_cli.progress import Listener
from numeri_cli.search.aims import Aim, aims_named
from numeri_cli.search.search import Search


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """How a search goes about it; all processes of one search have to say the same.

    aims: by name; target: that trials are scored on, the model's first where None
    hold_out: so many last eras are never shown to the search
    window, purge, stride: of the backtest, see `search_plan`
    benchmark: the column that BMC is against; study: a folder for the journal, shared by others
    """

    aims: tuple[str, ...] = ("corr",)
    target: str | None = None
    hold_out: int = HOLD_OUT_ERAS
    window: int | None = None
    purge: int | None = None
    stride: int = STRIDE
    benchmark: str | None = None
    study: Path | None = None


AS_USUAL = SearchSettings()


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A model's search before its first trial; journal: the file that its processes share."""

    name: str
    settings: SearchSettings
    aims: tuple[Aim, ...]
    plan: SearchPlan
    journal: Path

    def bench(self, context: Context, machines: Machines | None, *, force: bool) -> TrialBench:
        """What trials are put to. Raises UsageProblem where an aim cannot be scored, and what
        downloading raises."""
        return trial_bench(
            context,
            self.name,
            plan=self.plan,
            aims=self.aims,
            benchmark=self.settings.benchmark,
            machines=machines,
            force=force,
            listener=Hushed(context.listener),
        )

    def search(self, context: Context, *, seed: int | None) -> Search:
        """The search itself. Raises FileDamaged, LocksUnsupported, DiskError."""
        space = context.profile.model(self.name).tune
        return Search(self.journal, space=space, aims=len(self.aims), seed=seed)


def prepared(context: Context, name: str, settings: SearchSettings) -> Preparation:
    """A search of a model whose data is here; the first to look at all that it may try.

    Raises UsageProblem, ProfileInvalid, FeatureUnknown, TargetUnknown, ParameterUnknown, and what
    reading the data raises.
    """
    spec = context.profile.model(name)
    aims = aims_named(settings.aims)
    data = open_training_data(spec, context.workspace)
    plan = search_plan(
        spec,
        data,
        targets=require_possible(name, spec, data, context.workspace),
        target=settings.target or spec.targets[0],
        hold_out=settings.hold_out,
        window=settings.window,
        purge=settings.purge,
        stride=settings.stride,
    )
    study = study_name(
        name,
        spec,
        plan=plan,
        data=data,
        workspace=context.workspace,
        aims=tuple(aim.name for aim in aims),
        benchmark=settings.benchmark,
    )
    folder = (
        expanded(settings.study) if settings.study else context.home.searches(context.tournament)
    )
    return Preparation(
        name=name, settings=settings, aims=aims, plan=plan, journal=folder / f"{study}.journal"
    )


def work_of(
    search: Search, bench: TrialBench, *, listener: Listener, until: float = math.inf
) -> SearchWork:
    """This process's part of a search; listener: hears of each trial."""
    context, name = bench.context, bench.name
    return SearchWork(
        name=name,
        spec=context.profile.model(name),
        search=search,
        bench=bench,
        folder=worker_folder(context.home.predictions(context.tournament), search),
        keep=lambda: _keep(context, name, search, bench),
        listener=listener,
        until=until,
    )


def _keep(context: Context, name: str, search: Search, bench: TrialBench) -> None:
    """Write every trial of the search into the ledger, whichever process it was done by."""
    keep_trials(
        context.ledger,
        context.tournament,
        [
            KeptTrial(
                study=search.path.stem,
                model=name,
                number=one.number,
                state=one.state,
                tried=one.values,
                figures=by_aim(bench, one.figures),
                windows=len(one.windows),
                seconds=one.seconds,
                note=one.note,
                time=one.began,
            )
            for one in search.trials()
        ],
    )


def by_aim(bench: TrialBench, figures: Figures) -> dict[str, float]:
    """Figures by the names of the aims."""
    return {aim.name: figure for aim, figure in zip(bench.aims, figures, strict=False)}
