"""What is uploaded: a pickle made of a trained model, or a file; checked before it goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from numeri_cli.commands.artifacts import OpenModel, open_model
from numeri_cli.commands.context import Context
from numeri_cli.commands.hosted.check import PreparedPickle, examine, prepare
from numeri_cli.commands.hosted.facts import facts_of_bytes
from numeri_cli.commands.hosted.parts import marks_of
from numeri_cli.commands.hosted.surroundings import (
    Surroundings,
    known_surroundings,
    not_offered,
    surroundings_of_file,
)
from numeri_cli.errors import FileDamaged, FileMissing, PickleUnfit
from numeri_cli.files import digest_file, disk_errors, safe_name
from numeri_cli.hosted.pickle_contents import look_into
from numeri_cli.ledger.hosted_uploads import HostedFacts, hosted_uploads
from numeri_cli.version import __version__


@dataclass(frozen=True, kw_only=True)
class UploadSource:
    """A pickle that may go; digest: SHA-256, in hex."""

    file: Path
    content: bytes
    digest: str
    surroundings: Surroundings
    facts: HostedFacts


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a pickle is made and tried.

    check: tried here before it goes; python: an interpreter's path or a version
    bare: with this machine's packages, not the image's versions
    """

    check: bool = True
    python: str | None = None
    bare: bool = False


def of_file(context: Context, path: Path, making: Making) -> UploadSource:
    """A pickle that exists. Raises FileMissing, FileDamaged, PickleUnfit, PythonMissing."""
    if not path.is_file():
        raise FileMissing(
            f"there is no file {path}", hint="name a model of the profile, or a pickle"
        )
    contents = look_into(path)
    if contents.damage:
        raise FileDamaged(
            f"{path} is no whole pickle: {contents.damage}", hint="write the file again"
        )
    if making.check:
        prepared = prepare(context, str(path), python=making.python, bare=making.bare)
        _require_fit(context, prepared)
        chosen = _surroundings(prepared)
    else:
        chosen = surroundings_of_file(context, python=making.python, pickled_by=contents.pythons)
    with disk_errors(path):
        content = path.read_bytes()
    return _source(path, content, chosen, replace(facts_of_bytes(content), checked=making.check))


def of_model(context: Context, name: str, making: Making) -> UploadSource:
    """A trained model of the profile, as a pickle.

    One that a killed call had begun to upload is taken up, byte for byte, where all that it is made
    of is as it was: it was checked, and the same model pickled twice need not be the same bytes.
    Raises ModelUntrained, EstimatorInvalid, PickleUnfit, PythonMissing, LibraryMissing.
    """
    context.require_profile()
    model = open_model(context, name)
    path = _place(context, model, making)
    facts = HostedFacts(
        model=name,
        artifact=model.artifact.contract.artifact_id,
        targets=tuple(dict.fromkeys(_targets(model))),
        trained_at=model.artifact.contract.trained_at,
        checked=making.check,
    )
    kept = _begun(context, path, facts)
    if kept is not None:
        return kept
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    prepared = prepare(context, name, python=making.python, bare=making.bare, output=path)
    if making.check:
        _require_fit(context, prepared)
    with disk_errors(path):
        content = path.read_bytes()
    return _source(path, content, _surroundings(prepared), facts)


def _place(context: Context, model: OpenModel, making: Making) -> Path:
    """Where a model's pickle is kept; another place wherever the pickle may be another."""
    marks = [__version__, str(making.python), str(making.bare), *marks_of(model)]
    key = hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:24]
    folder = context.home.hosted / "uploads" / context.tournament
    return folder / f"{safe_name(f'{model.name}-{key}')}.pkl"


def _begun(context: Context, path: Path, facts: HostedFacts) -> UploadSource | None:
    """What an earlier call has begun to upload of this model, and was not told that it failed.

    What was not tried here before is not taken up where it is to be.
    """
    if not path.is_file():
        return None
    with disk_errors(path):
        content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    rows = hosted_uploads(context.ledger, context.tournament, digest=digest)
    same = [one for one in rows if one.facts in (facts, replace(facts, checked=True))]
    if not same or any(one.state == "refused" for one in same):
        return None
    chosen = known_surroundings(
        context, image_id=same[0].image, data_version_id=same[0].data_version
    )
    if chosen is None:
        return None
    context.listener.say(f"Going on with the pickle of {facts.model} that was made before")
    return _source(path, content, chosen, same[0].facts)


def _source(path: Path, content: bytes, chosen: Surroundings, facts: HostedFacts) -> UploadSource:
    digest = hashlib.sha256(content).hexdigest()
    return UploadSource(file=path, content=content, digest=digest, surroundings=chosen, facts=facts)


def _surroundings(prepared: PreparedPickle) -> Surroundings:
    if prepared.data_version_id is None:
        raise not_offered(prepared.data_version, prepared.versions_offered)
    return Surroundings(
        image=prepared.image,
        image_id=prepared.image_id,
        data_version=prepared.data_version,
        data_version_id=prepared.data_version_id,
    )


def _require_fit(context: Context, prepared: PreparedPickle) -> None:
    """Raise PickleUnfit with the first thing to mend; warnings are said."""
    before = digest_file(prepared.file)
    found = examine(context, prepared)
    unfit = [one for one in found.findings if one.level == "mend"]
    if unfit:
        more = "\n".join(f"  {one.message}: {one.hint}" for one in unfit[1:])
        raise PickleUnfit(
            f"it would fail on Numerai's machines: {unfit[0].message}",
            hint=f"{unfit[0].hint}; --no-check uploads it all the same",
            lines=f"also:\n{more}" if more else "",
        )
    if digest_file(prepared.file) != before:
        raise FileDamaged(
            f"{prepared.file} changed while it was tried", hint="run the same command again"
        )
    for one in found.findings:
        if one.level == "warning":
            context.listener.say(f"{one.message}: {one.hint}")


def _targets(model: OpenModel) -> Iterator[str]:
    """What a model predicts, of a blend what its parts do; nothing where its owner alone knows."""
    if model.parts:
        for part in model.parts:
            yield from _targets(part)
        return
    spec = model.artifact.contract.spec
    if model.function is None or "targets" in spec.model_fields_set:
        yield from spec.targets
