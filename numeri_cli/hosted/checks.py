"""Everything that can be found out about a pickle before it is uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.dataset.prediction_files import read_predictions
from numeri_cli.hosted.answers import (
    TOLERANCE,
    by_id,
    difference,
    sound_answer,
    unfit_answer,
)
from numeri_cli.hosted.causes import Circumstances, of_end, of_module, of_trouble
from numeri_cli.hosted.environments import Environment
from numeri_cli.hosted.findings import HostedFinding, fine, mend, warning
from numeri_cli.hosted.images import IN_SOME, is_in_images
from numeri_cli.hosted.pickle_contents import PickleContents, is_of_python, look_into
from numeri_cli.hosted.sandbox import GIGABYTE, Outcome, Run, SandboxLimits, prepared, run_model
from numeri_cli.hosted.tables import RoundTables, lay_out
from numeri_cli.progress import Listener

_COPIES = {
    "rows": ("rows", "the rows are in another order", "align by the index, never by position"),
    "columns": (
        "columns",
        "the columns are in another order",
        "select the columns by their names: live_features[names]",
    ),
    "int8": ("int8", "the features are int8", "begin with .astype('float32')"),
    "float32": ("float32", "the features are float32", "begin with .astype('float32')"),
}
_GAPS = {
    "missing": ("missing feature", "a feature is NaN throughout", "fill missing values"),
    "benchmarks": (
        "missing benchmarks",
        "the benchmark models' file is missing",
        "be ready for a table without columns, or know that such a round is missed",
    ),
}


@dataclass(frozen=True, kw_only=True)
class RoundFiles:
    """What a pickle is tried on.

    live, benchmarks: a round's files; expected: predictions that it has to repeat, by a file
    feature: one that the model uses, which goes missing once
    """

    live: Path
    benchmarks: Path | None
    expected: Path | None = None
    feature: str | None = None


@dataclass(frozen=True, kw_only=True)
class PickleExamination:
    """What was found; run: what happened in the sandbox, contents: what the file says itself."""

    findings: tuple[HostedFinding, ...]
    contents: PickleContents
    run: Run
    rows: int = 0

    @property
    def seconds(self) -> float:
        """For opening the pickle and predicting the live data; 0 where it did not."""
        steps = [self.run.steps.get(name) for name in ("load", "live")]
        return sum(step.seconds for step in steps if step is not None)

    @property
    def lacks_package(self) -> bool:
        """Whether it failed for want of a module that every image has."""
        troubles = [step.trouble for step in self.run.steps.values() if step.trouble is not None]
        roots = [one.module.split(".", maxsplit=1)[0] for one in troubles if one.module]
        return any(map(is_in_images, roots))

    @property
    def by_reference(self) -> tuple[str, ...]:
        """Modules that the pickle takes things from by name, without those of Python itself."""
        return tuple(one for one in self.contents.by_reference if not is_of_python(one))


def run_checks(
    pickle: Path,
    trial: RoundFiles,
    *,
    environment: Environment,
    listener: Listener,
    limits: SandboxLimits | None = None,
) -> PickleExamination:
    """Look into a pickle, then run it in the sandbox on a round's data and on changed copies of it.

    Raises FileMissing, FileDamaged, FileForeign of the data, DiskError.
    """
    limits = limits or SandboxLimits()
    contents = look_into(pickle)
    with prepared(pickle) as folder:
        tables = lay_out(folder, trial.live, trial.benchmarks)
        if contents.damage:
            told = f"it is no whole pickle: {contents.damage}"
            damage = mend("opens", told, "write the file again")
            return PickleExamination(findings=(damage,), contents=contents, run=Run())
        calls = tables.calls(missing=trial.feature)
        with listener.task("trying it in the sandbox", total=1, unit="runs") as task:
            run = run_model(folder, calls, environment=environment, limits=limits)
            task.advance(1)
    given = Circumstances(environment=environment, limits=limits, contents=contents)
    expected = _predictions(trial.expected) if trial.expected else None
    findings = [*of_sandbox(run, environment), *of_modules(contents)]
    findings += findings_of(run, given, tables, expected)
    return PickleExamination(
        findings=tuple(findings), contents=contents, run=run, rows=len(tables.ids)
    )


def _predictions(path: Path) -> dict[str, float]:
    column = read_predictions(path, name=path.name)
    return dict(zip(column.ids.to_pylist(), column.values.tolist(), strict=True))


def of_sandbox(run: Run, environment: Environment) -> list[HostedFinding]:
    """Where the trial was less like Numerai's machines than it could be."""
    found = []
    if not environment.is_image:
        found.append(
            warning(
                "environment",
                f"tried with this machine's own packages, not the image's: {environment.note}",
                "go online, and leave --bare out, for the image's versions",
            )
        )
    if not run.network_cut:
        found.append(
            warning(
                "network",
                "network not cut: only what Python itself opens was refused",
                "on Linux `unshare --user --map-root-user --net true` has to work",
            )
        )
    if run.at and not run.confined:
        found.append(
            warning(
                "files",
                "files not out of reach: only what Python itself opens was refused",
                "on Linux the kernel has to have Landlock; try no pickle that you do not trust",
            )
        )
    return found


