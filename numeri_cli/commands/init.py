"""numeri init: a commented profile to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from numeri_cli.commands.context import Context
from numeri_cli.config import profile_text, read_profile
from numeri_cli.errors import ProfileInvalid
from numeri_cli.files import write_text
from numeri_cli.published import Published


@dataclass(frozen=True)
class WrittenProfile(Published):
    """A profile that was written, and what to type next."""

    profile: Path
    tournament: str
    model: str
    next_steps: tuple[str, ...]


def init(context: Context, *, model: str, force: bool) -> WrittenProfile:
    """Write a profile with one model, in the current directory or where one was asked for.

    force: replace a profile that is there
    Raises ProfileInvalid where one is there, or the model cannot be called so; DiskError.
    """
    path = context.asked_profile or Path("numeri.toml").absolute()
    if path.exists() and not force:
        raise ProfileInvalid(f"{path} is already there", hint="edit it, or replace it with --force")
    endpoint = context.asked_endpoint
    name = endpoint.key if endpoint.key in {"numerai", "practice"} else endpoint.address
    text = profile_text(model, tournament=name, practice=endpoint.key != "numerai")
    _require_readable(text, path)
    write_text(path, text)
    steps = ("numeri run",) if endpoint.is_practice else ("numeri login", "numeri run")
    return WrittenProfile(path, name, model, steps)


def _require_readable(text: str, path: Path) -> None:
    """Raise ProfileInvalid for a profile that could not be read; what is at `path` stays."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        write_text(trial, text)
        try:
            read_profile(trial)
        except ProfileInvalid as error:
            message = error.message.replace(str(trial), str(path))
            raise ProfileInvalid(message, hint=error.hint) from error
