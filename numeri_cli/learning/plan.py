"""A training as a plan: every window × target × seed a member that any machine can train."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from numeri_cli.errors import ArtifactDamaged, EstimatorInvalid
from numeri_cli.learning.contract import MemberRecord
from numeri_cli.learning.estimators.base import Estimator, Fitted
from numeri_cli.learning.estimators.kept_members import KeptMembers, code_of
from numeri_cli.learning.rows import Rows, rows_of_eras
from numeri_cli.learning.training_data import TrainingData
from numeri_cli.learning.workspace import Workspace
from numeri_cli.model_spec import ModelSpec
from numeri_cli.progress import SILENT, Listener
from numeri_cli.version import __version__

KEPT = "members"
_PROBE_ROWS = 256
_AFTER_TRAINING = {"targets", "seeds", "neutralize", "retrain", "blend"}  # no member knows of them


@dataclass(frozen=True)
class Member:
    """A trained member: what is recorded of it, and the content of its file."""

    record: MemberRecord
    content: bytes

    def fitted(self, estimator: Estimator, features: tuple[str, ...]) -> Fitted:
        """The member itself, fresh from its training."""
        source, digest = Path(self.record.file), self.record.digest
        return estimator.load(self.content, features=features, source=source, digest=digest)


@dataclass(frozen=True)
class PlannedMember:
    """A member to be trained: its window's place in the plan; label: shown while it grows."""

    window: int
    target: str
    seed: int
    label: str


@dataclass(frozen=True)
class PlannedWindow:
    """The eras that train a window's members, and those that end their training early."""

    eras: tuple[str, ...]
    held_out_eras: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """Everything that members depend on, whichever machine trains them.

    name: of the model
    windows: one for a training, several for a backtest
    whole_eras: what all windows are cut from, so that one cached file serves; empty: each its own
    force: train even where memory or disk look too small
    """

    name: str
    spec: ModelSpec
    workspace: Workspace
    data: TrainingData
    windows: tuple[PlannedWindow, ...]
    whole_eras: tuple[str, ...] = ()
    force: bool = False

    def rows(self, window: int) -> Rows:
        """The rows that a window's members are chosen from."""
        return rows_of_eras(self.data.sources, self.windows[window].eras)

    def members(self, windows: Sequence[int]) -> tuple[PlannedMember, ...]:
        """Targets × seeds of these windows, in the order in which one machine would train them."""
        return tuple(
            PlannedMember(window, target, seed, self._label(window, target, seed))
            for window in windows
            for target in self.spec.targets
            for seed in self.spec.seeds
        )

    def _label(self, window: int, target: str, seed: int) -> str:
        words = [self.name, target]
        words += [f"seed {seed}"] if len(self.spec.seeds) > 1 else []
        words += [f"window {window + 1}"] if len(self.windows) > 1 else []
        return " ".join(words)


@dataclass(frozen=True, kw_only=True)
class MachineMember:
    """A member as a machine gives it back.

    rows, dropped_rows, trees: as `MemberRecord` has them; machine: the name of who trained it
    """

    content: bytes
    rows: int
    dropped_rows: int
    trees: int
    machine: str


Keep = Callable[[PlannedMember, MachineMember], None]


class Machines(Protocol):
    """Other machines, which train members of a plan."""

    @property
    def way(self) -> str:
        """What members owe to how the work is shared out; "" where they are as grown here."""

    def train(self, plan: TrainingPlan, members: Sequence[PlannedMember], *, keep: Keep) -> None:
        """Train these members in any order; `keep` gets each as soon as it is here.

        Raises what a training raises, and ClusterError and its like; what was kept stays kept.
        """


