"""numeri init: a commented profile to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    write_text(path, profile_text(model, tournament=name, practice=endpoint.key != "numerai"))
    try:
        read_profile(path)
    except ProfileInvalid:
        path.unlink()
        raise
    steps = ("numeri run",) if endpoint.is_practice else ("numeri login", "numeri run")
    return WrittenProfile(path, name, model, steps)
