"""A plan and the downloaded files → an artifact."""

from __future__ import annotations

import platform
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numeri_cli import __version__
from numeri_cli.dataset.eras import era_number, purge_eras, sort_eras
from numeri_cli.dataset.features import FeatureFile, features_digest
from numeri_cli.dataset.store import DataFile
from numeri_cli.dataset.targets import check_target
from numeri_cli.errors import TargetMissing
from numeri_cli.home import Home
from numeri_cli.learning.artifact import UNFINISHED, Artifact, model_folder
from numeri_cli.learning.cache import BinnedCache
from numeri_cli.learning.contract import BoosterRecord, Contract
from numeri_cli.learning.plan import LIGHTGBM, ModelPlan, Neutralization
from numeri_cli.learning.rows import Source, open_sources, rows_of_eras, with_target
from numeri_cli.learning.training import (
    Member,
    TrainingSet,
    Workplace,
    hold_out,
    parameters,
    train_members,
)
from numeri_cli.progress import SILENT, Listener

FEATURE_FILE = "features.json"


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


def train(
    plan: ModelPlan, site: Site, *, force: bool = False, listener: Listener = SILENT
) -> Artifact:
    """Train a plan's targets × seeds and keep them as a new artifact; older ones stay.

    Killed at any time, the next call goes on at the last finished leg with the same trees.
    force: train even where memory or disk look too small
    Raises FileMissing and the like, FeatureUnknown, TargetUnknown, TargetAlias, TargetMissing,
    ParameterUnknown, EstimatorInvalid, MemoryShort, DiskError.
    """
    started = time.monotonic()
    prepared = prepare(plan, site)
    eras = plan.eras.choose(training_eras(prepared))
    train_on, held_out = hold_out(eras, held_out=plan.early_stopping_eras, purge=prepared.purge)
    data = TrainingSet(prepared.sources, prepared.features, train_on, held_out)
    unfinished = model_folder(site.home, site.tournament, plan.name) / UNFINISHED
    place = Workplace(site.cache, unfinished, site.beside, force, listener)
    members = train_members(prepared.plan, data, place)
    listener.step("trained")
    contract = _contract(prepared, site, members, eras=train_on, seconds=time.monotonic() - started)
    files = {member.file: member.content for member in members}
    artifact = Artifact.save(site.home, contract, files)
    shutil.rmtree(unfinished, ignore_errors=True)
    listener.step("artifact_saved")
    return artifact


def prepare(plan: ModelPlan, site: Site) -> Prepared:
    """Resolve the plan's sets to names, open its files, check its targets and parameters."""
    if plan.estimator == LIGHTGBM:
        parameters(plan, plan.seeds[0])
    feature_file = FeatureFile.read(site.dataset / FEATURE_FILE)
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


def _contract(
    prepared: Prepared,
    site: Site,
    members: Sequence[Member],
    *,
    eras: tuple[str, ...],
    seconds: float,
) -> Contract:
    plan, now = prepared.plan, datetime.now(UTC)
    neutralize = plan.neutralize
    return Contract(
        artifact_id=f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}",
        model=plan.name,
        tournament=site.tournament,
        data_version=plan.data_version,
        estimator=plan.estimator,
        params=_params_as_trained(plan),
        features=prepared.features,
        features_digest=features_digest(prepared.features),
        targets=plan.targets,
        seeds=plan.seeds,
        eras=eras,
        purge_eras=prepared.purge,
        missing_twos=plan.missing_twos,
        neutralize_features=tuple(neutralize.features) if neutralize else (),
        neutralize_proportion=neutralize.proportion if neutralize else 0.0,
        leg_trees=plan.leg_trees,
        boosters=tuple(_record(member) for member in members),
        sources={source.data.path.name: source.digest for source in prepared.sources},
        versions=_versions(),
        trained_at=now.isoformat(timespec="seconds"),
        training_seconds=round(seconds, 3),
        profile_git=git_state(site.profile),
    )


def _params_as_trained(plan: ModelPlan) -> dict[str, Any]:
    if plan.estimator != LIGHTGBM:
        return dict(plan.params)
    given = parameters(plan, plan.seeds[0])
    return given if len(plan.seeds) == 1 else {k: v for k, v in given.items() if k != "seed"}


def _record(member: Member) -> BoosterRecord:
    return BoosterRecord(
        file=member.file,
        digest=sha256(member.content).hexdigest(),
        target=member.target,
        seed=member.seed,
        rows=member.rows,
        dropped_rows=member.dropped_rows,
        trees=member.trees,
    )


def _versions() -> dict[str, str]:
    libraries = ("lightgbm", "numpy", "pyarrow", "joblib")
    return {
        "numeri": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def git_state(profile: Path | None) -> str:
    """The commit of the profile's repository, "-dirty" where the file was changed; "" elsewhere."""
    git = shutil.which("git")
    if profile is None or git is None:
        return ""

    def ask(*words: str) -> str | None:
        done = subprocess.run(  # noqa: S603 - git itself, with words of ours
            [git, "-C", str(profile.parent), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        commit = ask("rev-parse", "HEAD")
        changed = ask("status", "--porcelain", "--", profile.name)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if not commit:
        return ""
    return f"{commit}-dirty" if changed else commit