@dataclass(frozen=True)
class KeptPlan:
    """The members of a plan that are here, on disk until the artifact or backtest is whole.

    versions: of what makes members; code: a mark of somebody's class that they come from
    way: as `Machines` has it
    """

    plan: TrainingPlan
    estimator: Estimator
    store: KeptMembers
    versions: dict[str, str]
    code: str
    way: str = ""

    def missing(self, windows: Sequence[int]) -> tuple[PlannedMember, ...]:
        """Those of these windows that have to be trained."""
        return tuple(one for one in self.plan.members(windows) if self._found(one) is None)

    def keep(self, planned: PlannedMember, made: MachineMember) -> None:
        """Put a member on disk. Raises DiskError."""
        record = MemberRecord(
            file=f"{planned.target}-seed{planned.seed}{self.estimator.suffix}",
            digest=sha256(made.content).hexdigest(),
            target=planned.target,
            seed=planned.seed,
            rows=made.rows,
            dropped_rows=made.dropped_rows,
            trees=made.trees,
            machine=made.machine,
        )
        head = record.model_dump_json().encode()
        self.store.keep(self._digest(planned), head + b"\n" + made.content)

    def members(self, window: int) -> tuple[Member, ...]:
        """A window's members, in the order in which one machine would have trained them.

        Raises EstimatorInvalid where two seeds have given the same model.
        """
        found = []
        for planned in self.plan.members([window]):
            member = self._found(planned)
            if member is None:
                raise ArtifactDamaged(
                    f"{planned.label} was trained, and is not here any more",
                    hint="run the same command again",
                )
            found.append(member)
        self._require_different(found)
        return tuple(found)

    def _found(self, planned: PlannedMember) -> Member | None:
        kept = self.store.get(self._digest(planned))
        if kept is None:
            return None
        head, _, content = kept.partition(b"\n")
        return Member(MemberRecord.model_validate_json(head), content)

    def _require_different(self, members: Sequence[Member]) -> None:
        """An ensemble of copies is one model: a class may take a seed and never use it."""
        spec, features = self.plan.spec, self.plan.data.features
        if len(spec.seeds) < 2:
            return
        random = np.random.default_rng(0)
        probe = random.integers(0, 5, (_PROBE_ROWS, len(features))).astype(np.float32)
        seen: dict[tuple[str, bytes], int] = {}
        for member in members:
            predicted = member.fitted(self.estimator, features).predict(probe).tobytes()
            target, seed = member.record.target, member.record.seed
            earlier = seen.setdefault((target, predicted), seed)
            if earlier != seed:
                raise EstimatorInvalid(
                    f"{spec.estimator.name} makes the same model of the seeds {earlier} and {seed}",
                    hint="name one seed, or let its params leave more to chance",
                )

    def _digest(self, planned: PlannedMember) -> str:
        """The digest of everything that a member depends on."""
        plan = self.plan
        content = [
            plan.name,
            plan.spec.model_dump(exclude=_AFTER_TRAINING),
            plan.data.features,
            [source.digest for source in plan.data.sources],
            plan.data.inputs_digest,
            asdict(plan.windows[planned.window]),
            plan.whole_eras,
            planned.target,
            planned.seed,
            self.versions,
            self.code,
            *([self.way] if self.way else []),
        ]
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def trained_elsewhere(
    plan: TrainingPlan,
    machines: Machines,
    *,
    windows: Sequence[int],
    estimator: Estimator,
    folder: Path,
    listener: Listener = SILENT,
) -> KeptPlan:
    """The members of these windows, trained by other machines; what is kept is not trained again.

    folder: where members are kept; removed by whoever ends the training
    Raises what `Machines.train` raises.
    """
    kept = KeptPlan(
        plan,
        estimator,
        KeptMembers(folder / KEPT, plan.workspace.cache),
        versions_of(estimator.libraries),
        code_of(plan.spec.estimator, module_folder=plan.workspace.module_folder),
        machines.way,
    )
    missing = kept.missing(windows)
    here = len(plan.members(windows)) - len(missing)
    if here and missing:
        listener.say(f"{here} members are kept from the training before")
    if missing:
        machines.train(plan, missing, keep=kept.keep)
    return kept


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """What decides how members come out: numeri, Python and libraries; "missing" for one of these
    that is not installed."""
    found = {"numeri": __version__, "python": platform.python_version()}
    for library in [name for name in libraries if name not in found]:
        try:
            found[library] = library_version(library)
        except ImportError:
            found[library] = "missing"
    return found


def library_version(library: str) -> str:
    """The version of a package, whatever the distribution is called that brought it."""
    try:
        return version(library)
    except PackageNotFoundError:  # xgboost comes as xgboost-cpu, too
        module: Any = import_module(library)
        return str(module.__version__)
