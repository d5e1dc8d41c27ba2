"""numeri models, and what stands below it: export, import, trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def models(
    call: Invocation,
    local: Annotated[
        bool, typer.Option("--local", help="The artifacts trained here, not the account.")
    ] = False,
) -> None:
    """List the account's models, or what was trained on this machine.

    numeri models --local
    """
    from numeri_cli.commands.models import models
    from numeri_cli.output.text import models as text

    if local:
        call.show(models.local_artifacts(call.context), text.local_artifacts)
    else:
        call.show(models.account_models(call.context), text.account_models)


def export_model(
    call: Invocation,
    name: Annotated[str, typer.Argument(help="The model, as the profile calls it.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="The archive, instead of one named after it.")
    ] = None,
    artifact: Annotated[
        str | None, typer.Option("--artifact", help="An older artifact, by its id.")
    ] = None,
) -> None:
    """Pack a trained model into one file, to be taken to another machine.

    numeri models export lighthouse
    """
    from numeri_cli.commands.models.archives import export
    from numeri_cli.output.text.models import exported

    call.show(export(call.context, name, output=output, artifact_id=artifact), exported)


def import_model(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="What `numeri models export` wrote.")],
) -> None:
    """Bring in a trained model that another machine has packed.

    numeri models import lighthouse.numeri
    """
    from numeri_cli.commands.models.archives import bring_in
    from numeri_cli.output.text.models import imported

    call.show(bring_in(call.context, file), imported)


def trust(
    call: Invocation,
    file: Annotated[Path, typer.Argument(help="A pickle, or an exported model that holds one.")],
) -> None:
    """Let a pickle be opened: its code will run here, as yours. Any change of the file ends that.

    numeri models trust model.pkl
    """
    from numeri_cli.commands.models.trust import trust
    from numeri_cli.output.text.models import trusted

    call.show(trust(call.context, file), trusted)
