"""numeri models export and import: a trained model as one file, from one machine to another."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.commands.models.trust import is_trusted, note_trust
from numeri_cli.errors import ArtifactDamaged, ArtifactForeign, ModelUntrained, PickleUntrusted
from numeri_cli.files import digest_file, disk_errors
from numeri_cli.learning.archive import SUFFIX, pack, read_manifest, require_contract, unpack
from numeri_cli.learning.artifact import Artifact, artifacts, find_artifact
from numeri_cli.learning.estimators.base import holds_pickle
from numeri_cli.published import Published


@dataclass(frozen=True)
class ExportedModel(Published):
    """An archive that was written; holds_pickle: so that it is opened only where it is trusted."""

    model: str
    artifact: str
    file: Path
    size_bytes: int
    digest: str
    holds_pickle: bool


@dataclass(frozen=True)
class ImportedModel(Published):
    """An artifact that is here now; known: it was here already; newest: it is the one in use."""

    model: str
    artifact: str
    folder: Path
    known: bool
    newest: bool
    holds_pickle: bool


def export(
    context: Context, name: str, *, output: Path | None = None, artifact_id: str | None = None
) -> ExportedModel:
    """Pack a trained model: what the profile uses, or the artifact of this id.

    output: the archive; in the current directory and named after the artifact where None
    Raises ModelUntrained, ArtifactDamaged, ArtifactForeign, DiskError.
    """
    profile = context.profile if context.profile_path or context.uses_starter else None
    spec = profile.models.get(name) if profile else None
    pinned = spec.artifact if spec else None
    found = _to_export(context, name, artifact_id or pinned)
    contract = found.contract
    path = (output or Path(f"{name}-{contract.artifact_id}{SUFFIX}")).absolute()
    pack(found, path)
    return ExportedModel(
        model=name,
        artifact=contract.artifact_id,
        file=path,
        size_bytes=path.stat().st_size,
        digest=digest_file(path),
        holds_pickle=holds_pickle(contract.spec.estimator),
    )


def _to_export(context: Context, name: str, artifact_id: str | None) -> Artifact:
    folder = context.home.models(context.tournament)
    known = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if name not in known:
        raise ModelUntrained(
            f"no model {name!r} was trained here for {context.tournament}",
            hint=f"there are {', '.join(known)}" if known else f"`numeri train {name}` does it",
        )
    return find_artifact(folder / name, tournament=context.tournament, artifact_id=artifact_id)


def bring_in(context: Context, file: Path) -> ImportedModel:
    """Unpack an exported model beside those that were trained here.

    The ledger does not vouch for it: each of its files is looked at before it is opened. What
    holds a pickle is unpacked only where the archive is trusted.
    Raises FileMissing, FileForeign, PickleUntrusted, ArtifactForeign, ArtifactDamaged, DiskError.
    """
    path = file.absolute()
    manifest = read_manifest(path)
    model = context.home.models(context.tournament) / manifest.model
    part = model / f".{secrets.token_hex(8)}.{os.getpid()}.part"
    try:
        if unpack(path, part) != manifest:
            raise ArtifactForeign(f"{path} changed while it was read", hint="try again")
        artifact = Artifact.open(part, tournament=context.tournament)
        require_contract(artifact, manifest, path)
        pickled = holds_pickle(artifact.contract.spec.estimator)
        if pickled:
            _trust_members(context, artifact, path)
        known = _put_in_place(artifact, model / manifest.artifact)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    newest = artifacts(model, tournament=context.tournament)[0].contract.artifact_id
    return ImportedModel(
        model=manifest.model,
        artifact=manifest.artifact,
        folder=model / manifest.artifact,
        known=known,
        newest=newest == manifest.artifact,
        holds_pickle=pickled,
    )


def _trust_members(context: Context, artifact: Artifact, path: Path) -> None:
    """Where an archive is trusted, so are the pickles in it. Raises PickleUntrusted."""
    if not is_trusted(context.home, digest_file(path)):
        raise PickleUntrusted(
            f"{path} holds a pickle of {artifact.contract.spec.estimator.name}, which can run any"
            " code, and nobody on this machine has trusted it",
            hint=f"where you know who made it: `numeri models trust {path}`",
        )
    for record in artifact.contract.members:
        place = artifact.folder / record.file
        if digest_file(place) != record.digest:
            raise ArtifactDamaged(f"{record.file} in {path} was altered", hint="export it again")
        note_trust(context.home, record.digest, path)


def _put_in_place(artifact: Artifact, final: Path) -> bool:
    """Give it its name by one rename; whether it was here already."""
    with disk_errors(final):
        if not final.exists():
            artifact.folder.rename(final)
            return False
        here = Artifact.open(final, tournament=artifact.contract.tournament)
    if here.digest != artifact.digest:
        raise ArtifactDamaged(
            f"another artifact is at {final}", hint="move it away, then import again"
        )
    return True
