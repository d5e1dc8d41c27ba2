"""An artifact as one file: packed with digests, unpacked inside one folder and within bounds."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from numeri_cli.errors import ArtifactDamaged, ArtifactForeign, FileForeign, FileMissing
from numeri_cli.files import NEW_FILE, atomic_path, digest_file, disk_errors, free_bytes, safe_name
from numeri_cli.learning.artifact import CONTRACT, Artifact
from numeri_cli.model_names import is_model_name

SUFFIX = ".numeri"
MANIFEST = "numeri.json"
FORMAT = 1
_MOST_FILES = 1000
_MOST_MANIFEST_BYTES = 1_000_000
_MOST_BYTES = 64 * 10**9
_CHUNK_BYTES = 1 << 20
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the same artifact gives the same bytes
_HINT = "export it again: `numeri models export` on the machine where it was trained"


@dataclass(frozen=True)
class PackedFile:
    """One file of an archive; digest: SHA-256 in hex."""

    name: str
    size_bytes: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself."""

    model: str
    artifact: str
    tournament: str
    files: tuple[PackedFile, ...]


def pack(artifact: Artifact, path: Path) -> None:
    """Write an artifact's files and a manifest of them. Raises ArtifactDamaged, DiskError."""
    contract = artifact.contract
    names = [CONTRACT, *(record.file for record in contract.members)]
    files = []
    for name in names:
        place = artifact.folder / safe_name(name)
        if not place.is_file():
            raise ArtifactDamaged(f"{place} is missing", hint="train the model again")
        files.append(PackedFile(name, place.stat().st_size, digest_file(place)))
    known = {record.file: record.digest for record in contract.members}
    altered = [one.name for one in files if known.get(one.name, one.digest) != one.digest]
    if altered:
        raise ArtifactDamaged(
            f"{artifact.folder / altered[0]} was altered after the training",
            hint="train the model again",
        )
    manifest = {
        "format": FORMAT,
        "model": contract.model,
        "artifact": contract.artifact_id,
        "tournament": contract.tournament,
        "files": {one.name: {"bytes": one.size_bytes, "sha256": one.digest} for one in files},
    }
    with (
        atomic_path(path, mode=0o600) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=1))
        for one in files:
            with (
                (artifact.folder / one.name).open("rb") as source,
                archive.open(_entry(one.name), "w", force_zip64=True) as target,
            ):
                while chunk := source.read(_CHUNK_BYTES):
                    target.write(chunk)


def read_manifest(path: Path) -> Manifest:
    """What an archive holds.

    Raises FileMissing, FileForeign where it is none of ours, DiskError.
    """
    if not path.is_file():
        raise FileMissing(f"there is no file {path}", hint="name what `numeri models export` wrote")
    with disk_errors(path), _opened(path) as archive:
        return _manifest(archive, path)


def unpack(path: Path, folder: Path) -> Manifest:
    """Write the files of an archive into `folder`, which is made; it stays away where one is wrong.

    No name leads out of the folder, none is written over, and no more bytes are written than the
    manifest tells.
    Raises FileForeign, ArtifactDamaged where a file is not what the manifest says, DiskError.
    """
    with disk_errors(path), _opened(path) as archive:
        manifest = _manifest(archive, path)
        needed, free = sum(one.size_bytes for one in manifest.files), free_bytes(folder)
        if needed > free:
            raise FileForeign(
                f"{path} unpacks to {needed:,} bytes, and {free:,} are free", hint="free some space"
            )
        folder.mkdir(parents=True)
        for one in manifest.files:
            with archive.open(one.name) as packed:
                _write(packed, folder / safe_name(one.name), one, archive=path)
    return manifest


def require_contract(artifact: Artifact, manifest: Manifest, path: Path) -> None:
    """Raise ArtifactForeign where an archive's manifest and its contract tell different things."""
    contract = artifact.contract
    told = (manifest.model, manifest.artifact, manifest.tournament)
    files = {one.name for one in manifest.files} - {CONTRACT}
    if (contract.model, contract.artifact_id, contract.tournament) != told or files != {
        record.file for record in contract.members
    }:
        raise ArtifactForeign(
            f"{path} says that it holds {manifest.model} {manifest.artifact}, and it does not",
            hint=_HINT,
        )


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise _foreign(path) from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    names = archive.namelist()
    if len(names) > _MOST_FILES + 1 or len(set(names)) != len(names) or MANIFEST not in names:
        raise _foreign(path)
    try:
        with archive.open(MANIFEST) as file:
            content = json.loads(file.read(_MOST_MANIFEST_BYTES))
        found = _parsed(content)
    except _BROKEN as error:
        raise _foreign(path) from error
    if {one.name for one in found.files} != set(names) - {MANIFEST}:
        raise _foreign(path)
    if sum(one.size_bytes for one in found.files) > _MOST_BYTES:
        raise FileForeign(f"{path} unpacks to more than {_MOST_BYTES:,} bytes", hint=_HINT)
    return found


_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,  # another compression
    RuntimeError,  # a password
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RecursionError,
    FileForeign,  # a name that leads elsewhere
)


def _parsed(content: Mapping[str, Any]) -> Manifest:
    if content["format"] != FORMAT:
        raise ValueError(content["format"])
    files = []
    for name, one in content["files"].items():
        size_bytes, digest = one["bytes"], one["sha256"]
        if not isinstance(size_bytes, int) or size_bytes < 0 or not isinstance(digest, str):
            raise ValueError(name)
        files.append(PackedFile(safe_name(name), size_bytes, digest))
    words = [content[key] for key in ("model", "artifact", "tournament")]
    if not all(isinstance(word, str) for word in words):
        raise ValueError(words)
    model, artifact, tournament = words
    if not is_model_name(model):
        raise ValueError(model)
    return Manifest(model, safe_name(artifact), tournament, tuple(files))


def _write(packed: IO[bytes], place: Path, told: PackedFile, *, archive: Path) -> None:
    """One file, of the size and the digest that the manifest tells."""
    hasher, left = hashlib.sha256(), told.size_bytes
    with os.fdopen(os.open(place, NEW_FILE, 0o600), "wb") as file:
        try:
            while chunk := packed.read(min(_CHUNK_BYTES, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                hasher.update(chunk)
                file.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise _damaged(archive, told.name) from error
        file.flush()
        os.fsync(file.fileno())
    if left or hasher.hexdigest() != told.digest:
        raise _damaged(archive, told.name)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _SAME_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def _damaged(archive: Path, name: str) -> ArtifactDamaged:
    return ArtifactDamaged(f"{name} in {archive} is not what was exported", hint=_HINT)


def _foreign(path: Path) -> FileForeign:
    return FileForeign(f"{path} is no exported model, or was cut off", hint=_HINT)
