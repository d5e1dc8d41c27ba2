"""The account's models, and what was trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from numeri_cli.output.formats import size
from numeri_cli.output.text.tables import Fitting, Prose, table

if TYPE_CHECKING:
    from numeri_cli.commands.models.archives import ExportedModel, ImportedModel
    from numeri_cli.commands.models.models import AccountModels, LocalArtifacts
    from numeri_cli.commands.models.trust import TrustedFile


def account_models(record: AccountModels) -> RenderableType:
    """The account's models."""
    rows = table("model", "submits from", "id")
    for model in record.models:
        rows.add_row(model.name, "Numerai, hosted" if model.hosted else "here", model.id)
    return Fitting(rows, "submits from")


def local_artifacts(record: LocalArtifacts) -> RenderableType:
    """What was trained on this machine, newest first."""
    if not record.artifacts:
        return Text("no trained model is here: `numeri train` makes one")
    far = any(artifact.machines for artifact in record.artifacts)
    more = ("trained on",) if far else ()
    rows = table("model", "artifact", "features", "eras", *more, right=("features", "eras"))
    for artifact in record.artifacts:
        rows.add_row(
            artifact.model,
            Text(artifact.artifact, "bold" if artifact.newest else ""),
            f"{artifact.features:,}",
            f"{artifact.eras:,}",
            *((", ".join(artifact.machines) or "this machine",) if far else ()),
        )
    told = dict.fromkeys(
        f"{one.model} {'predicts' if one.newest else 'has predicted'} {' and '.join(one.targets)}"
        + (f", trained on {' and '.join(one.machines)}" if one.machines else "")
        for one in record.artifacts
    )
    fitting = Fitting(rows, "trained on", "features", "eras")
    return Group(fitting, *(Prose(line, "dim") for line in told))


def exported(record: ExportedModel) -> RenderableType:
    """Where the archive is, and what the other machine does with it."""
    told = f"{record.model}, artifact {record.artifact}: {record.file}, {size(record.size_bytes)}"
    if record.holds_pickle:
        told += "\nit holds a pickle: the other machine asks for `numeri models trust` first"
    return Text(told)


def imported(record: ImportedModel) -> RenderableType:
    """What is here now, and whether it is the one that is used."""
    verb = "was here already" if record.known else "is here now"
    told = f"{record.model}, artifact {record.artifact}, {verb}: {record.folder}"
    if not record.newest:
        told += f'\na newer one is used, unless the profile says artifact = "{record.artifact}"'
    if record.holds_pickle:
        told += "\nit holds a pickle, which may be opened"
    return Text(told)


def trusted(record: TrustedFile) -> RenderableType:
    """Which bytes may be opened from now on."""
    verb = "was trusted before" if record.known else "is trusted from now on"
    return Text(f"{record.file} {verb}\nSHA-256 {record.digest}")
