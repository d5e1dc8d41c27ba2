"""Which artifact made a prediction file: noted when it is written, known again by its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from numeri_cli.commands.context import Context
from numeri_cli.errors import FileForeign, ModelError
from numeri_cli.files import digest_file, read_json_object, safe_name, write_text
from numeri_cli.learning.artifact import Artifact, find_artifact


def note_maker(context: Context, file: Path, artifact: Artifact) -> None:
    """Remember which artifact made a file, wherever it is moved. Raises DiskError."""
    made_by = {"model": artifact.contract.model, "artifact": artifact.contract.artifact_id}
    write_text(_note(context, file), json.dumps(made_by))


def maker_of(context: Context, file: Path) -> Artifact | None:
    """The artifact that made a file; None for another program's, a changed one, and where the
    artifact is gone. Raises DiskError where the file cannot be read."""
    try:
        made_by = read_json_object(_note(context, file))
        return find_artifact(
            context.workspace.artifacts(str(made_by["model"])),
            tournament=context.tournament,
            artifact_id=str(made_by["artifact"]),
        )
    except (KeyError, ModelError, FileForeign):  # no note, no artifact, a note that was changed
        return None


def useless_notes(context: Context) -> Iterator[Path]:
    """Notes of artifacts that are gone: they tell nothing any more."""
    folder = _notes(context)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        made_by = read_json_object(path)
        try:
            models = context.workspace.artifacts(str(made_by.get("model")))
            is_known = (models / safe_name(str(made_by.get("artifact")))).is_dir()
        except FileForeign:
            is_known = False
        if not is_known:
            yield path


def _notes(context: Context) -> Path:
    return context.home.predictions(context.tournament) / "made by"


def _note(context: Context, file: Path) -> Path:
    return _notes(context) / f"{digest_file(file)}.json"
