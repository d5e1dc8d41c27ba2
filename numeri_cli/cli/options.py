"""The shared options, declared once; and the decorator that gives them to a command."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, get_type_hints

import typer

if TYPE_CHECKING:
    from numeri_cli.cli.session import Session

Parameters = ParamSpec("Parameters")

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

_declared: list[tuple[str, Callable[..., None], Callable[..., None]]] = []


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

        wrapper.__signature__ = inspect.Signature()  # type: ignore[attr-defined]  # read by Typer
        wrapper.__annotations__ = {}
        del wrapper.__wrapped__  # Typer would look at its annotations
        _declared.append((called, wrapper, function))
        app.command(called)(wrapper)
        return function

    return register


def describe(words: Container[str] | None = None) -> None:
    """Tell Typer the options of the commands among the words, or of all of them.

    Those of all cost a third of the time that `numeri --help` takes, which shows none.
    """
    for called, wrapper, function in _declared:
        if words is None or called in words:
            parameters = _parameters(function)
            wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
            wrapper.__annotations__ = {one.name: one.annotation for one in parameters}


def _parameters(function: Callable[..., None]) -> list[inspect.Parameter]:
    """A command's own parameters but the session, and the shared ones."""
    # Session stays unimported until a command runs; Typer must not see it anyway
    hints = get_type_hints(function, localns={"Session": object}, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    parameters = [parameter.replace(annotation=hints[parameter.name]) for parameter in own]
    return parameters + [
        inspect.Parameter(
            key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for key, (annotation, default) in _SHARED.items()
    ]
