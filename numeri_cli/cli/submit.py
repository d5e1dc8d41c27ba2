"""numeri submit."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.cli.signals import questions

DryRun = Annotated[bool, typer.Option("--dry-run", help="Everything but the upload.")]
Late = Annotated[
    bool, typer.Option("--late", help="After the deadline too: scored, without stake.")
]


def submit(
    call: Invocation,
    sources: Annotated[
        list[str] | None, typer.Argument(help="Models of the profile, or a prediction file.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="The model a prediction file is for.")
    ] = None,
    artifact: Annotated[
        str | None, typer.Option("--artifact", help="An older artifact of the model.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="A file takes the place of what is accepted.")
    ] = False,
    late: Late = False,
    dry_run: DryRun = False,
) -> None:
    """Check predictions, upload them to the open round and wait until they are accepted.

    numeri submit lighthouse
    """
    from numeri_cli.commands.submit import submit
    from numeri_cli.output.text.run import run_result

    def agreed(question: str) -> bool:
        if replace or not sys.stdin.isatty():
            return replace
        with questions():
            return typer.confirm(question, err=True)

    result = submit(
        call.context,
        sources or (),
        model=model,
        artifact=artifact,
        late=late,
        dry_run=dry_run,
        agreed=agreed,
    )
    call.show(result, run_result, exit_code=result.exit_code, problems=result.problems)
