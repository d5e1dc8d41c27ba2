"""The participant's desk: models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from numeri_cli.cli.options import command

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session
    from numeri_cli.commands import views
    from numeri_cli.commands.context import Context


def add_to(app: typer.Typer) -> None:
    """Register the commands of this room."""
    command(app)(models)


def models(
    session: Session,
    local: Annotated[
        bool, typer.Option("--local", help="The artifacts trained here, not the account.")
    ] = False,
) -> None:
    """List the account's models, or what was trained on this machine.

    numeri models --local
    """
    from numeri_cli.commands import views
    from numeri_cli.output.text import tables

    if local:
        session.screen.show(_artifacts(session.context), tables.local_artifacts)
        return
    session.context.require_keys()
    session.screen.show(views.AccountModels(session.context.client.models()), tables.account_models)


def _artifacts(context: Context) -> views.LocalArtifacts:
    from numeri_cli.commands import views
    from numeri_cli.learning.artifact import artifacts

    folder = context.home.models(context.tournament)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    rows = []
    for name in names:
        for place, artifact in enumerate(artifacts(context.home, context.tournament, name)):
            contract = artifact.contract
            rows.append(
                views.LocalArtifact(
                    model=name,
                    artifact=contract.artifact_id,
                    newest=place == 0,
                    features=len(contract.features),
                    targets=contract.targets,
                    eras=len(contract.eras),
                    trained_at=contract.trained_at,
                    folder=artifact.folder,
                )
            )
    return views.LocalArtifacts(context.tournament, tuple(rows))
