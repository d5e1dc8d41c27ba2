"""A plan's names resolved, its files opened, its eras chosen: what training starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.dataset.eras import era_number, purge_eras, sort_eras
from numeri_cli.dataset.features import FeatureFile
from numeri_cli.dataset.parquet import DataFile
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import TargetMissing
from numeri_cli.files import safe_name
from numeri_cli.home import Home
from numeri_cli.learning.estimators.lightgbm.cache import BinnedCache
from numeri_cli.learning.estimators.lightgbm.parameters import require_accepted
from numeri_cli.learning.plan import LIGHTGBM, ModelPlan, Neutralization
from numeri_cli.learning.rows import Source, open_sources, rows_of_eras, with_target
from numeri_cli.learning.training import parameters
from numeri_cli.tournaments import CLASSIC


@dataclass(frozen=True)
class Site:
    """Where a plan is carried out.

    tournament: the key under which everything local is kept
    dataset: the folder of the data version's files
    profile: the profile's file, for its state in git and modules beside it
    """

    home: Home
    tournament: str
    dataset: Path
    profile: Path | None = None

    @property
    def cache(self) -> BinnedCache:
        """The binned data of this tournament."""
        return BinnedCache(self.home.binned(self.tournament))

    def lock(self, model: str) -> Path:
        """The lock of whoever trains this model."""
        return self.home.lock(self.tournament, f"train-{safe_name(model)}")

    @property
    def beside(self) -> Path | None:
        """The folder in which an estimator's module may lie."""
        return self.profile.parent if self.profile else None


@dataclass(frozen=True)
class Prepared:
    """A plan with its names resolved and its files opened."""

    plan: ModelPlan
    sources: tuple[Source, ...]
    features: tuple[str, ...]
    purge: int


def prepare(plan: ModelPlan, site: Site) -> Prepared:
    """Resolve the plan's sets to names, open its files, check its targets and parameters."""
    if plan.estimator == LIGHTGBM:
        require_accepted(parameters(plan, plan.seeds[0]))
    feature_file = FeatureFile.read(site.dataset / CLASSIC.files.features)
    features = feature_file.features(plan.features)
    resolved = replace(plan, neutralize=resolve(plan.neutralize, feature_file))
    files = []
    for name in plan.data:
        data = DataFile.open(site.dataset / f"{name}.parquet")
        data.require(features)
        for target in plan.targets:
            check_target(data, target)
        files.append((data, site.cache.digest_of(data.path)))
    return Prepared(resolved, open_sources(files), features, purge_eras(plan.targets))


def resolve(neutralize: Neutralization | None, feature_file: FeatureFile) -> Neutralization | None:
    """The same with its set's name replaced by the features' names. Raises FeatureUnknown."""
    if neutralize is None or neutralize.proportion == 0:
        return None
    return replace(neutralize, features=feature_file.features(neutralize.features))


def training_eras(prepared: Prepared) -> tuple[str, ...]:
    """The eras that may train: all of train; with validation, those before the frontier.

    The frontier is where targets stop being resolved. The first era to be predicted comes after
    the data's last, so eras within the purge of it are left out, as are unresolved ones.
    """
    eras = sort_eras(prepared.sources[0].eras)
    if "validation" not in prepared.plan.data:
        return eras
    resolved = [_last_resolved(prepared, target) for target in prepared.plan.targets]
    frontier = min(era_number(eras[-1]) + 1 - prepared.purge, min(resolved) + 1)
    chosen = tuple(era for era in eras if era_number(era) < frontier)
    if not chosen:
        raise TargetMissing(
            f"no era of the data is {prepared.purge} eras before its end",
            hint="take data with a longer history",
        )
    return chosen


def _last_resolved(prepared: Prepared, target: str) -> float:
    rows = rows_of_eras(prepared.sources, prepared.sources[0].eras)
    return max(era_number(era) for era in with_target(rows, target).rows.chosen_eras())
