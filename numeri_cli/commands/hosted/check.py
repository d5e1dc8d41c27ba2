"""numeri hosted check: everything that can fail on Numerai's machines, before the upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel, open_model
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.image import image_and_python, offered_version
from numeri_cli.commands.hosted.parts import packages_of, part_of
from numeri_cli.commands.ready import benchmarks_beside
from numeri_cli.commands.words import data_file
from numeri_cli.errors import FileMissing, UsageProblem
from numeri_cli.files import digest_file, disk_errors, safe_name
from numeri_cli.hosted.build import build_pickle
from numeri_cli.hosted.checks import PickleExamination, RoundFiles, run_checks
from numeri_cli.hosted.environments import Environment, make_environment
from numeri_cli.hosted.findings import HostedFinding, fine, mend
from numeri_cli.hosted.images import ALWAYS, PACKAGES
from numeri_cli.hosted.interpreters import Interpreter
from numeri_cli.hosted.pickle_contents import look_into, mentions
from numeri_cli.hosted.sandbox import SandboxLimits
from numeri_cli.learning.estimators.function import is_pickle
from numeri_cli.published import Published


@dataclass(frozen=True)
class HostedCheck(Published):
    """A pickle and what was found about it.

    model: None where a file was named; file: the pickle; digest: SHA-256, in hex
    environment: "image" with Numerai's versions, or "bare" with this machine's
    packages: of that environment; imports: module → version, of all that was loaded
    by_reference: modules that the pickle names and does not hold; by_value: those that it holds
    memory_by: "cgroup" or "watched"; confined: whether other files were out of its reach
    seconds: for opening it and predicting, on one core; peak_bytes: of memory
    """

    model: str | None
    file: Path
    size_bytes: int
    digest: str
    image: str
    image_id: str
    data_version: str
    data_version_id: str | None
    python: str
    environment: str
    packages: Mapping[str, str]
    imports: Mapping[str, str]
    by_reference: tuple[str, ...]
    by_value: tuple[str, ...]
    network_cut: bool
    confined: bool
    memory_by: str
    seconds: float
    peak_bytes: int
    rows: int
    findings: tuple[HostedFinding, ...]

    @property
    def is_fit(self) -> bool:
        """Whether nothing has to be mended before the upload."""
        return all(one.level != "mend" for one in self.findings)


@dataclass(frozen=True, kw_only=True)
class PreparedPickle:
    """A pickle that may be uploaded, and for which image and data.

    model: None where a file was named; by_value: modules beside the profile that are in it
    data_version_id: None where the tournament does not offer this version to hosted models
    """

    model: OpenModel | None
    file: Path
    image: str
    image_id: str
    data_version: str
    data_version_id: str | None
    versions_offered: str
    environment: Environment
    interpreter: Interpreter
    by_value: tuple[str, ...] = ()


def check(
    context: Context,
    word: str,
    *,
    python: str | None = None,
    bare: bool = False,
    output: Path | None = None,
    limits: SandboxLimits | None = None,
) -> HostedCheck:
    """Build a model's pickle, or take one that exists, and try it as Numerai runs it.

    word: a model of the profile, or a file .pkl; python: an interpreter's path, or a version
    bare: take this machine's packages instead of the image's versions; output: where the pickle of
    a model is written
    Raises PythonMissing, EstimatorInvalid, UsageProblem, and what predicting live data raises.
    """
    prepared = prepare(context, word, python=python, bare=bare, output=output)
    return examine(context, prepared, limits=limits)


def prepare(
    context: Context,
    word: str,
    *,
    python: str | None = None,
    bare: bool = False,
    output: Path | None = None,
) -> PreparedPickle:
    """A model's pickle, made with the Python of the image that runs it; or a file as it is.

    Raises PythonMissing, EstimatorInvalid, FileMissing, UsageProblem, what the API raises.
    """
    if is_pickle(word):
        return _of_file(context, Path(word), python=python, bare=bare, output=output)
    context.require_profile()
    model = open_model(context, word)
    part = part_of(model)
    image, interpreter = image_and_python(context.client, asked=python)
    environment = make_environment(
        interpreter,
        packages_of(model),
        root=context.home.hosted / "environments",
        bare=bare,
        listener=context.listener,
    )
    place = context.home.hosted / "pickles" / context.tournament / f"{safe_name(word)}.pkl"
    built = build_pickle(
        part,
        output.absolute() if output is not None else place,
        python=environment.python,
        module_folder=context.workspace.module_folder,
        listener=context.listener,
    )
    version, offered = offered_version(context.client, model.artifact.contract.data_version)
    return PreparedPickle(
        model=model,
        file=built.path,
        image=image.name,
        image_id=image.id,
        data_version=model.artifact.contract.data_version,
        data_version_id=version.id if version else None,
        versions_offered=offered,
        environment=environment,
        interpreter=interpreter,
        by_value=built.by_value,
    )


def _of_file(
    context: Context, path: Path, *, python: str | None, bare: bool, output: Path | None
) -> PreparedPickle:
    if output is not None:
        raise UsageProblem("--output is for a model's pickle", hint=f"{path} is one already")
    if not path.is_file():
        raise FileMissing(
            f"there is no pickle {path}", hint="name a model of the profile, or a file"
        )
    path = path.absolute()
    contents = look_into(path)
    image, interpreter = image_and_python(context.client, asked=python, pickled_by=contents.pythons)
    words = {modules[0]: package for package, modules in PACKAGES.items() if package not in ALWAYS}
    environment = make_environment(
        interpreter,
        [words[module] for module in mentions(path, tuple(words))],
        root=context.home.hosted / "environments",
        bare=bare,
        listener=context.listener,
    )
    version, offered = offered_version(context.client, context.data_version)
    return PreparedPickle(
        model=None,
        file=path,
        image=image.name,
        image_id=image.id,
        data_version=context.data_version,
        data_version_id=version.id if version else None,
        versions_offered=offered,
        environment=environment,
        interpreter=interpreter,
    )


def examine(
    context: Context, prepared: PreparedPickle, *, limits: SandboxLimits | None = None
) -> HostedCheck:
    """Try a pickle in the sandbox on this round's live data.

    Raises what bringing the data and predicting it raise.
    """
    model = prepared.model
    live = data_file(context, "live")
    features = model.artifact.contract.features if model is not None else ()
    trial = RoundFiles(
        live=live,
        benchmarks=benchmarks_beside(context, live),
        expected=model.predicted(live) if model is not None else None,
        feature=features[0] if features else None,
    )
    with disk_errors(prepared.file):
        size_bytes = prepared.file.stat().st_size
    digest = digest_file(prepared.file)

    def tried(environment: Environment) -> PickleExamination:
        return run_checks(
            prepared.file, trial, environment=environment, listener=context.listener, limits=limits
        )

    found = tried(prepared.environment)
    if prepared.environment.is_image and found.lacks_package:
        prepared = replace(prepared, environment=_whole(context, prepared.interpreter))
        found = tried(prepared.environment)
    return _record(prepared, found, size_bytes=size_bytes, digest=digest)


def _whole(context: Context, interpreter: Interpreter) -> Environment:
    """An environment with all that an image has: a pickle may hide what it needs."""
    return make_environment(
        interpreter,
        PACKAGES,
        root=context.home.hosted / "environments",
        bare=False,
        listener=context.listener,
    )


def _record(
    prepared: PreparedPickle, found: PickleExamination, *, size_bytes: int, digest: str
) -> HostedCheck:
    run, environment = found.run, prepared.environment
    return HostedCheck(
        model=prepared.model.name if prepared.model is not None else None,
        file=prepared.file,
        size_bytes=size_bytes,
        digest=digest,
        image=prepared.image,
        image_id=prepared.image_id,
        data_version=prepared.data_version,
        data_version_id=prepared.data_version_id,
        python=environment.version,
        environment="image" if environment.is_image else "bare",
        packages=environment.packages,
        imports=run.imported,
        by_reference=found.by_reference,
        by_value=prepared.by_value,
        network_cut=run.network_cut,
        confined=run.confined,
        memory_by=run.memory_by,
        seconds=found.seconds,
        peak_bytes=run.peak_bytes,
        rows=found.rows,
        findings=(*_of_api(prepared), *found.findings),
    )


def _of_api(prepared: PreparedPickle) -> tuple[HostedFinding, ...]:
    """What the API says of image and data version."""
    python = fine(
        "python", f"the image {prepared.image!r} runs it with {prepared.environment.minor}"
    )
    if prepared.data_version_id is not None:
        return python, fine("data version", f"{prepared.data_version} is offered")
    return python, mend(
        "data version",
        f"Numerai offers no {prepared.data_version} to hosted models: there is"
        f" {prepared.versions_offered or 'none'}",
        "train the model on a version that is offered: `data_version` in the profile",
    )
