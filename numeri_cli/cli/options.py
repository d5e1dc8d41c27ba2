"""The shared options, declared once; and the decorator that gives them to a command."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session

Parameters = ParamSpec("Parameters")

STARTER_MODEL = "lighthouse"

Tournament = Annotated[
    str | None,
    typer.Option("--tournament", help="numerai, practice or the address of an API."),
]
ProfilePath = Annotated[
    Path | None, typer.Option("--profile", help="The profile, instead of ./numeri.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Every step, with its time.")]


@dataclass(frozen=True)
class Shared:
    """The options that every command takes."""

    tournament: str | None
    profile: Path | None
    as_json: bool
    quiet: bool
    verbose: bool


_SHARED = {
    "tournament": (Tournament, None),
    "profile": (ProfilePath, None),
    "as_json": (Json, False),
    "quiet": (Quiet, False),
    "verbose": (Verbose, False),
}


def command(
    app: typer.Typer, name: str | None = None
) -> Callable[
    [Callable[Concatenate[Session, Parameters], None]],
    Callable[Concatenate[Session, Parameters], None],
]:
    """Register a command that gets an open Session first and the shared options behind its own."""

    def register(
        function: Callable[Concatenate[Session, Parameters], None],
    ) -> Callable[Concatenate[Session, Parameters], None]:
        called = name or function.__name__.replace("_", "-")
        full = f"{app.info.name} {called}" if isinstance(app.info.name, str) else called

        work: Callable[..., None] = function

        @functools.wraps(function)
        def wrapper(**given: Any) -> None:
            from numeri_cli.cli.session import open_session

            shared = Shared(**{key: given.pop(key) for key in _SHARED})
            with open_session(full, shared) as session:
                work(session, **given)
            raise typer.Exit(session.exit_code)

        # Session stays unimported until a command runs; Typer must not see it anyway
        hints = get_type_hints(function, localns={"Session": object}, include_extras=True)
        own = list(inspect.signature(function).parameters.values())[1:]
        parameters = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
        parameters += [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
            for key, (annotation, default) in _SHARED.items()
        ]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by Typer
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(called)(wrapper)
        return function

    return register