def of_modules(contents: PickleContents) -> list[HostedFinding]:
    """What the pickle takes by name that not every image has."""
    found: list[HostedFinding] = []
    for module in contents.by_reference:
        if is_of_python(module) or is_in_images(module):
            continue
        if module in IN_SOME:
            told = f"it needs {module}, which only some of Numerai's images have"
            found.append(warning("modules", told, "choose an image that has it"))
        elif module == "__main__":
            told = "its function is pickled by its name only, as one of a script or notebook"
            found.append(mend("modules", told, "pickle it with cloudpickle.dumps(predict)"))
        else:
            found.append(of_module(module))
    return found or [fine("modules", "what it takes by name is in every image")]


def findings_of(
    run: Run, given: Circumstances, tables: RoundTables, expected: Mapping[str, float] | None
) -> list[HostedFinding]:
    """What happened in the sandbox, from opening the pickle to the last of the copies.

    expected: predictions by id that it has to repeat; None where there are none
    """
    for step in ("load", "live"):
        outcome = run.steps.get(step)
        trouble = None if outcome is None else of_trouble(outcome, run, given)
        if trouble is not None:
            return [trouble]
        if outcome is None and run.parameters in (None, 1, 2):
            return [_ended(run, given)]
    if run.parameters not in (1, 2):
        told = f"it takes {run.parameters} arguments, and the runner gives one or two"
        return [mend("predicts", told, "predict(live_features[, live_benchmark_models])")]
    live = run.steps["live"]
    answer = live.answer or {}
    unfit = unfit_answer(answer, tables.ids)
    found = [
        fine("opens", "the pickle opens without numeri"),
        _time_taken(run, given),
        *(unfit or sound_answer(len(tables.ids))),
    ]
    found += _of_requests(run)
    values = by_id(answer)
    if values is not None and expected is not None:
        found.append(_same_as(values, expected))
    found += _of_copies(run, tables, values, given)
    if run.ended != "done":
        found.append(_ended(run, given))
    return found


def _ended(run: Run, given: Circumstances) -> HostedFinding:
    found = of_end(run, given)
    if found is not None:
        return found
    return mend("predicts", "it never came to predict", "look at what it does when it is opened")


def _time_taken(run: Run, given: Circumstances) -> HostedFinding:
    seconds = run.steps["load"].seconds + run.steps["live"].seconds
    return fine(
        "time",
        f"{seconds:.1f} s of {given.limits.seconds:g} s on one core,"
        f" {run.peak_bytes / GIGABYTE:.2f} of {given.limits.memory_bytes / GIGABYTE:g} GB",
    )


def _of_requests(run: Run) -> list[HostedFinding]:
    """Files and addresses that it asked for, did not get, and went on without."""
    found = []
    if run.files:
        told = f"it looks for a file that is not on Numerai's machines: {run.files[0]}"
        found.append(warning("files", told, "bring what is in the file into the pickle"))
    if run.addresses:
        told = f"it looks for the network, which Numerai does not give: {run.addresses[0]}"
        found.append(warning("network", told, "bring what it fetches into the pickle"))
    return found


def _same_as(values: Mapping[str, float], expected: Mapping[str, float]) -> HostedFinding:
    largest = difference(values, expected)
    if largest <= TOLERANCE:
        words = f"to {largest:.0e}" if largest else "to the last digit"
        return fine("same", f"equal to `numeri predict`, {words}")
    return mend(
        "same",
        f"it predicts otherwise than `numeri predict`: by up to {largest:g}",
        "look which library's version differs; --bare takes those of this machine",
    )


def _of_copies(
    run: Run, tables: RoundTables, values: Mapping[str, float] | None, given: Circumstances
) -> list[HostedFinding]:
    found = []
    for name, (check, told, cure) in _COPIES.items():
        outcome = run.steps.get(name)
        if outcome is None:
            continue
        ids = [tables.ids[n] for n in tables.order] if name == "rows" else tables.ids
        found.append(_of_copy(outcome, ids, values, words=(check, told, cure)))
    for name, (check, told, cure) in _GAPS.items():
        outcome = run.steps.get(name)
        if outcome is None:
            continue
        unfit = unfit_answer(outcome.answer or {}, tables.ids)
        if outcome.trouble is not None:
            why = f"{outcome.trouble.error}: {outcome.trouble.words.strip()[:200]}"
            found.append(warning(check, f"it fails where {told}: {why}", cure))
        elif unfit:
            found.append(warning(check, f"where {told}, {unfit[0].message}", cure))
        else:
            found.append(fine(check, f"it predicts where {told}"))
    return found


def _of_copy(
    outcome: Outcome,
    ids: list[str] | tuple[str, ...],
    values: Mapping[str, float] | None,
    *,
    words: tuple[str, str, str],
) -> HostedFinding:
    check, told, cure = words
    if outcome.trouble is not None:
        why = f"{outcome.trouble.error}: {outcome.trouble.words.strip()[:200]}"
        return mend(check, f"it fails where {told}: {why}", cure)
    answer = outcome.answer or {}
    unfit = unfit_answer(answer, ids)
    if unfit:
        return mend(check, f"where {told}, {unfit[0].message}", cure)
    found = by_id(answer)
    largest = difference(found, values) if found is not None and values else 0.0
    if largest > TOLERANCE:
        return mend(check, f"it predicts otherwise where {told}: by up to {largest:g}", cure)
    return fine(check, f"the same predictions where {told}")
