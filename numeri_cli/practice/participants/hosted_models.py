"""Uploaded models: stored and looked at, never executed."""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from numeri_cli.practice.database.database import Connection, Row, insert, moment_of

MAX_LOOKED_AT_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class UploadedModel:
    """A model file that somebody uploaded.

    validation_status: the word for how far its validation has come
    source: the program that says it has made it; label: what its owner calls it
    """

    id: str
    account_id: str
    model_id: str | None
    filename: str
    data_version_id: str
    docker_image_id: str
    validation_status: str
    inserted_at: datetime
    updated_at: datetime
    label: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class HostingChoice:
    """A data version or a Docker image that a hosted model may ask for."""

    id: str
    name: str
    detail: str
    is_default: bool


DATA_VERSIONS = (
    HostingChoice(
        id="5d0f1c2e-7a41-4c39-9a55-3f0f4b1d5300", name="v5.3", detail="5.3", is_default=True
    ),
)
DOCKER_IMAGES = (
    HostingChoice(
        id="a1b7c9d2-0b1e-4f57-8a63-311000000000",
        name="Python 3.11",
        detail="3.11",
        is_default=False,
    ),
    HostingChoice(
        id="a1b7c9d2-0b1e-4f57-8a63-312000000000",
        name="Python 3.12",
        detail="3.12",
        is_default=True,
    ),
    HostingChoice(
        id="a1b7c9d2-0b1e-4f57-8a63-313000000000",
        name="Python 3.13",
        detail="3.13",
        is_default=False,
    ),
)


def is_pickle(path: Path) -> bool:
    """Whether a file reads as one whole pickle; nothing in it is executed."""
    if not path.is_file() or path.stat().st_size > MAX_LOOKED_AT_BYTES:
        return False
    try:
        with path.open("rb") as file:
            for _ in pickletools.genops(file):
                pass
            return not file.read(1)
    except (ValueError, UnicodeDecodeError, OverflowError, IndexError):
        return False


def record(connection: Connection, model: UploadedModel) -> None:
    """Write a hosted model down."""
    insert(
        connection,
        "hosted_models",
        id=model.id,
        account_id=model.account_id,
        model_id=model.model_id,
        filename=model.filename,
        data_version_id=model.data_version_id,
        docker_image_id=model.docker_image_id,
        validation_status=model.validation_status,
        inserted_at=model.inserted_at,
        updated_at=model.updated_at,
        label=model.label,
        source=model.source,
    )


def hosted_models(connection: Connection, account_id: str) -> tuple[UploadedModel, ...]:
    """An account's hosted models, newest first."""
    rows = connection.execute(
        "SELECT * FROM hosted_models WHERE account_id = ? ORDER BY sequence DESC", (account_id,)
    )
    return tuple(_hosted(row) for row in rows)


def hosted_model(connection: Connection, hosted_id: str) -> UploadedModel | None:
    """The hosted model of that id."""
    row = connection.execute("SELECT * FROM hosted_models WHERE id = ?", (hosted_id,)).fetchone()
    return None if row is None else _hosted(row)


def set_label(connection: Connection, hosted_id: str, label: str | None) -> None:
    """Call a hosted model otherwise."""
    connection.execute("UPDATE hosted_models SET label = ? WHERE id = ?", (label, hosted_id))


def assign(connection: Connection, model_id: str, hosted_id: str | None) -> None:
    """Put a hosted model into a slot, or take it off."""
    connection.execute("UPDATE models SET hosted_id = ? WHERE id = ?", (hosted_id, model_id))


def slots_of(connection: Connection, hosted_id: str) -> list[str]:
    """Ids of the models that a hosted model is assigned to."""
    rows = connection.execute("SELECT id FROM models WHERE hosted_id = ?", (hosted_id,))
    return [row["id"] for row in rows]


def _hosted(row: Row) -> UploadedModel:
    return UploadedModel(
        id=row["id"],
        account_id=row["account_id"],
        model_id=row["model_id"],
        filename=row["filename"],
        data_version_id=row["data_version_id"],
        docker_image_id=row["docker_image_id"],
        validation_status=row["validation_status"],
        inserted_at=moment_of(row["inserted_at"]),
        updated_at=moment_of(row["updated_at"]),
        label=row["label"],
        source=row["source"],
    )
