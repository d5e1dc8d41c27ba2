"""numeri hosted download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation


def download(
    call: Invocation,
    model: Annotated[str, typer.Argument(help="The slot, as the account calls it.")],
    pickle: Annotated[
        str | None, typer.Option("--pickle", help="Another uploaded model, by its id.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="The file, instead of MODEL.pkl.")
    ] = None,
) -> None:
    """Fetch the uploaded model of a slot; the file is written, never opened.

    numeri hosted download lighthouse --output was-uploaded.pkl
    """
    from numeri_cli.commands.hosted.download import download
    from numeri_cli.output.text.hosted import hosted_download

    record = download(call.context, model, pickle_id=pickle, output=output)
    call.show(record, hosted_download)
