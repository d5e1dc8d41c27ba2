"""What made a prediction file: noted when it is written, known again by the file's bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numeri_cli.commands.artifacts import OpenModel
from numeri_cli.commands.blends import blended_contract, shares_of
from numeri_cli.commands.context import Context
from numeri_cli.errors import FileForeign, ModelError
from numeri_cli.files import digest_file, read_json_object, safe_name, write_text
from numeri_cli.learning.artifact import find_artifact
from numeri_cli.learning.contract import Contract


@dataclass(frozen=True)
class Maker:
    """What made a prediction file.

    contract: an artifact's; of a blend, what is known of it by its parts
    shares: how much each part of a blend counts; empty where it is none
    parts: contracts of those parts that were trained, by name
    """

    contract: Contract
    shares: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, Contract] = field(default_factory=dict)


def note_maker(context: Context, file: Path, model: OpenModel) -> None:
    """Remember what made a file, wherever it is moved. Raises DiskError."""
    made_by: dict[str, Any] = {"model": model.name, "artifact": model.artifact.contract.artifact_id}
    if model.parts:
        shares = shares_of(context, model.name)
        made_by["parts"] = [
            {
                "model": part.name,
                "share": shares[part.name],
                # one that is used as it is has none
                "artifact": None if part.function else part.artifact.contract.artifact_id,
            }
            for part in model.parts
        ]
    write_text(_note(context, file), json.dumps(made_by))


def maker_of(context: Context, file: Path) -> Maker | None:
    """What made a file; None for another program's, a changed one, and where the artifact, or that
    of a blend's part, is gone. Raises DiskError where the file cannot be read."""
    try:
        made_by = read_json_object(_note(context, file))
        name, artifact_id = str(made_by["model"]), str(made_by["artifact"])
        if "parts" not in made_by:
            return Maker(_contract(context, name, artifact_id))
        return _blend(context, name, artifact_id, list(made_by["parts"]))
    # no note, no artifact, a note that was changed
    except (KeyError, TypeError, ValueError, ModelError, FileForeign):
        return None


def _blend(
    context: Context, name: str, artifact_id: str, noted: list[dict[str, Any]]
) -> Maker | None:
    """A blend as it was noted; None where none of its parts was trained."""
    shares = {str(part["model"]): float(part["share"]) for part in noted}
    parts = {
        str(part["model"]): _contract(context, str(part["model"]), str(part["artifact"]))
        for part in noted
        if part["artifact"] is not None
    }
    if not parts:
        return None
    contract = blended_contract(name, list(parts.values()), artifact_id=artifact_id)
    return Maker(contract, shares, parts)


def _contract(context: Context, model: str, artifact_id: str) -> Contract:
    found = find_artifact(
        context.workspace.artifacts(model), tournament=context.tournament, artifact_id=artifact_id
    )
    return found.contract


def useless_notes(context: Context) -> Iterator[Path]:
    """Notes of artifacts that are gone: they tell nothing any more."""
    folder = _notes(context)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            made_by = read_json_object(path)
            noted = made_by.get("parts", [made_by])
            places = [(str(one["model"]), one["artifact"]) for one in noted]
            trained = [(model, str(artifact)) for model, artifact in places if artifact is not None]
            is_known = bool(trained) and all(
                (context.workspace.artifacts(model) / safe_name(artifact)).is_dir()
                for model, artifact in trained
            )
        except (KeyError, TypeError, FileForeign):
            is_known = False
        if not is_known:
            yield path


def _notes(context: Context) -> Path:
    return context.home.predictions(context.tournament) / "made by"


def _note(context: Context, file: Path) -> Path:
    return _notes(context) / f"{digest_file(file)}.json"
