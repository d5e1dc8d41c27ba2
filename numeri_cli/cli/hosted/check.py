"""numeri hosted check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from numeri_cli.cli.command import Invocation
from numeri_cli.errors import ExitCode

Word = Annotated[str, typer.Argument(help="A model of the profile, or a file: model.pkl.")]
Python = Annotated[
    str | None,
    typer.Option("--python", help="A path, or a version such as 3.13: builds with that one."),
]
Bare = Annotated[
    bool,
    typer.Option("--bare", help="With this machine's packages, not the image's versions."),
]


def check(
    call: Invocation,
    word: Word,
    python: Python = None,
    bare: Bare = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Where the model's pickle is written.")
    ] = None,
) -> None:
    """Try a hosted model as Numerai runs it: no network, 4 GB, one core, no numeri.

    numeri hosted check lighthouse
    """
    from numeri_cli.commands.hosted.check import check
    from numeri_cli.output.text.hosted_check import hosted_check

    found = check(call.context, word, python=python, bare=bare, output=output)
    code = ExitCode.done if found.is_fit else ExitCode.refused
    call.show(found, hosted_check, exit_code=code)
