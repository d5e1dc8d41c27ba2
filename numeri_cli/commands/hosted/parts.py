"""A model of the profile as what a hosted function is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.blends import shares_of
from numeri_cli.errors import EstimatorInvalid
from numeri_cli.files import disk_errors, safe_name
from numeri_cli.hosted.images import ALWAYS, PACKAGES
from numeri_cli.hosted.plan import BlendPart, FunctionPart, HostedPart, TrainedPart
from numeri_cli.learning.estimators.base import holds_pickle, hosted_module, make_estimator
from numeri_cli.learning.estimators.function import is_pickle
from numeri_cli.model_spec import Neutralization

_MOST_BYTES = 4 * 2**20  # of a module beside the profile


def part_of(model: OpenModel) -> HostedPart:
    """What a function is made of that predicts as `numeri predict` does.

    Raises EstimatorInvalid where part of it cannot be on Numerai's machines, ArtifactDamaged.
    """
    neutralization = _possible(model.name, model.neutralization)
    if model.parts:
        shares = shares_of(model.context, model.name)
        return BlendPart(
            name=model.name,
            parts=tuple(part_of(one) for one in model.parts),
            shares=tuple(shares[one.name] for one in model.parts),
            neutralization=neutralization,
        )
    if model.function is not None:
        return _of_function(model, neutralization)
    fitted, artifact = model.fitted, model.artifact  # which also looks at each member's digest
    members = []
    for record in artifact.contract.members:
        path = artifact.folder / safe_name(record.file)
        with disk_errors(path):
            members.append((record.file, path.read_bytes()))
    return TrainedPart(
        name=model.name,
        features=fitted.features,
        missing_twos=fitted.spec.missing_twos == "nan",
        scale=fitted.scale,
        engine=hosted_module(fitted.spec.estimator),
        members=tuple(members),
        neutralization=neutralization,
    )


def _of_function(model: OpenModel, neutralization: Neutralization | None) -> FunctionPart:
    assert model.function is not None  # noqa: S101 - the caller has looked
    if is_pickle(model.function.name):
        raise EstimatorInvalid(
            f"{model.name} is a pickle already, {model.function.name}",
            hint=f"check the file itself: `numeri hosted check {model.function.name}`",
        )
    return FunctionPart(
        name=model.name,
        function=model.function.name,
        wants_benchmarks=model.function.wants_benchmarks,
        neutralization=neutralization,
    )


def _possible(name: str, neutralization: Neutralization | None) -> Neutralization | None:
    """The neutralization, where all that it takes out is on Numerai's machines."""
    for step in neutralization.steps if neutralization else ():
        if step.file:
            raise EstimatorInvalid(
                f"{name} is neutralized against {Path(step.file).name}, a file of this machine",
                hint="take `file` out of `neutralize` for a hosted model: Numerai has features and"
                " benchmark models alone",
            )
    return neutralization


def packages_of(model: OpenModel) -> tuple[str, ...]:
    """Packages of the images that a model needs beside those that every model does."""
    if model.parts:
        return tuple(dict.fromkeys(name for one in model.parts for name in packages_of(one)))
    spec = model.artifact.contract.spec.estimator
    if not _is_code_beside(model):
        return tuple(n for n in make_estimator(spec).libraries if n in PACKAGES)
    return tuple(_mentioned([spec.name, *_texts_beside(model.context.workspace.module_folder)]))


def marks_of(model: OpenModel) -> tuple[str, ...]:
    """All of a model that its pickle depends on: its artifact, its steps, code beside the profile.

    Raises what `neutralization` of it raises.
    """
    shares = sorted(shares_of(model.context, model.name).items())
    own = (model.artifact.contract.artifact_id, repr(model.neutralization), repr(shares))
    if model.parts:
        return (*own, *(mark for one in model.parts for mark in marks_of(one)))
    if not _is_code_beside(model):
        return own
    return (*own, *_texts_beside(model.context.workspace.module_folder))


def _is_code_beside(model: OpenModel) -> bool:
    """Whether modules beside the profile predict, or part of them may."""
    return model.function is not None or holds_pickle(model.artifact.contract.spec.estimator)


def _texts_beside(folder: Path | None) -> Iterator[str]:
    """The modules beside the profile."""
    for path in sorted(folder.rglob("*.py")) if folder else ():
        if "site-packages" not in path.parts and path.stat().st_size < _MOST_BYTES:
            with disk_errors(path):
                yield path.read_text(encoding="utf-8", errors="replace")


def _mentioned(texts: list[str]) -> Iterator[str]:
    """Packages whose modules are named somewhere."""
    for package, modules in PACKAGES.items():
        if package not in ALWAYS and any(one in text for one in modules for text in texts):
            yield package
